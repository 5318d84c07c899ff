/** Rust as far as the gates go: its tests in `tests/`, read as libtest's JSON; what looks like a cheat, what is one, and what cannot be told yet. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, openRig, type Rig, type Tree } from './gates-rig.ts';

const BASE = {
  'Cargo.toml': '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
  'Cargo.lock': 'version = 3\n\n[[package]]\nname = "shop"\nversion = "0.1.0"\n',
  '.gitignore': 'target\n',
  'src/lib.rs': 'pub fn total(prices: &[i32]) -> i32 {\n    prices.iter().sum()\n}\n',
  'tests/total.rs':
    'use shop::total;\n\n#[test]\nfn none() {\n    assert_eq!(total(&[]), 0);\n}\n\n#[test]\nfn two() {\n    assert_eq!(total(&[1, 2]), 3);\n}\n',
};
const FLOOR = 'pub fn total(prices: &[i32]) -> i32 {\n    prices.iter().sum::<i32>().max(0)\n}\n';
const FLOOR_TEST = '#[test]\nfn never_negative() {\n    assert_eq!(shop::total(&[1, -2]), 0);\n}\n';
const HONEST = { 'src/lib.rs': FLOOR, 'tests/floor.rs': FLOOR_TEST };

/** As docs/contract.md says it for stable Rust; the name of the variable is of this machine's kind. */
const contract = contractOf(
  {
    test: 'export CARGO_TARGET_$(rustc -vV | sed -n "s/^host: //p" | tr a-z- A-Z_)_RUNNER="env RUSTC_BOOTSTRAP=1"; cargo test --offline --no-fail-fast --lib --bins --tests --message-format json -- -Z unstable-options --format json > "$LAMPLIGHTER_REPORT"',
    report: 'cargo-json',
    globs: ['tests/**'],
    timeoutSeconds: 240,
  },
  { toolchain: ['rust'] },
);

const present = has('bwrap') && has('cargo');
let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

async function judged(change: Tree, changedTests: { id: string; reason: string }[] = []): Promise<string> {
  const base = await rig.commit(BASE);
  const verified = await rig.verify(base, await rig.commit(change), contract, changedTests);
  return verified.kind === 'refused' ? verified.findings.join('\n') : JSON.stringify(verified);
}

describe.skipIf(!present)('in Rust', { timeout: 240_000 }, () => {
  it('an honest test of new behaviour is proven', async () => {
    expect(await judged(HONEST)).toBe('{"kind":"proven"}');
  });

  it('an honest refactoring that renames a test is proven, with a reason', async () => {
    const change = { ...HONEST, 'tests/total.rs': BASE['tests/total.rs'].replace('fn two', 'fn pair') };
    expect(await judged(change, [{ id: 'two', reason: 'the issue asks for the name' }])).toBe('{"kind":"proven"}');
  });

  it.each<[name: string, change: Tree, refused: RegExp]>([
    [
      'a test that passes before the change',
      { ...HONEST, 'tests/floor.rs': FLOOR_TEST.replace('-2', '-1') },
      /the tests pass without the change/,
    ],
    [
      'a test renamed away',
      { ...HONEST, 'tests/total.rs': BASE['tests/total.rs'].replace('#[test]\nfn two', '#[allow(dead_code)]\nfn two') },
      /the test "two" passes on the base and is gone/,
    ],
    [
      'an assertion loosened with the behaviour',
      {
        'src/lib.rs': FLOOR.replace('max(0)', 'max(1)'),
        'tests/floor.rs': FLOOR_TEST.replace(', 0)', ', 1)'),
        'tests/total.rs': BASE['tests/total.rs'].replace('assert_eq!(total(&[]), 0)', 'assert!(total(&[]) < 9)'),
      },
      /base's own test "none" passes on the base and fails/,
    ],
    [
      'production code that ends the test process with success',
      {
        'src/lib.rs': FLOOR.replace(
          '    prices',
          '    if prices.len() == 2 {\n        std::process::exit(0);\n    }\n    prices',
        ),
        'tests/floor.rs': FLOOR_TEST.replace('[1, -2]', '[-2]'),
      },
      /base's own test "two" passes on the base and fails[\s\S]*exited with 0/,
    ],
    [
      'a test behind a symbol that is missing, honest or not: it needs the waiver',
      {
        'src/lib.rs': `${BASE['src/lib.rs']}\npub fn count(prices: &[i32]) -> usize {\n    prices.len()\n}\n`,
        'tests/count.rs': '#[test]\nfn count() {\n    let _ = shop::count;\n}\n',
      },
      /on the base, count does not load.*in a compiled language keep the names.*cannot find value `count`/s,
    ],
  ])('is refused: %s', async (_name, change, refused) => {
    expect(await judged(change)).toMatch(refused);
  });

  it('is refused before anything of it runs: an ignored test', async () => {
    expect(await judged({ ...HONEST, 'tests/floor.rs': FLOOR_TEST.replace('fn', '#[ignore]\nfn') })).toMatch(
      /floor\.rs:2 adds `#\[ignore`/,
    );
    expect(rig.ran).toEqual([]);
  });
});
