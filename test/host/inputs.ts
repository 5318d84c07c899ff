/** Inputs for the grammar: what people mistype, what attackers try, and noise; drawn from a seed, so that a failure can be had again. */

const verbs = ['status', 'forensics', 'reset', 'stop', 'start', 'cycle'];
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const shellish = [
  ';', '&&', '||', '|', '&', '`id`', '$(id)', '${IFS}', '$HOME', '<', '>', '>>/tmp/x', '\n', '\r\n', '\t', '\v', '\u00a0', '\u2028', '\\', "'", '"',
  '*', '?', '[a-z]*', '{a,b}', '~', '!', '!!', '#', '%s', '%n', '() { :; };', '\u0001', '\u001b[2J', '\u007f', 'é', 'с', '🔥', '\ud83d',
  '--', '-v', '--run', '--config', '-x', '=', 'op=', ' op=', '  ', ' ',
]; // prettier-ignore

export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(from: readonly T[], next: () => number): T {
  return from[Math.floor(next() * from.length)] as T;
}

function id(next: () => number, length = 26, letters = crockford): string {
  const first = pick('01234567'.split(''), next);
  return first + Array.from({ length: length - 1 }, () => pick(letters.split(''), next)).join('');
}

function insert(text: string, part: string, next: () => number): string {
  const at = Math.floor(next() * (text.length + 1));
  return text.slice(0, at) + part + text.slice(at);
}

const makers: readonly ((next: () => number) => string)[] = [
  (next) => pick(verbs, next),
  (next) => `${pick(verbs, next)} op=${id(next)}`,
  (next) => `${pick(verbs, next)} op=${id(next, pick([0, 1, 25, 27, 40, 200], next))}`,
  (next) => `${pick(verbs, next)} op=${id(next, 26, 'abcdefILOU-_;$ \n')}`,
  (next) => `${pick(verbs, next)} op=${pick(['8', '9', 'Z'], next)}${id(next, 25)}`,
  (next) => insert(`${pick(verbs, next)} op=${id(next)}`, pick(shellish, next), next),
  (next) => insert(pick(verbs, next), pick(shellish, next), next),
  (next) => `${pick(verbs, next)}${pick(shellish, next)}${pick(verbs, next)}`,
  (next) => `${pick(verbs, next)} ${pick(verbs, next)}`,
  (next) =>
    pick(
      [pick(verbs, next).toUpperCase(), ` ${pick(verbs, next)}`, `${pick(verbs, next)} `, `${pick(verbs, next)}\n`],
      next,
    ),
  (next) => `${pick(verbs, next)} OP=${id(next)}`,
  (next) =>
    Array.from({ length: Math.floor(next() * 80) }, () => String.fromCharCode(1 + Math.floor(next() * 0x2ff))).join(''),
  (next) => Array.from({ length: 1 + Math.floor(next() * 6) }, () => pick([...verbs, ...shellish], next)).join(''),
  (next) => worded(next),
  (next) => insert(worded(next), pick([...shellish, '0', 'x', ' exit=1'], next), next),
  (next) => pick(verbs, next).repeat(1 + Math.floor(next() * 60)),
];

const words: readonly ((next: () => number) => string)[] = [
  (next) =>
    pick(
      [
        'vm=102',
        'vm=102/devvm',
        'vm=1',
        'vm=0102',
        'vm=102/',
        'vm=102/-x',
        `vm=999999999/${'n'.repeat(63)}`,
        'vm=102/a.b-c',
      ],
      next,
    ),
  (next) => `stop-wait=${pick(['1', '20', '9999', '0', '10000', '05'], next)}`,
  (next) => `guest-wait=${pick(['0', '1', '300', '9999', '99999', '007'], next)}`,
  (next) => pick(['exit=1', 'exit=1', 'exit=2', 'exit='], next),
  (next) => `op=${id(next)}`,
];

/** Mostly in their order, and mostly ones that the verb has a use for. */
function worded(next: () => number): string {
  const chosen = words.filter(() => next() < 0.4).map((word) => word(next));
  if (next() < 0.1) chosen.reverse();
  return [pick(verbs, next), ...chosen].join(' ');
}

export function inputs(count: number, seed: number): string[] {
  const next = random(seed);
  return Array.from({ length: count }, () => pick(makers, next)(next));
}

/** The words in their order, each with the verbs that have a use for it. */
const understood: readonly [string, readonly string[], (value: string) => boolean][] = [
  ['vm', verbs, isVm],
  ['stop-wait', ['stop', 'cycle'], (value) => isNumber(value, 1, 9_999)],
  ['guest-wait', ['reset', 'start', 'cycle'], (value) => isNumber(value, 0, 9_999)],
  ['exit', ['status'], (value) => value === '1'],
  ['op', verbs, isUlid],
];

function isVm(value: string): boolean {
  const [vmid = '', ...names] = value.split('/');
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const isName = (name: string): boolean =>
    name.length <= 63 &&
    letters.includes(name.charAt(0) || '?') &&
    letters.includes(name.at(-1) ?? '?') &&
    Array.from(name).every((letter) => `${letters}.-`.includes(letter));
  return isNumber(vmid, 100, 999_999_999) && names.length <= 1 && names.every(isName);
}

function isNumber(value: string, least: number, most: number): boolean {
  return (
    String(Number(value)) === value &&
    Number.isInteger(Number(value)) &&
    Number(value) >= least &&
    Number(value) <= most
  );
}

function isUlid(value: string): boolean {
  return (
    value.length === 26 && Array.from(value).every((letter) => crockford.includes(letter)) && value.charAt(0) < '8'
  );
}

/** The same grammar, written a second time and in another way: what the script must say of an input. */
export function expected(input: string): string {
  if (Buffer.byteLength(input) > 160) return 'rejected';
  const [verb = '', ...rest] = input.split(' ');
  if (!verbs.includes(verb)) return 'rejected';
  let op = '';
  let place = 0;
  for (const word of rest) {
    const cut = word.indexOf('=');
    const [key, value] = [word.slice(0, Math.max(cut, 0)), word.slice(cut + 1)];
    const at = understood.findIndex(([name]) => name === key);
    const known = understood[at];
    if (known === undefined || at < place || !known[1].includes(verb) || !known[2](value)) return 'rejected';
    place = at + 1;
    if (key === 'op') op = value;
  }
  return `${verb} ${op}`;
}
