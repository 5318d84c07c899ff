/** Text of models, logs and people inside a comment of ours: shown as it is, never obeyed as Markdown, HTML, mention or marker. */
import { headOf } from '../../domain/text.ts';

/** A block of quoted text, cut at `limit` characters. */
export function fenced(text: string, limit = 2_000): string {
  const cut =
    text.length > limit ? `${headOf(text, limit)}\n… (${text.length - limit} characters more on the run page)` : text;
  const longest = Math.max(2, ...[...cut.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${cut.trimEnd()}\n${fence}`;
}

/** One line of quoted text. */
export function inline(text: string, limit = 160): string {
  const line = text.replaceAll('`', "'").replaceAll(/\s+/g, ' ').trim();
  return `\`${line.length > limit ? `${headOf(line, limit - 1)}…` : line || ' '}\``;
}
