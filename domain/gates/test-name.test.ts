import { describe, expect, it } from 'vitest';
import { testIdText, withOrdinals } from './outcome.ts';
import { stableName } from './test-name.ts';

describe('a name of a test is the same in every run', () => {
  it.each([
    ['an address', 'test_repr[<Order object at 0x7f3a9c1e0d30>]', 'test_repr[<Order object at <address>>]'],
    ['an address in Go', 'TestDump/0xc000012345', 'TestDump/<address>'],
    ['a uuid', 'finds 3f2504e0-4f89-41d3-9a0c-0305e82c3301', 'finds <uuid>'],
    ['a date', 'due on 2026-11-28', 'due on <date>'],
    ['an instant', 'at 2026-11-28T12:18:24.123Z', 'at <date>'],
    ['an instant with its zone', 'at 2026-11-28T12:18:24+01:00, late', 'at <date>, late'],
    ["Go's clock", 'TestAt/2026-11-28_12:18:24.123456_+0000_UTC_m=+0.001234', 'TestAt/<date>'],
    ["JavaScript's clock", 'at Sat Nov 28 2026 12:18:24', 'at <date>'],
    ['a time of day', 'opens 12:18:24', 'opens <time>'],
    ['a temporary folder', 'reads /tmp/pytest-of-x/pytest-0/a.txt', 'reads <temp>/pytest-0/a.txt'],
    ["macOS's temporary folder", 'reads /private/var/folders/zz/x1_y/T/abc/a.txt', 'reads <temp>/a.txt'],
    ['a port', 'connects to 127.0.0.1:43817', 'connects to 127.0.0.1:<port>'],
    ['a port in an address', 'GET http://localhost:43817/cart', 'GET http://localhost:<port>/cart'],
    ['a random suffix', 'bucket test-9f3ac01b', 'bucket test-<hex>'],
    ['a random suffix behind a word', 'bucket_9f3ac01b', 'bucket_<hex>'],
    ['milliseconds of the clock', 'user1764332304123', 'user<number>'],
  ])('without %s', (_what, name, stable) => {
    expect(stableName(name)).toBe(stable);
    expect(stableName(stable)).toBe(stable);
  });

  it.each([
    'adds 1 and 2',
    'test_square[2-4]',
    'TestAdd/two_words#01',
    'rounds 0.1234567891',
    'defaced facade',
    'masks 0xff',
    'port 8080',
    'ratio 16:9 at 12:30',
    'version 1.22.333',
    'reads fixtures/tmp/a.txt',
    'RFC 7231 section 20261128',
  ])('and what people wrote stays: %s', (name) => {
    expect(stableName(name)).toBe(name);
  });

  it('is found in a moment, whatever a report holds', () => {
    const started = performance.now();
    for (const part of ['0', 'a', '1a', '2026-', '/tmp/', ':', '00:', 'Mon ', '127.0.0.1:'])
      stableName(part.repeat(400_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('two cases of one test', () => {
  const id = (name: string) => ({ suite: 's', file: '', class: '', name });
  const passed = { outcome: 'passed', failure: null, detail: '' } as const;
  const texts = (...names: string[]) =>
    withOrdinals(
      names.map(() => passed),
      names.map(id),
    ).map((one) => testIdText(one.id));

  it('that differ in unstable parts only are told apart by their order, in every run alike', () => {
    expect(texts('at 0x7f3a9c1e', 'at 0x7f3a9c2f', 'other')).toEqual([
      's › at <address>',
      's › at <address> #2',
      's › other',
    ]);
    expect(texts('at 0x55d01234', 'at 0x55d05678', 'other')).toEqual(texts('at 0x7f3a9c1e', 'at 0x7f3a9c2f', 'other'));
  });
});
