/**
 * Text cut between characters. A character beyond U+FFFF takes two of a string's units, and half of one is no text: a model's API refuses
 * it each time that it is sent again.
 */

/** The beginning of `text`, at most `most` units long. */
export function headOf(text: string, most: number): string {
  return text.slice(0, isInside(text, most) ? most - 1 : most);
}

/** The end of `text`, at most `most` units long. */
export function tailOf(text: string, most: number): string {
  const start = Math.max(0, text.length - most);
  return text.slice(isInside(text, start) ? start + 1 : start);
}

/** Whether a cut at `at` would part the two halves of one character. */
function isInside(text: string, at: number): boolean {
  return isBetween(text.charCodeAt(at - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at), 0xdc00, 0xdfff);
}

function isBetween(unit: number, least: number, most: number): boolean {
  return unit >= least && unit <= most;
}
