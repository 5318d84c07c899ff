/**
 * Keeps a page true while it is open: the server renders, this asks again when an event says that something changed. Without it the
 * page is as complete, and stands still. EventSource comes back by itself with Last-Event-ID, so nothing is missed.
 */
const page = document.getElementById('page');
const mark = document.getElementById('live');

/** @type {ReturnType<typeof setTimeout> | null} */
let pending = null;
/** Of the turn that is being spoken. */
let spoken = '';

if (page?.dataset.events) listen(page.dataset.events);
setInterval(renewTimes, 10_000);

/** @param {string} url */
function listen(url) {
  const source = new EventSource(url);
  source.addEventListener('open', () => show('live', false));
  source.addEventListener('error', () => show('reconnecting', true));
  // A snapshot comes when our place was lost: whatever is shown may be old.
  source.addEventListener('snapshot', refreshSoon);
  source.addEventListener('message', (message) => {
    const event = JSON.parse(message.data);
    if (event.kind === 'text.delta') return speak(event.data);
    // What was streamed is in the transcript now, or was in vain.
    if (event.kind === 'turn.committed' || event.kind === 'turn.restarted') spoken = '';
    refreshSoon();
  });
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

/** Many events come at once: one look for all of them. */
function refreshSoon() {
  pending ??= setTimeout(() => {
    pending = null;
    refresh().catch(() => show('reconnecting', true));
  }, 250);
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('page');
  if (!fresh || !page) return;
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
