/**
 * The declarations of a Go file, by their text: enough to take a function's body away, and no more. Declarations begin at the
 * start of a line, as gofmt leaves them. Pure; null where a text is not understood.
 */
export interface GoDeclaration {
  readonly kind: 'function' | 'type' | 'value';
  /** `Name`, or `Type.Name` of a method. */
  readonly names: readonly string[];
  readonly text: string;
  /** Of a function: all before its body, and what it returns; empty otherwise. */
  readonly signature: string;
  readonly results: string;
}

export interface GoImport {
  readonly alias: string;
  readonly path: string;
}

export interface GoFile {
  /** To the end of the package clause, build constraints among it. */
  readonly header: string;
  readonly imports: readonly GoImport[];
  readonly declarations: readonly GoDeclaration[];
}

export function parseGo(text: string): GoFile | null {
  const mask = maskGo(text);
  const starts = declarationStarts(mask);
  const [first, ...others] = starts ?? [];
  if (first === undefined || !mask.startsWith('package', first)) return null;
  const headerEnd = mask.indexOf('\n', first);
  const header = headerEnd < 0 ? text : text.slice(0, headerEnd);
  const imports: GoImport[] = [];
  const declarations: GoDeclaration[] = [];
  for (const [at, start] of others.entries()) {
    const end = others[at + 1] ?? text.length;
    const source = text.slice(start, end);
    const masked = mask.slice(start, end);
    const keyword = /^\w+/.exec(masked)?.[0];
    if (keyword === 'import') imports.push(...importsOf(source));
    else if (keyword === 'func') {
      const found = functionOf(source, masked, directivesBefore(text, start));
      if (found === null) return null;
      declarations.push(found);
    } else if (keyword === 'type' || keyword === 'var' || keyword === 'const')
      declarations.push(...specsOf(keyword, source, masked, directivesBefore(text, start)));
    else return null;
  }
  // What cgo compiles stands in a comment.
  return imports.some((one) => one.path === 'C') ? null : { header, imports, declarations };
}

/** The text with blanks in place of comments and of what stands in strings; of the same length. */
export function maskGo(text: string): string {
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ');
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`[^`]*`?/g, (part) =>
    part.startsWith('`') ? ' '.repeat(part.length) : blank(part),
  );
}

/** Null where brackets do not match. */
function declarationStarts(mask: string): number[] | null {
  const starts: number[] = [];
  let depth = 0;
  const word = /(?:package|import|func|type|var|const)\b/y;
  for (let at = 0; at < mask.length; at += 1) {
    const char = mask[at] ?? '';
    if (depth === 0 && (at === 0 || mask[at - 1] === '\n')) {
      word.lastIndex = at;
      if (word.test(mask)) starts.push(at);
    }
    if (OPENING.includes(char)) depth += 1;
    else if (CLOSING.includes(char)) depth -= 1;
    if (depth < 0) return null;
  }
  return depth === 0 ? starts : null;
}

const OPENING = '([{';
const CLOSING = ')]}';

