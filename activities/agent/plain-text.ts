/**
 * Text of others as a person sees it: what they can't see must not reach the model either. HTML comments, invisible and
 * direction-changing characters and control codes go; so does what could end the fence that marks the text as data.
 */

const HTML_COMMENT = /<!--[\s\S]*?(?:-->|$)/g;
/** Zero-width and bidirectional marks, variation selectors, tags, fillers, annotations. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\uFFF9-\uFFFB]/gu;
// oxlint-disable-next-line no-control-regex -- control codes are what it takes out
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;

export function plainText(text: string): string {
  // Invisible first: they could hide a comment's own marks.
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(INVISIBLE, '')
    .replaceAll(CONTROL, '')
    .replaceAll(HTML_COMMENT, '')
    .trim();
}

/** Marks text as data. The marks can't be written by its author. */
export function asData(name: string, text: string): string {
  const inner = plainText(text).replaceAll(new RegExp(`<\\s*/?\\s*${name}\\b`, 'gi'), (mark) => mark.replace('<', '‹'));
  return `<${name}>\n${inner}\n</${name}>`;
}
