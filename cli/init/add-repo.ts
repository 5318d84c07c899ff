/**
 * A further repo is added to the configuration that is there. The text is extended where the document says that a list or a mapping ends, and
 * not written anew: what people wrote, comments, order and quotes, stays as it is.
 */
import { isMap, isSeq, parseDocument, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import { configSchema } from '../../config/schema.ts';
import type { Egress } from '../../config/types.ts';
import { parseYaml } from '../../config/schemas/yaml-document.ts';

export interface Addition {
  readonly repo: { readonly name: string; readonly remote: string; readonly branch: string; readonly tracker: object };
  readonly allow: boolean;
  readonly egress: Egress;
  readonly toolchains: Readonly<Record<string, object>>;
}

export interface Extended {
  readonly text: string;
  /** The repo was there before, by its name or its remote. */
  readonly isThere: boolean;
}

/** Null where the text is no configuration that can be read. */
export function extendConfig(text: string, { repo, allow, egress, toolchains }: Addition): Extended | null {
  const there = parseYaml(text, 'lamplighter.yaml', configSchema);
  if (!there.ok) return null;
  const isThere = (there.value.repos ?? []).some(({ name, remote }) => name === repo.name || remote === repo.remote);
  let now = text;
  if (!isThere) now = append(now, ['repos'], repo);
  if (allow && !(there.value.allow ?? []).includes(repo.name)) now = append(now, ['allow'], repo.name);
  if (egress.proxy !== null && there.value.egress?.proxy === undefined)
    now = put(now, ['egress'], 'proxy', egress.proxy);
  for (const host of egress.privateHosts) {
    if (!(there.value.egress?.privateHosts ?? []).includes(host)) now = append(now, ['egress', 'privateHosts'], host);
  }
  for (const [name, toolchain] of Object.entries(toolchains)) {
    if (there.value.toolchains?.[name] === undefined) now = put(now, ['toolchains'], name, toolchain);
  }
  const extended = parseYaml(now, 'lamplighter.yaml', configSchema);
  if (!extended.ok) throw new Error(`the extended configuration is not valid: ${extended.errors.join('; ')}`);
  return { text: now, isThere };
}

/** How a person lets a shell name the repo under `allow`; null where it stands there in a way that no line tells. */
export function allowCommand(text: string, name: string, config: string): string | null {
  if (/^allow: \[\]/m.test(text)) return `sed -i 's|^allow: \\[\\]|allow: [${name}]|' ${config}`;
  if (/^allow: \[/m.test(text)) return `sed -i 's|^allow: \\[|&${name}, |' ${config}`;
  const indent = /^allow:[ \t]*\n((?:[ \t]*#.*\n)*)([ \t]*)- /m.exec(text)?.[2];
  return indent === undefined ? null : `sed -i 's|^allow:.*|&\\n${indent}- ${name}|' ${config}`;
}

/** Adds to the list at `path`, which comes into being where it is missing. */
function append(text: string, path: readonly string[], value: unknown): string {
  const list = parseDocument(text).getIn(path, true);
  if (isSeq(list) && list.flow !== true && list.items.length > 0) return afterBlock(text, list, [value]);
  if (isSeq(list)) return intoFlow(text, list, JSON.stringify(value));
  const [key = '', ...above] = path.toReversed();
  return put(text, above.toReversed(), key, [value]);
}

/** Adds a key to the mapping at `path`, which comes into being where it is missing. */
function put(text: string, path: readonly string[], key: string, value: unknown): string {
  const map = path.length === 0 ? null : parseDocument(text).getIn(path, true);
  if (isMap(map) && map.flow !== true && map.items.length > 0) return afterBlock(text, map, { [key]: value });
  if (isMap(map)) return intoFlow(text, map, `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return atEnd(text, [...path, key].reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object);
}

function atEnd(text: string, added: object): string {
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${stringify(added, { lineWidth: 0 })}`;
}

function intoFlow(text: string, node: YAMLSeq | YAMLMap, added: string): string {
  const end = (node.range?.[1] ?? 0) - 1;
  const before = text.slice(0, end).trimEnd();
  const space = text.slice(before.length, end);
  const comma = node.items.length === 0 || before.endsWith(',') ? '' : ', ';
  return `${before}${comma}${node.items.length === 0 ? space : ''}${added}${space}${text.slice(end)}`;
}

/** Behind the last entry and the comments that are indented as it is. */
function afterBlock(text: string, node: YAMLSeq | YAMLMap, added: object): string {
  const [start, last] = node.range ?? [0, 0, 0];
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1);
  // What the document counts to its end, comments of the next key among it, is not the entry's.
  const entries = text.slice(0, last).replace(/(?:\n[ \t]*(?:#.*)?)+$/, '');
  let end = endOfLine(text, Math.max(start, entries.length - 1));
  for (let next = end; next < text.length;) {
    const after = endOfLine(text, next);
    const line = text.slice(next, after);
    if (line.trim() !== '' && !(/^\s*#/.test(line) && line.search(/\S/) > indent)) break;
    if (line.trim() !== '') end = after;
    next = after;
  }
  const lines = stringify(added, { lineWidth: 0 }).replaceAll(/^(?=.)/gm, ' '.repeat(indent));
  const before = text.slice(0, end);
  return `${before}${before.endsWith('\n') ? '' : '\n'}${lines}${text.slice(end)}`;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
