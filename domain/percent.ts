/** Text in which characters may stand escaped by a percent sign. */

/** With the escapes resolved; as it stands where a `%` in it is its own, as in a password that nobody escaped. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
