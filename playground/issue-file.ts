/** An issue of the local tracker, as a trusted person would have written and labelled it. */
import { stringify } from 'yaml';
import type { Change } from './change.ts';

const READY = 'ready-for-agent';

export function issueFile({ issue, title, body }: Change, person: string, at: number): string {
  const event = {
    id: `${issue}-playground`,
    label: READY,
    action: 'added',
    by: person,
    at: new Date(at).toISOString(),
  };
  const front = {
    number: issue,
    title,
    author: person,
    state: 'open',
    labels: [READY],
    events: [event],
    blockedBy: [],
  };
  return `---\n${stringify(front, { lineWidth: 0 })}---\n\n${body}`;
}

export function issueFileName({ issue, title }: Change): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${String(issue).padStart(4, '0')}-${words.slice(0, 50).replace(/-+$/, '')}.md`;
}
