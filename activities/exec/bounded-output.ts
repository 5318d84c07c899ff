/** Keeps the head and the tail of a stream, so that a command's output never grows memory beyond `keepBytes`. */
import { StringDecoder } from 'node:string_decoder';

export interface BoundedOutput {
  push(chunk: Buffer): void;
  /** Head, a line that says how much was left out (when anything was), tail. */
  text(encoding?: 'utf8' | 'latin1'): string;
  droppedBytes(): number;
}

export function createBoundedOutput(keepBytes: number): BoundedOutput {
  const headBytes = Math.floor(keepBytes / 2);
  const tailBytes = keepBytes - headBytes;
  const head: Buffer[] = [];
  let headLength = 0;
  let tail: Buffer[] = [];
  let tailLength = 0;
  let total = 0;

  function pushTail(chunk: Buffer): void {
    tail.push(chunk);
    tailLength += chunk.length;
    // Cut only now and then: many small chunks would otherwise be copied again and again.
    if (tailLength <= tailBytes * 2 + 65_536) return;
    tail = [Buffer.from(Buffer.concat(tail).subarray(-tailBytes))];
    tailLength = tail[0]?.length ?? 0;
  }

  return {
    push(chunk) {
      total += chunk.length;
      const forHead = Math.min(headBytes - headLength, chunk.length);
      if (forHead > 0) {
        head.push(chunk.subarray(0, forHead));
        headLength += forHead;
      }
      if (tailBytes > 0 && forHead < chunk.length) pushTail(chunk.subarray(Math.max(forHead, 0)));
    },
    droppedBytes: () => Math.max(0, total - keepBytes),
    text(encoding = 'utf8') {
      const start = Buffer.concat(head);
      const end = tailBytes === 0 ? Buffer.alloc(0) : Buffer.concat(tail).subarray(-tailBytes);
      const dropped = total - keepBytes;
      if (dropped <= 0) return Buffer.concat([start, end]).toString(encoding);
      return `${wholeAtEnd(start)}\n[... ${dropped} bytes left out ...]\n${wholeAtStart(end)}`;
    },
  };
}

/** Without the beginning of a character whose end was left out. */
function wholeAtEnd(head: Buffer): string {
  return new StringDecoder('utf8').write(head);
}

/** Without the end of a character whose beginning was left out: at most three bytes. */
function wholeAtStart(tail: Buffer): string {
  let start = 0;
  while (start < 3 && start < tail.length && ((tail[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return tail.subarray(start).toString('utf8');
}
