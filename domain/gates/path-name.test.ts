import { describe, expect, it } from 'vitest';
import { bytesOfPath, nameFault, pathInWords, pathOfBytes } from './path-name.ts';

const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part)])));

const NAMES: readonly (readonly [string, Uint8Array])[] = [
  ['plain', bytes('src/a.ts')],
  ['UTF-8, also beyond the basic plane', bytes('src/ä/😀🂀.ts')],
  ['one byte of Latin-1', bytes('caf', 0xe9, '.txt')],
  ['a cut character', bytes('x', 0xf0, 0x9f, 0x98)],
  ['an encoded surrogate', bytes(0xed, 0xb3, 0xa9)],
  ['an overlong slash', bytes('a', 0xc0, 0xaf, 'b')],
  ['an astral character before a stray byte', bytes('😀', 0x80)],
  ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 'x')],
  ['a replacement character', bytes('caf\ufffd.txt')],
  ['every byte', Uint8Array.from({ length: 255 }, (_, at) => at + 1)],
];

describe('a path', () => {
  it.each(NAMES)('gives its bytes back: %s', (_name, name) => {
    expect([...bytesOfPath(pathOfBytes(name))]).toEqual([...name]);
  });

  it('is another one where its bytes are others', () => {
    expect(new Set(NAMES.map(([, name]) => pathOfBytes(name))).size).toBe(NAMES.length);
    expect(pathOfBytes(bytes('caf', 0xe9))).not.toBe(pathOfBytes(bytes('caf', 0xe8)));
    expect(pathOfBytes(bytes('src/ä.ts'))).toBe('src/ä.ts');
  });

  it.each<readonly [string, Uint8Array, string | null]>([
    ['plain', bytes('src/a.ts'), null],
    ['with spaces, quotes, a backslash, a dash and a colon', bytes('-a b"c\\d/:(top)e\'f'), null],
    ['of another script', bytes('文書/ä.md'), null],
    ['not UTF-8', bytes('caf', 0xe9), 'is not UTF-8'],
    ['with a line end', bytes('.github/workflows/a\nb.yml'), 'holds control characters'],
    ['that turns the direction of text', bytes('a\u202egpj.ts'), 'holds control characters'],
    [
      'with a part that no file system takes',
      bytes('a/', 'ä'.repeat(128)),
      'has a part of more than 255 bytes, which no file system takes',
    ],
    ['deeper than a path may be', bytes('a/'.repeat(600), 'b'), 'has more than 1000 bytes'],
  ])('%s has this fault or none', (_name, name, fault) => {
    expect(nameFault(pathOfBytes(name))).toBe(fault);
  });

  it('is shown as git shows it, with nothing in it that a terminal or a page would take for more', () => {
    expect(pathInWords(pathOfBytes(bytes('test/caf', 0xe9, '.txt')))).toBe('"test/caf\\351.txt"');
    expect(pathInWords('a\nb')).toBe('"a\\012b"');
    expect(pathInWords('src/ä.ts')).toBe('src/ä.ts');
    expect(pathInWords('x'.repeat(5_000)).length).toBeLessThan(300);
  });
});
