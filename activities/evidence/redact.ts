/**
 * Strikes the known secrets of the configuration out of text, whatever form they come in. Exact values only: what merely
 * looks like a secret is the scanner's (activities/gates/secrets.ts), which `createScrub` adds for logs.
 */
import type { KnownSecret } from '../../config/types.ts';
import { percentDecoded } from '../../domain/percent.ts';
import { strikeSecrets } from '../gates/secrets.ts';

/** Shorter values are settings such as a port, and would strike out half of every log. */
const SHORTEST = 6;
/** From this length on, a word of a many-line secret is taken for a secret of its own. */
const SHORTEST_WORD = 16;

const NOTHING = /$^/g;

export interface Redaction {
  /** The text with every form of every known secret replaced by `[NAME]`. */
  readonly text: (text: string) => string;
  /** The same for every string in a JSON value; keys too. Numbers and the shape stay. */
  readonly value: <T>(value: T) => T;
  /** How much of a text that goes on can be struck now: what follows could be the beginning of a secret, or its middle. */
  readonly settled: (text: string) => number;
}

export function createRedaction(secrets: readonly KnownSecret[]): Redaction {
  const names = new Map<string, string>();
  for (const { name, value } of secrets) {
    if (value.length < SHORTEST) continue;
    for (const form of formsOf(value)) if (!names.has(form)) names.set(form, name);
  }
  // Longest first: a secret that contains another must not leave its rest behind.
  const forms = [...names.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = forms.length === 0 ? null : new RegExp(forms.map(escaped).join('|'), 'g');

  function text(given: string): string {
    return pattern === null ? given : given.replace(pattern, (form) => `[${names.get(form) ?? 'secret'}]`);
  }

  function value(given: unknown): unknown {
    if (typeof given === 'string') return text(given);
    if (Array.isArray(given)) return given.map(value);
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(Object.entries(given).map(([key, one]) => [text(key), value(one)]));
  }

  return {
    text,
    value: <T>(given: T) => (pattern === null ? given : (value(given) as T)),
    settled(given) {
      const end = given.length - Math.max(0, ...forms.map((form) => overlap(given, form)));
      // A whole secret whose end looks like its beginning is not cut in two.
      const spanning = [...given.matchAll(pattern ?? NOTHING)].find(
        ({ index, 0: form }) => index < end && end < index + form.length,
      );
      return spanning?.index ?? end;
    },
  };
}

/** For what a command printed: known secrets first, then what looks like one. */
export function createScrub(redaction: Redaction): (text: string) => Promise<string> {
  return (text) => strikeSecrets(redaction.text(text));
}

/** Every value of an environment whose command may print it: there even a plain setting may be a secret. */
export function secretsIn(env: Readonly<Record<string, string>>): KnownSecret[] {
  return Object.entries(env).map(([name, value]) => ({ name, value }));
}

function escaped(form: string): string {
  return form.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** The longest proper beginning of `form` that `text` ends with. */
function overlap(text: string, form: string): number {
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** As it is, trimmed, as JSON, URL and hex write it, and in base64 wherever it stands in a longer text. */
function formsOf(value: string): Set<string> {
  const forms = new Set<string>();
  for (const plain of [value, value.trim(), percentDecoded(value), ...wordsOf(value), ...passwordsOf(value)]) {
    if (plain.length < SHORTEST) continue;
    const bytes = Buffer.from(plain);
    const encoded = encodeURIComponent(plain);
    const given = [
      plain,
      JSON.stringify(plain).slice(1, -1),
      encoded,
      encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      new URLSearchParams([['', plain]]).toString().slice(1),
      bytes.toString('hex'),
      ...base64Of(bytes),
    ];
    for (const form of given) if (form.length >= SHORTEST) forms.add(form);
  }
  return forms;
}

/** Of a key or a credentials file, since output may be cut or indented line by line. */
function wordsOf(value: string): string[] {
  if (!/[\r\n]/.test(value)) return [];
  const words = value.split(/[\s"',{}]+/);
  return words.filter((word) => word.length >= SHORTEST_WORD && /[0-9]/.test(word) && /[A-Za-z]/.test(word));
}

/** The password of an address, which programs print without the rest. */
function passwordsOf(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { password } = new URL(value);
  return password === '' ? [] : [password, percentDecoded(password)];
}

/**
 * The characters of a base64 text that depend on these bytes alone, for each of the three places in a group at which they may begin:
 * so `user:password` of a Basic header is known by its password.
 */
function base64Of(bytes: Buffer): string[] {
  const found: string[] = [];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const mixedAtEnd = (before + bytes.length) % 3 === 0 ? 0 : 1;
    const own = text.slice(before === 0 ? 0 : before + 1, text.length - mixedAtEnd);
    found.push(own, own.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return found;
}
