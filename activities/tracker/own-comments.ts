/** How a comment of ours is found again in any tracker: by a hidden line that it begins with, and by who wrote it. */
import type { TrackerComment } from './port.ts';

export interface WrittenComment {
  readonly id: string;
  /** Null where the tracker can't say. */
  readonly by: string | null;
  readonly text: string;
}

export function markedText(marker: string, body: string): string {
  return `${marker}\n${body}`;
}

/** A person's comment that quotes our marker is not ours. */
export function ownComment(
  comments: readonly WrittenComment[],
  marker: string,
  ourselves: string,
): TrackerComment | null {
  const found = comments.find(
    (one) => one.by === ourselves && (one.text === marker || one.text.startsWith(markedText(marker, ''))),
  );
  return found === undefined ? null : { id: found.id, body: found.text.slice(marker.length + 1) };
}
