/** Which runner a test script calls, and how that one writes a report that the gates can read. */
import { around, partsOf, withoutCoverage } from './node-script.ts';
import type { Suite } from './suite.ts';

export type Runner = Pick<Suite, 'test' | 'report' | 'notes'>;

/** Of a manifest: what tells the runner. */
export interface Told {
  readonly scripts: Readonly<Record<string, string>>;
  /** Of a dependency, as it is asked for; null where it is none. */
  versionOf(name: string): string | null;
  /** As a part of a script is typed in the folder. */
  typed(part: string): string;
  /** The whole test script, as it is typed. */
  readonly wholeTest: string;
}

/** `script` is null where the manifest has none: then dependencies tell. */
export function runnerOf(script: string | null, told: Told): Runner {
  if (script === null) {
    const name = ['vitest', 'jest', 'mocha', 'ava', 'tape', 'tap'].find((one) => told.versionOf(one) !== null);
    const guess = name === 'tape' ? 'tape "test/**/*.js"' : (name ?? 'node --test');
    const runner = reporting(guess, told);
    if (runner !== null) return { ...runner, test: told.typed(runner.test) };
  }
  const parts = partsOf(told.scripts) ?? [];
  for (const [at, part] of parts.entries()) {
    const runner = reporting(withoutCoverage(part), told);
    if (runner === null) continue;
    const { before, after } = around(parts, at);
    const test = [...before, runner.test, ...after].map((one) => told.typed(one)).join(' && ');
    return { ...runner, test, notes: [...runner.notes, ...coverageNote(parts)] };
  }
  const hint = /(^|[\s/])jest(\s|$)/.test(parts.join('\n'))
    ? 'add jest-junit to its devDependencies and run init again'
    : 'have it write junit or tap';
  return {
    test: told.wholeTest,
    report: 'exit-code',
    notes: [`The check by \`${told.wholeTest}\` knows only an exit code, which is weak: ${hint}.`],
  };
}

function coverageNote(parts: readonly string[]): string[] {
  return parts.every((part) => withoutCoverage(part) === part)
    ? []
    : [
        'The check leaves coverage out, because main’s own tests need not cover a change: only the build stage asks for it.',
      ];
}

/** Null when the part's runner is unknown, or writes nothing that can be read. */
function reporting(part: string, told: Told): Runner | null {
  const junit = (test: string): Runner => ({ test, report: 'junit', notes: [] });
  const tap = (test: string): Runner => ({ test: `${test} > "$LAMPLIGHTER_REPORT"`, report: 'tap', notes: [] });
  const calls = (name: string): boolean => new RegExp(`^(\\w+=\\S+\\s+)*(npx )?(\\S*/)?${name}(\\s|$)`).test(part);
  const { env, rest } = askedOf(part);
  if (calls('vitest')) return junit(`${env}npx vitest run --reporter=junit --outputFile="$LAMPLIGHTER_REPORT"${rest}`);
  if (calls('jest') && told.versionOf('jest-junit') !== null) {
    return junit(
      `${env}JEST_JUNIT_OUTPUT_FILE="$LAMPLIGHTER_REPORT" npx jest --ci --reporters=default --reporters=jest-junit${rest}`,
    );
  }
  if (calls('mocha'))
    return junit(`${env}npx mocha --reporter xunit --reporter-option output="$LAMPLIGHTER_REPORT"${rest}`);
  if (calls('ava')) return tap(`${env}npx ava --tap${rest}`);
  if (calls('tape')) return tap(part.replace(/^((?:\w+=\S+\s+)*)(npx )?\S*tape(?=\s|$)/, '$1npx tape'));
  if (calls('tap')) return tap(tapCommand(part, told.versionOf('tap') ?? ''));
  if (/^(\w+=\S+\s+)*(npx )?(node|tsx)\s(.*\s)?--test(\s|$)/.test(part))
    return junit(withReporter(part.replace(/^((?:\w+=\S+\s+)*)(?:npx )?tsx(?=\s)/, '$1npx tsx')));
  // A file that is run as it is, by one of the libraries that print TAP by themselves.
  const prints = told.versionOf('tape') !== null || told.versionOf('tap') !== null;
  const file = /^((?:\w+=\S+\s+)*)(npx )?(node|tsx|ts-node|babel-node)\s\S/.exec(part);
  if (!prints || file === null) return null;
  return {
    ...tap(file[3] === 'node' ? part : part.replace(/^((?:\w+=\S+\s+)*)(npx )?/, '$1npx ')),
    notes: [
      `The check calls a file of tests by its name (\`${part}\`): guard takes it for the runner, so an agent may not change it, and new tests belong into files that it finds by itself.`,
    ],
  };
}

/** Of a word on a command line: its quotes are one. */
const WORD = String.raw`(?:"[^"]*"|'[^']*'|[^\s"'])*`;
/** Another report, a look that never ends, coverage: the gates ask for their own, once, and for the tests alone. */
const NOT_OURS = new RegExp(
  String.raw`\s(?:run|watch|dev|(?:-w(?!\s+\d)|--watch|--watchAll|--ui|--ci|--tap|--silent|--verbose)(?:=\w+)?|--(?:coverage|outputFile)[\w.]*(?:=${WORD})?|(?:-R|-O|--reporters?|--reporter-options?)[= ]${WORD})(?=\s|$)`,
  'g',
);

/** What a script asks of its runner: its variables, and its options and files behind the runner's name. */
function askedOf(part: string): { readonly env: string; readonly rest: string } {
  const [, env = '', rest = ''] = /^((?:\w+=\S+\s+)*)(?:npx )?\S+(.*)$/s.exec(part) ?? [];
  return { env, rest: rest.replaceAll(NOT_OURS, '').trimEnd() };
}

/** Coverage is left out here too: by itself tap fails where not every line is covered. */
function tapCommand(part: string, version: string): string {
  const major = Number(/\d+/.exec(version)?.[0] ?? '18');
  const bare = part
    .replaceAll(/\s(-R\s*|--reporter[= ])\S+/g, '')
    .replaceAll(
      /\s--(100|cov|no-cov|(no-)?coverage|(no-)?check-coverage|(disable|allow-\w+|show-full)-coverage|coverage-report[= ]\S+)(?=\s|$)/g,
      '',
    );
  const flags = major >= 18 ? '--reporter=tap --disable-coverage' : '--reporter=tap --no-coverage';
  return bare.replace(/^((?:\w+=\S+\s+)*)(npx )?\S*tap(?=\s|$)/, `$1npx tap ${flags}`);
}

function withReporter(command: string): string {
  return command
    .replaceAll(/\s--test-reporter(-destination)?[= ]\S+/g, '')
    .replace(/\s--test(?=\s|$)/, ' --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"');
}
