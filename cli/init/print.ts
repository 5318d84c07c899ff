/** What `init` found, for a person to read. */
import { paint, plain, say } from '../terminal/output.ts';
import type { InitFindings } from './init.ts';
import type { Tried } from './trial.ts';

export function sayFindings({ repo, suites, toolchains, trial, notes, files, worstCase }: InitFindings): void {
  say(
    `${paint('bold', plain(repo.name))}  ${plain(repo.root)}  ${plain(repo.remote ?? 'no remote')}, ${plain(repo.branch)}`,
  );
  say(`\nFound: ${plain(suites.map(({ language, dir }) => `${language} in ${dir}`).join(', '))}`);
  for (const { name, version, builtIn, path } of toolchains) {
    say(plain(`  ${name} ${version}${builtIn ? ', there without being declared' : ` from ${path.join(', ')}`}`));
  }
  if (trial.tried.length > 0) say('\nTried in the sandbox, on a clean clone:');
  for (const one of trial.tried) sayTried(one);
  if (trial.hosts.length > 0)
    say(plain(`  setup was let reach: ${trial.hosts.join(', ')} (drafted as network: review it)`));
  if (notes.length > 0) say('\nTo know:');
  for (const note of notes) say(plain(`  - ${note}`));
  say('');
  for (const { path, text, state, difference } of files) {
    if (state === 'same') say(plain(`${path}: is there already, and says just this`));
    if (state === 'kept') say(plain(`${path}: is there already and stays as it is; the draft differs:\n${difference}`));
    if (state === 'added')
      say(plain(`${path}: serves other repos already; this one is added, and all else stays:\n${difference}`));
    if (state === 'renewed')
      say(plain(`${path}: the draft that is there was not touched, and changes:\n${difference}`));
    if (state === 'new') say(`${paint('cyan', plain(`--- ${path}`))}\n${plain(text)}`);
  }
  say(`Worst case in money: ${plain(worstCase.text)}`);
}

function sayTried({ name, command, verdict, tests, seconds, reason, remedy, log }: Tried): void {
  const mark = verdict === 'passed' ? paint('green', verdict) : paint('red', verdict);
  const count = tests === null ? '' : `, ${tests} tests`;
  say(`  ${mark}  ${plain(name)}${count}, ${seconds} s: ${plain(command)}`);
  if (reason !== null) say(`      ${plain(reason)}`);
  if (remedy !== null) say(`      ${paint('yellow', 'likely remedy')}: ${plain(remedy)}`);
  if (log !== '') say(paint('dim', plain(log).replaceAll(/^/gm, '      | ')));
}
