/** What a package's test script comes to: its parts in order, and the one of them whose runner can write a report. */

export interface Scripts {
  readonly [name: string]: string;
}

/** `test` as npm runs it, `pretest` first: the parts that `&&` joins, those behind `npm run` unfolded. Null where it is more than that. */
export function partsOf(scripts: Scripts, name = 'test', above: readonly string[] = []): string[] | null {
  const script = scripts[name];
  if (script === undefined || above.includes(name)) return null;
  const parts: string[] = [];
  const pre = scripts[`pre${name}`];
  for (const part of [...(pre === undefined ? [] : [`npm run pre${name}`]), ...script.split('&&')].map((one) =>
    withoutPrinter(withoutEnv(one.trim())),
  )) {
    if (/[;|\n&]/.test(part)) return null;
    const called = /^(?:npm|pnpm|yarn|bun) (?:run(?:-script)? )?(?:-s |--silent )?([\w:.-]+)$/.exec(part)?.[1];
    const inner = called === undefined || called.startsWith('pre') ? null : partsOf(scripts, called, [...above, name]);
    parts.push(...(inner ?? [part]));
  }
  return parts;
}

/** A shell sets variables by itself: what does it for Windows as well says no more. */
function withoutEnv(part: string): string {
  return part.replace(/^(?:npx )?(?:\S*\/)?(?:cross-env(?:-shell)?|env)\s+(?=\w+=)/, '');
}

/** What makes TAP pretty keeps it from whoever reads it. */
function withoutPrinter(part: string): string {
  return part.replace(
    /(?:\s*2>&1)?\s*\|\s*(?:npx (?:--?[\w-]+ )*)?(?:\S*\/)?(?:tap-[\w-]+|faucet|colortape|tnyan)(?:\s+-[\w-]+)*$/,
    '',
  );
}

const PACKAGES = [
  /^npm\s.*(-ws\b|--workspaces\b|-w[= ]|--workspace[= ]|--prefix[= ])/,
  /^pnpm\s.*(-r\b|--recursive\b|--filter[= ]|-F\s)/,
  /^yarn\s.*\b(workspaces|workspace|wsrun)\b/,
  /^bun\s.*(--filter[= ]|--workspaces\b)/,
  /^(npx )?(lerna|wsrun|turbo)\s/,
  /^(npx )?nx\s(run-many|affected)/,
];

/** Whether the part has packages run a script of their own that tests. */
export function runsPackages(part: string): boolean {
  return /\btest/.test(part) && PACKAGES.some((call) => call.test(part));
}

/** Coverage would fail where main's own tests run alone over a change, so its wrapper is left out. */
export function withoutCoverage(part: string): string {
  return part.replace(
    /^((?:\w+=\S+\s+)*)(?:npx )?(?:c8|nyc)(?:\s+-[\w-]+(?:=\S+|\s+(?:\d+|lcov|text|html|json))?)*\s+(?=\S)/,
    '$1',
  );
}

/** What looks at the text of the code alone: it runs after the tests, so that there is a report whatever it finds. */
export const LOOKS =
  /^(npx )?(eslint|prettier|standard|xo|biome|oxlint|remark|neostandard|ts-standard|jshint)\b|\blint\b/;

/** The parts around the runner's: what must come before it, and what follows it. */
export function around(parts: readonly string[], at: number): { readonly before: string[]; readonly after: string[] } {
  const first = parts.slice(0, at);
  return {
    before: first.filter((part) => !LOOKS.test(part)).map(asTyped),
    after: [...first.filter((part) => LOOKS.test(part)), ...parts.slice(at + 1)].map((part) =>
      asTyped(withoutCoverage(part)),
    ),
  };
}

const NOT_A_BIN = new Set([
  'node',
  'npm',
  'npx',
  'pnpm',
  'yarn',
  'bun',
  'rm',
  'cp',
  'mv',
  'mkdir',
  'cd',
  'echo',
  'sh',
  'bash',
  'test',
  'true',
  'make',
]);

/** Scripts find the programs of their dependencies by themselves; a command line needs npx. */
function asTyped(part: string): string {
  const [, env, word, rest] = /^((?:\w+=\S+\s+)*)(\S+)(.*)$/s.exec(part) ?? [];
  if (word === undefined || NOT_A_BIN.has(word) || /^[./]/.test(word)) return part;
  return `${env}npx ${word}${rest}`;
}
