/** Where a death can strike a cycle: after each thing that its journal says, in the order in which an undisturbed one says them. */
export const BOUNDARIES = [
  'nothing',
  'accept',
  'begin forensics',
  'note evidence',
  'done forensics',
  'begin permission',
  'done permission',
  'begin check',
  'note old_pid',
  'done check',
  'begin stop',
  'note intent=stop',
  'done stop',
  'begin start',
  'note intent=start',
  'note new_pid',
  'done start',
  'begin power_ok',
  'done power_ok',
  'begin applied',
  'note pending',
  'done applied',
  'begin guest_ok',
  'note guest',
  'done guest_ok',
  'end',
] as const;

export type Boundary = (typeof BOUNDARIES)[number];

/** What a journal said last. A line that a death tore says nothing. */
export function boundaryOf(journal: string): string {
  const last = journal.split('\n').findLast((line) => line.endsWith(' ;'));
  if (last === undefined) return 'nothing';
  const [, event = '', word = ''] = last.split(' ');
  if (event === 'accept' || event === 'end') return event;
  return `${event} ${word.startsWith('intent=') ? word : word.split('=')[0]}`;
}

/** Whether a journal has come as far as a boundary: what was resumed may have passed it long ago. */
export function hasReached(journal: string, boundary: Boundary): boolean {
  const at = (one: string): number => BOUNDARIES.findIndex((known) => known === one);
  return at(boundaryOf(journal)) >= at(boundary);
}

export function hasEnded(journal: string): boolean {
  return / end .* ;\n/.test(journal);
}
