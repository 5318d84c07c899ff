/** The text of an API token: `lamp_<id>_<secret>`. The id is public and names the row; what is kept of the rest is a digest. */
const SHAPE = /lamp_([0-9a-f]{16})_[A-Za-z0-9_-]{43}/;

/** Anywhere in a text. */
export const TOKEN_PATTERN = new RegExp(String.raw`\b${SHAPE.source}`, 'g');

/** Of a whole text that is one; null for any other. */
export function tokenIdOf(text: string): string | null {
  const found = SHAPE.exec(text);
  return found?.[0] === text ? (found[1] ?? null) : null;
}

export function tokenText(id: string, secret: string): string {
  return `lamp_${id}_${secret}`;
}