/** Behind the bracket that closes the one at `open`. */
function closed(mask: string, open: number): number {
  let depth = 0;
  for (let at = open; at < mask.length; at += 1) {
    const char = mask[at] ?? '';
    if (OPENING.includes(char)) depth += 1;
    else if (CLOSING.includes(char)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return mask.length;
}

/** Such as `//go:embed`, which belong to what follows. */
function directivesBefore(text: string, start: number): string {
  const lines = text.slice(0, start).split('\n').slice(0, -1);
  const found: string[] = [];
  for (const line of lines.toReversed()) {
    if (!line.startsWith('//')) break;
    if (line.startsWith('//go:')) found.unshift(line);
  }
  return found.map((line) => `${line}\n`).join('');
}

function importsOf(source: string): GoImport[] {
  const plain = source.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/\/\/[^\n]*/g, '');
  return [...plain.matchAll(/(?:\b([A-Za-z_]\w*)\s+|(\.)\s*)?["`]([^"`\n]+)["`]/g)].map((match) => {
    const name = match[2] ?? match[1] ?? '';
    return { alias: name === 'import' ? '' : name, path: match[3] ?? '' };
  });
}

function functionOf(source: string, mask: string, directives: string): GoDeclaration | null {
  const head = /^func\s*(\([^()]*\))?\s*([A-Za-z_]\w*)\s*/.exec(mask);
  if (head === null) return null;
  let at = head[0].length;
  if (mask[at] === '[') at = closed(mask, at);
  const params = mask.indexOf('(', at);
  if (params < 0) return null;
  const behind = closed(mask, params);
  const body = bodyStart(mask, behind);
  const end = body === null ? lineEnd(mask, behind) : closed(mask, body);
  const receiver = (head[1] ?? '')
    .replace(/\[[^\]]*\]/g, '')
    .match(/\w+/g)
    ?.at(-1);
  const name = head[2] ?? '';
  return {
    kind: 'function',
    names: [receiver === undefined ? name : `${receiver}.${name}`],
    text: directives + source.slice(0, end),
    signature: source.slice(0, body ?? end).trim(),
    results: source.slice(behind, body ?? end).trim(),
  };
}

/** A brace behind the parameters opens the body, unless it belongs to a type among the results. Null where there is no body. */
function bodyStart(mask: string, from: number): number | null {
  for (let at = from; at < mask.length; at += 1) {
    const char = mask[at] ?? '';
    if (char === '\n') return null;
    if (char === '{' && !/\b(?:struct|interface)\s*$/.test(mask.slice(from, at))) return at;
    if (OPENING.includes(char)) at = closed(mask, at) - 1;
  }
  return null;
}

function lineEnd(mask: string, from: number): number {
  const at = mask.indexOf('\n', from);
  return at < 0 ? mask.length : at;
}

/** One declaration for each name that stands alone; constants that count by their order stay together. */
function specsOf(keyword: 'type' | 'var' | 'const', source: string, mask: string, directives: string): GoDeclaration[] {
  const kind = keyword === 'type' ? 'type' : 'value';
  const group = new RegExp(`^${keyword}\\s*\\(`).exec(mask);
  const make = (names: readonly string[], text: string): GoDeclaration => ({
    kind,
    names,
    text: directives + text,
    signature: '',
    results: '',
  });
  if (group === null) return [make(namesOf(mask.slice(keyword.length)), source.trimEnd())];
  const open = group[0].length - 1;
  const end = closed(mask, open);
  const specs = linesAtTop(mask, open + 1, end - 1).map(([from, to]) => ({
    names: namesOf(mask.slice(from, to)),
    text: source.slice(from, to).trim(),
    masked: mask.slice(from, to),
  }));
  if (keyword === 'const' && specs.some(({ masked }) => !masked.includes('=') || /\biota\b/.test(masked)))
    return [
      make(
        specs.flatMap(({ names }) => names),
        source.slice(0, end),
      ),
    ];
  return specs.map(({ names, text }) => make(names, `${keyword} ${text}`));
}

function namesOf(spec: string): string[] {
  const list = /^\s*([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)/.exec(spec)?.[1] ?? '';
  return list.split(/\s*,\s*/).filter((name) => name !== '');
}

/** Stretches between line ends that no bracket and no operator carries over. */
function linesAtTop(mask: string, from: number, to: number): [number, number][] {
  const found: [number, number][] = [];
  let start = from;
  for (let at = from; at <= to; at += 1) {
    const char = mask[at] ?? '';
    if (at < to && OPENING.includes(char)) at = closed(mask, at) - 1;
    else if (at === to || char === '\n' || char === ';') {
      if (at < to && /[-+*/%&|^<>=!,.]\s*$/.test(mask.slice(start, at))) continue;
      if (mask.slice(start, at).trim() !== '') found.push([start, at]);
      start = at + 1;
    }
  }
  return found;
}
