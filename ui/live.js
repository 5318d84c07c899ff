/**
 * Keeps a page true while it is open. The server renders it; from then on each event brings what it has changed, and the page is drawn
 * from that by the server's own modules. Without this it is as complete, and stands still. EventSource comes back by itself with
 * Last-Event-ID, so nothing is missed.
 */
const page = document.getElementById('page');
const mark = document.getElementById('live');

/** What is shown, as data; null as long as the page is as the server sent it. @type {any} */
let shown = null;
/** Changes that come while the whole is on its way; null: it is not. @type {any[] | null} */
let early = null;
/** @type {ReturnType<typeof setTimeout> | null} */
let pending = null;
/** Of the turn that is being spoken. */
let spoken = '';
/** @type {EventSource | null} */
let source = null;

if (page?.dataset.events) listen(page.dataset.events);
setInterval(renewTimes, 10_000);

/** @param {string} url */
function listen(url) {
  source?.close();
  source = new EventSource(url);
  source.addEventListener('open', () => show('live', false));
  source.addEventListener('error', () => show('reconnecting', true));
  // The first thing that is heard without a place, and when our place was lost.
  source.addEventListener('snapshot', (message) => begin(JSON.parse(message.data)));
  source.addEventListener('message', (message) => hear(JSON.parse(message.data), url));
}

/** @param {any} event @param {string} url */
function hear(event, url) {
  if (event.kind === 'text.delta') return speak(event.data);
  // What was streamed is in the transcript now, or was in vain.
  if (event.kind === 'turn.committed' || event.kind === 'turn.restarted') spoken = '';
  if (event.change === undefined) return showSpoken();
  // A page that nothing happens to never asks for more than itself: the whole as data comes with the first change.
  if (early !== null) return void early.push(event.change);
  if (shown === null) return listen(url.replace(/&after=.*/, ''));
  shown.hear(event.change);
  drawSoon();
}

/** @param {any} snapshot */
async function begin(snapshot) {
  early = [];
  try {
    shown = page?.dataset.page === 'run' ? await runShown(snapshot) : await runsShown(snapshot);
    for (const change of early) shown.hear(change);
    drawSoon();
  } catch {
    show('reconnecting', true);
  } finally {
    early = null;
  }
}

/** @param {any} overview */
async function runsShown(overview) {
  const [{ applyToOverview }, { runsMain }, { mainOf }] = await Promise.all([
    import('./apply-change.ts'),
    import('./runs-page.ts'),
    import('./layout.ts'),
  ]);
  return {
    hear: (/** @type {any} */ change) => (overview = applyToOverview(overview, change)),
    draw: (/** @type {number} */ now) => mainOf(runsMain({ ...overview, now })).text,
  };
}

/** @param {any} view */
async function runShown(view) {
  const [{ applyToRun, applyToTranscript }, { runMain }, { mainOf }, answer] = await Promise.all([
    import('./apply-change.ts'),
    import('./run-page.ts'),
    import('./layout.ts'),
    fetch(`/api/runs/${encodeURIComponent(view.run.id)}/transcript`),
  ]);
  if (!answer.ok) throw new Error(`the transcript answered ${answer.status}`);
  let transcript = await answer.json();
  return {
    hear: (/** @type {any} */ change) => {
      view = applyToRun(view, change);
      transcript = applyToTranscript(transcript, change);
    },
    draw: (/** @type {number} */ now) => mainOf(runMain({ view, transcript, now })).text,
  };
}

/** @param {string} text @param {boolean} lost */
function show(text, lost) {
  if (!mark) return;
  mark.hidden = false;
  mark.textContent = text;
  mark.classList.toggle('lost', lost);
}

/** Text as it streams, by its offset in the turn. @param {{offset: number, text: string}} delta */
function speak(delta) {
  if (typeof delta.text !== 'string') return;
  spoken = spoken.slice(0, delta.offset) + delta.text;
  showSpoken();
}

function showSpoken() {
  const section = document.getElementById('live-text');
  const area = section?.querySelector('pre');
  if (!section || !area) return;
  area.textContent = spoken;
  section.hidden = spoken === '';
}

/** Many events come at once: one drawing for all of them. */
function drawSoon() {
  pending ??= setTimeout(() => {
    pending = null;
    if (shown !== null) put(shown.draw(Date.now()));
  }, 100);
}

/** @param {string} markup escaped by ui/html.ts */
function put(markup) {
  if (!page) return;
  const fresh = new DOMParser().parseFromString(`<main>${markup}</main>`, 'text/html').querySelector('main');
  if (!fresh) return;
  const open = new Set(
    [...page.querySelectorAll('details[open][data-key]')].map((one) => one.getAttribute('data-key')),
  );
  for (const one of fresh.querySelectorAll('details[data-key]')) {
    if (open.has(one.getAttribute('data-key'))) one.setAttribute('open', '');
  }
  page.replaceChildren(...fresh.childNodes);
  showSpoken();
}

function renewTimes() {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    time.textContent = ago(Date.now() - Date.parse(time.getAttribute('datetime') ?? ''));
  }
}

/** As ui/format.ts has it. @param {number} ms */
function ago(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 5) return 'just now';
  if (seconds < 10) return `${seconds.toFixed(1)} s ago`;
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h ago` : `${hours} h ${minutes % 60} min ago`;
  return `${Math.floor(hours / 24)} d ago`;
}
