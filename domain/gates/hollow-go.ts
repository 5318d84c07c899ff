/**
 * Empty shells for Go, where a name that is missing keeps a whole package from building: the base's files with what the change
 * declares anew. New functions and methods, and those whose signature is another, answer with zero values; types, variables and
 * constants are the change's. A package is one thing in Go, so its files are looked at together (docs/adr/0007). Pure.
 */
import { maskGo, parseGo, type GoDeclaration, type GoFile, type GoImport } from './go-source.ts';

export interface ChangedGoFile {
  readonly path: string;
  /** Null where there is no such file. */
  readonly before: string | null;
  readonly after: string | null;
}

interface Parsed {
  readonly path: string;
  readonly before: GoFile | null;
  readonly after: GoFile | null;
  readonly added: GoDeclaration[];
}

/** Texts by path of one package's files; empty where a file is not understood, or where the base lacks nothing. */
export function hollowGoPackage(files: readonly ChangedGoFile[]): ReadonlyMap<string, string> {
  const parsed: Parsed[] = [];
  for (const { path, before, after } of files) {
    const one = { path, before: parsedOf(before), after: parsedOf(after), added: [] };
    if ((before !== null && one.before === null) || (after !== null && one.after === null)) return new Map();
    parsed.push(one);
  }
  const base = new Map(
    parsed.flatMap((one) => one.before?.declarations ?? []).flatMap((one) => one.names.map((name) => [name, one])),
  );
  const replaced = new Set<string>();
  const resigned = new Set<string>();
  for (const { after, added } of parsed) {
    for (const one of after?.declarations ?? []) {
      const shell = shellOf(one, base);
      if (shell === null) continue;
      added.push(shell);
      const known = one.names.filter((name) => base.has(name));
      for (const name of known) replaced.add(name);
      if (one.kind === 'function') for (const name of known) resigned.add(name.slice(name.lastIndexOf('.') + 1));
    }
  }
  for (const { after, added } of parsed) adaptCallers(after, added, { base, replaced, resigned });
  return new Map(parsed.flatMap((one) => written(one, replaced)));
}

function parsedOf(text: string | null): GoFile | null {
  return text === null ? null : parseGo(text);
}

/** What stands in for a declaration of the change; null where the base's own does. */
function shellOf(one: GoDeclaration, base: ReadonlyMap<string, GoDeclaration>): GoDeclaration | null {
  const [name = '_'] = one.names;
  if (one.kind === 'value') return one.names.some((each) => each !== '_' && !base.has(each)) ? one : null;
  const before = base.get(name);
  if (one.kind === 'type') return before !== undefined && squeezed(before.text) === squeezed(one.text) ? null : one;
  // Any file may have an `init`, and what it does is behaviour.
  if (name === 'init' || name === '_') return null;
  if (before !== undefined && squeezed(before.signature) === squeezed(one.signature)) return null;
  return { ...one, text: `${one.signature} ${emptyBody(one.results)}` };
}

/** A function of the base that calls one whose signature changed builds only as the change has it. */
function adaptCallers(
  after: GoFile | null,
  added: GoDeclaration[],
  known: {
    readonly base: ReadonlyMap<string, GoDeclaration>;
    readonly replaced: Set<string>;
    readonly resigned: ReadonlySet<string>;
  },
): void {
  for (const one of after?.declarations ?? []) {
    const [name = ''] = one.names;
    const before = known.base.get(name);
    if (one.kind !== 'function' || before === undefined || known.replaced.has(name)) continue;
    const calls = [...maskGo(before.text).matchAll(/\b(\w+)\s*\(/g)].some(({ 1: called }) =>
      known.resigned.has(called ?? ''),
    );
    if (!calls || squeezed(before.text) === squeezed(one.text)) continue;
    known.replaced.add(name);
    added.push(one);
  }
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Of any type there is a zero value, and `*new(T)` says it. */
function emptyBody(results: string): string {
  if (results === '') return '{}';
  if (!results.startsWith('(')) return `{ return *new(${results}) }`;
  const parts = topLevel(results.slice(1, -1));
  const named = parts.some(
    (part) => /^[A-Za-z_]\w*\s+\S/.test(part) && !/^(?:chan|func|struct|interface|map)\b/.test(part),
  );
  return named ? '{ return }' : `{ return ${parts.map((part) => `*new(${part})`).join(', ')} }`;
}

function topLevel(list: string): string[] {
  const mask = maskGo(list);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= mask.length; at += 1) {
    const char = mask[at] ?? ',';
    if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
    else if (char === ',' && depth === 0) {
      parts.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

function written({ path, before, after, added }: Parsed, replaced: ReadonlySet<string>): [string, string][] {
  const all = before?.declarations ?? [];
  const kept = all.filter((one) => !one.names.some((name) => replaced.has(name)));
  if (added.length === 0 && kept.length === all.length) return [];
  const body = [...kept, ...added].map((one) => one.text).join('\n\n');
  const imports = [...(before?.imports ?? []), ...(after?.imports ?? [])];
  const header = before?.header ?? after?.header ?? '';
  return [[path, `${header}\n\n${importLines(imports, maskGo(body))}\n${body}\n`]];
}

/** Go builds nothing that imports what it does not use. */
function importLines(imports: readonly GoImport[], mask: string): string {
  const used = new Set([...mask.matchAll(/\b([A-Za-z_]\w*)\s*\./g)].map((match) => match[1] ?? ''));
  const needed = imports.filter(({ alias, path }) => {
    if (alias === '_' || alias === '.') return true;
    return (alias === '' ? namesIn(path) : [alias]).some((name) => used.has(name));
  });
  return [...new Set(needed.map(({ alias, path }) => `import ${alias} ${JSON.stringify(path)}\n`))].join('');
}

/** What a package of this path may be called: `yaml.v3` is yaml, `go-cmp/cmp/v2` is cmp. */
function namesIn(path: string): string[] {
  return path
    .split('/')
    .slice(-2)
    .flatMap((part) => part.split(/\W+/));
}
