import { html, type Html } from './html.ts';

/** A command to copy. It wraps on a narrow screen between its words only: a break inside a flag would read as a part of it. */
export function command(text: string): Html {
  const words = text.split(/( +)/).map((part) => (part.trim() === '' ? part : html`<span class="word">${part}</span>`));
  return html`<pre class="command">${words}</pre>`;
}
