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
  (next) => pick(verbs, next).repeat(1 + Math.floor(next() * 60)),
];

export function inputs(count: number, seed: number): string[] {
  const next = random(seed);
  return Array.from({ length: count }, () => pick(makers, next)(next));
}

/** The same grammar, written a second time and in another way: what the script must say of an input. */
export function expected(input: string): string {
  const [verb = '', rest] = [input.split(' ', 1)[0], input.includes(' ') ? input.slice(input.indexOf(' ')) : undefined];
  if (!verbs.includes(verb)) return 'rejected';
  if (rest === undefined) return `${verb} `;
  const op = rest.startsWith(' op=') ? rest.slice(4) : '';
  const wellFormed =
    op.length === 26 && Array.from(op).every((letter) => crockford.includes(letter)) && op.charAt(0) < '8';
  return wellFormed ? `${verb} ${op}` : 'rejected';
}
