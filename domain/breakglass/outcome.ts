/**
 * What became of one op, as far as it is known. Three values: `unknown` is never taken for failed, because a power event that may have
 * happened must not be made to happen again; and never for ok, because a VM that may be off must not be left alone.
 */
import type { Verb } from './verb.ts';

/** The host's own record of an op: the part of its document that says what happened. */
export interface OpRecord {
  readonly verb: Verb;
  readonly op: string | null;
  readonly state: 'done' | 'running';
  readonly result: 'ok' | 'failed' | 'unknown' | null;
  readonly reason: string | null;
  readonly hint: string | null;
  readonly touched: boolean;
}

/** Why it is certain that the verb did nothing: it never reached the host, or the host's script said that it was no request. */
export type NothingDone =
  | 'host_unreachable'
  | 'handshake_timeout'
  | 'handshake_failed'
  | 'host_key_mismatch'
  | 'key_refused'
  | 'channel_refused'
  | 'not_understood'
  | 'host_config'
  | 'op_mismatch';

/** Why nobody here can say what became of it. */
export type Unclear =
  | 'connection_lost'
  | 'channel_timeout'
  | 'command_timeout'
  | 'no_exit_code'
  | 'answer_too_large'
  | 'answer_unreadable'
  | 'other_vm'
  | 'not_accepted'
  | 'still_running'
  | 'host_silent'
  | 'record_lost';

export type PowerOutcome<R extends OpRecord = OpRecord> =
  | {
      /** The host said so, in its answer or, after a lost answer, in its record of the op. */
      readonly told: 'host';
      readonly reconciled: boolean;
      readonly result: 'ok' | 'failed' | 'unknown';
      readonly reason: string | null;
      readonly hint: string | null;
      readonly touched: boolean;
      readonly record: R;
    }
  | {
      readonly told: 'client';
      readonly result: 'failed';
      readonly reason: NothingDone;
      readonly hint: string;
      readonly touched: false;
      readonly record: null;
    }
  | {
      readonly told: 'client';
      readonly result: 'unknown';
      readonly reason: Unclear;
      readonly hint: string;
      /** Null: not known. */
      readonly touched: null;
      /** What the host said last, if it said anything. */
      readonly record: R | null;
    };

/** Of a record that has ended; one that runs has no outcome yet. */
export function toldByHost<R extends OpRecord>(record: R, reconciled: boolean): PowerOutcome<R> | null {
  if (record.state !== 'done' || record.result === null) return null;
  const { result, reason, hint, touched } = record;
  return { told: 'host', reconciled, result, reason, hint, touched, record };
}

export function nothingDone(reason: NothingDone, hint: string): PowerOutcome<never> {
  return { told: 'client', result: 'failed', reason, hint, touched: false, record: null };
}

export function unclear<R extends OpRecord>(reason: Unclear, hint: string, record: R | null): PowerOutcome<R> {
  return { told: 'client', result: 'unknown', reason, hint, touched: null, record };
}
