/**
 * Histories as files: one a workflow execution, named by the story that it took part in. What names a machine or a
 * process is taken out, as replay does not look at it; payloads stay as they were and must not name one by themselves.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
type HistoryMessage = proto.temporal.api.history.v1.IHistory;

export const HISTORIES = fileURLToPath(new URL('../histories/', import.meta.url));

export interface HistoryFile {
  readonly release: string;
  /** Without `.json`. */
  readonly name: string;
  readonly workflowType: string;
  /** As the file has it. */
  readonly text: string;
}

export function releases(): string[] {
  return readdirSync(HISTORIES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export function readHistories(release: string): HistoryFile[] {
  const files = readdirSync(join(HISTORIES, release)).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => {
    const text = readFileSync(join(HISTORIES, release, file), 'utf8');
    const workflowType = parseHistory(text).events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name;
    if (workflowType == null) throw new Error(`${release}/${file} does not begin with the start of a workflow`);
    return { release, name: file.slice(0, -'.json'.length), workflowType, text };
  });
}

/** Not by the SDK's own `historyFromJSON`: it throws where npm has given the SDK's packages a protobufjs each, as ours has. */
export function parseHistory(text: string): HistoryMessage {
  return History.fromObject(JSON.parse(text) as object);
}

/** One event a line, so that a diff of two recordings can be read. */
export function historyText(history: HistoryMessage): string {
  const plain = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
  const kept = JSON.parse(JSON.stringify(plain), withoutMachine) as { events: object[] };
  return `{"events":[\n${kept.events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

/** Drops the process that polled, the queue of its own, and where in its files an error was thrown. */
function withoutMachine(key: string, value: unknown): unknown {
  if (key === 'identity' || key === 'stackTrace') return undefined;
  const isSticky = typeof value === 'object' && value !== null && 'kind' in value && value.kind === STICKY;
  return isSticky ? { ...value, name: 'sticky' } : value;
}

const STICKY = 'TASK_QUEUE_KIND_STICKY';

/** The text with each payload's bytes as what they stand for: what a search for private words must look through. */
export function decodedText(text: string): string {
  const decode = (whole: string, data: string): string => whole + Buffer.from(data, 'base64').toString('utf8');
  return text.replaceAll(/"data":"([A-Za-z0-9+/=]*)"/g, decode);
}
