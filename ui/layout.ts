import { html, type Html, type HtmlPart } from './html.ts';

export interface Page {
  readonly title: string;
  readonly body: HtmlPart;
  /** Where the live module listens, and which page it keeps true; absent: the page stands as it is. */
  readonly live?: { readonly page: 'runs' | 'run'; readonly events: string };
  /** Shown on every page while it is on: nothing is being started. */
  readonly killSwitch?: { readonly on: boolean; readonly by: string; readonly note: string };
  /** What holds lanes or this run, and how a person ends it. */
  readonly holds?: readonly { readonly text: string; readonly remedy: string }[];
}

/** Where its reader goes on. */
export interface Place {
  /** In the event table. */
  readonly after: number;
  /** How stood what no event tells. */
  readonly seen: string;
}

export function layout(page: Page): string {
  const { live } = page;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · Lamplighter</title>
        <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        <link rel="stylesheet" href="/assets/runs.css" />
        <link rel="stylesheet" href="/assets/tests.css" />
        <script type="module" src="/assets/live.js"></script>
      </head>
      <body>
        <a class="skip" href="#page">Skip to content</a>
        <header class="top">
          <a class="brand" href="/"><img src="/assets/favicon.svg" alt="" width="22" height="22" /> Lamplighter</a
          ><span class="live" id="live" hidden>live</span>
        </header>
        <main id="page" ${live === undefined ? '' : html` data-page="${live.page}" data-events="${live.events}"`}>
          ${mainOf(page)}
        </main>
      </body>
    </html> `.text;
}

/** What stands in the page's main part: all that an event may change. */
export function mainOf({ killSwitch, holds = [], body }: Pick<Page, 'killSwitch' | 'holds' | 'body'>): Html {
  return html`${killSwitch?.on === true && banner(killSwitch)} ${holds.map(holdBanner)} ${body}`;
}

function banner({ by, note }: { readonly by: string; readonly note: string }): Html {
  return html`<p class="banner">
    <strong>Kill switch is on.</strong> Nothing new
    starts${by === '' ? '' : `, says ${by}`}${note === '' ? '' : `: ${note}`}.
    <code>lamplighter kill-switch off --note "…"</code>
  </p>`;
}

function holdBanner({ text, remedy }: { readonly text: string; readonly remedy: string }): Html {
  return html`<p class="banner">
    <strong>Held.</strong> ${text.charAt(0).toUpperCase() + text.slice(1)}.<br /><code>${remedy}</code>
  </p>`;
}

/** Colour never speaks alone: every badge carries its word. */
export function badge(tone: Tone, text: string): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

export type Tone = 'good' | 'bad' | 'busy' | 'wait' | 'still';

export function messagePage(title: string, message: string, remedy: string | null): string {
  return layout({
    title,
    body: html`<h1>${title}</h1>
      <p>${message}</p>
      ${remedy !== null && html`<p class="muted">${remedy}</p>`}
      <p><a href="/">All runs</a></p>`,
  });
}
