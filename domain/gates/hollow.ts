/**
 * Empty shells of what a change adds: the base's text with the names that are new, each a function that does nothing. A test
 * that can't load on the base loads on them, and its assertions are seen to fail or not (docs/adr/0007). Pure.
 */
export interface ChangedSource {
  readonly path: string;
  /** Null where the base has no such file. */
  readonly before: string | null;
  readonly after: string;
}

/** The file's text for the hollow base; null where this language has no shells, or where the base lacks nothing. */
export function hollowText({ path, before, after }: ChangedSource): string | null {
  const base = before ?? '';
  if (path.endsWith('.py')) return `${base}\n${PYTHON_SHELL}`;
  if (!/\.[cm]?[jt]sx?$/.test(path)) return null;
  const names = exportsOf(after).filter((name) => !exportsOf(base).includes(name));
  const stars = starsOf(after).filter((line) => !starsOf(base).includes(line));
  const isModule = /^\s*export\b/m.test(after);
  if (!isModule) return before === null && /\bexports\b/.test(after) ? COMMON_SHELL : null;
  if (before !== null && names.length === 0 && stars.length === 0) return null;
  const shells = names.map((name) =>
    name === 'default' ? 'export default lamplighterHollow;' : `export { lamplighterHollow as ${name} };`,
  );
  return [base, ...stars, 'function lamplighterHollow() {}', ...shells, ''].join('\n');
}

const PYTHON_SHELL = `
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *_args, **_named: None
`;

const COMMON_SHELL = `function hollow() {}
module.exports = new Proxy({}, {
  get: (_target, name) => (typeof name === 'string' && !['then', 'default', '__esModule'].includes(name) ? hollow : undefined),
});
`;

const DECLARED =
  /^\s*export\s+(?:async\s+)?(?:const|let|var|function\s*\*?|(?:abstract\s+)?class)\s*([A-Za-z_$][\w$]*)/gm;
const LISTED = /^\s*export\s*\{([^}]*)\}/gm;

/** Names as importers see them. */
function exportsOf(text: string): string[] {
  const declared = [...text.matchAll(DECLARED)].map((match) => match[1] ?? '');
  const listed = [...text.matchAll(LISTED)].flatMap((match) =>
    (match[1] ?? '')
      .split(',')
      .filter((one) => !/^\s*type\s/.test(one))
      .map(
        (one) =>
          one
            .trim()
            .split(/\s+as\s+/)
            .at(-1) ?? '',
      ),
  );
  const names = [...declared, ...listed, ...(/^\s*export\s+default\b/m.test(text) ? ['default'] : [])];
  return [...new Set(names)].filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
}

function starsOf(text: string): string[] {
  return [...text.matchAll(/^\s*(export\s*\*[^;\n]*)/gm)].map((match) => `${match[1]?.trim() ?? ''};`);
}
