import { describe, expect, it } from 'vitest';
import { hollowText } from './hollow.ts';
import { manifestHarness } from './harness.ts';

const hollow = (path: string, before: string | null, after: string): string | null =>
  hollowText({ path, before, after });

describe('an empty shell', () => {
  it('keeps what the base has and adds a function for each new name', () => {
    const text = hollow(
      'src/a.ts',
      'export const one = 1;\n',
      'export const one = 2;\nexport async function two() {}\nexport class Three {}\nconst x = 4;\nexport { x as four, type T };\nexport default x;\n',
    );
    expect(text).toContain('export const one = 1;');
    expect(text?.match(/lamplighterHollow as \w+/g)).toEqual(
      ['two', 'Three', 'four'].map((name) => `lamplighterHollow as ${name}`),
    );
    expect(text).toContain('export default lamplighterHollow;');
  });

  it('is not made where the base lacks no name, and not of other languages', () => {
    expect(hollow('src/a.js', 'export const a = 1;\n', 'export const a = 2;\n')).toBeNull();
    expect(hollow('a.go', null, 'package a\n')).toBeNull();
    expect(hollow('notes.md', null, 'export const a = 1;\n')).toBeNull();
  });

  it('passes on what a new file passes on', () => {
    expect(hollow('src/index.js', null, "export * from './a.js';\n")).toContain("export * from './a.js';");
  });

  it('of CommonJS answers every name but those that loaders ask for', () => {
    expect(hollow('a.cjs', null, 'exports.a = () => 1;\n')).toContain('new Proxy');
    expect(hollow('a.cjs', 'exports.b = 1;\n', 'exports.a = () => 1;\n')).toBeNull();
  });
});

describe('the harness within a manifest', () => {
  const around = (commands: string) => ({ commands, known: () => false });

  it('is the scripts that the commands reach, with those around and those called in turn', () => {
    const scripts = { test: 'npm run unit && npm run lint', unit: 'x', lint: 'y', preunit: 'z', build: 'w' };
    const found = manifestHarness('package.json', JSON.stringify({ scripts }), around('npm t'));
    expect([...found.keys()].toSorted()).toEqual(['scripts.lint', 'scripts.preunit', 'scripts.test', 'scripts.unit']);
  });

  it('of scripts is the same where the manager is called by its version', () => {
    const scripts = { prepare: 'x', pretest: 'y', test: 'z', build: 'w' };
    const found = manifestHarness(
      'package.json',
      JSON.stringify({ scripts }),
      around('npx -y pnpm@9.15.0 install && npx -y pnpm@9.15.0 t'),
    );
    expect([...found.keys()].toSorted()).toEqual(['scripts.prepare', 'scripts.pretest', 'scripts.test']);
  });

  it('is the whole file where it cannot be parsed', () => {
    expect([...manifestHarness('package.json', '{', around('npm t')).keys()]).toEqual(['the whole file']);
  });

  it('of go.mod and go.work is where libraries of assertions come from', () => {
    const found = (path: string, text: string) => [...manifestHarness(path, text, around(''))];
    const text = 'replace (\n\tgithub.com/stretchr/testify v1.9.0 => ./fake\n\tshop/tax => ./tax\n)\n';
    expect(found('go.mod', text)).toEqual([['the replacement of github.com/stretchr/testify', './fake']]);
    expect(found('x/go.work', 'replace gotest.tools/v3 => ../y\n')).toHaveLength(1);
    expect(found('go.mod', 'require github.com/stretchr/testify v1.9.0\n')).toEqual([]);
  });

  it('of pyproject.toml is what configures pytest, however it is written', () => {
    const found = (text: string) => [...manifestHarness('pyproject.toml', text, around('')).keys()];
    expect(found('[project]\nname = "p"\ndependencies = ["pytest"]\n')).toEqual([]);
    expect(found('[tool.pytest.ini_options]\naddopts = "-q"\n')).toEqual(['[tool.pytest.ini_options]']);
    expect(found('[ "tool" . "pytest" . "ini_options" ]\nx = 1\n')).toEqual(['[tool.pytest.ini_options]']);
    expect(found('tool.pytest.ini_options.addopts = "-k x"\n')).toEqual(['its head']);
    expect(found('[project.entry-points.pytest11]\na = "b"\n')).toEqual(['[project.entry-points.pytest11]']);
  });
});
