/**
 * The watchdog (invariant 10): a loop that needs no Temporal. It looks, calls a person for what lasts too long, once for each
 * occurrence, and lets a dead-man service hear that it is alive. No error ends it:
 * one that lasts is itself a call, straight through the notifier, because the store may be what is gone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { WatchdogConfig } from '../../config/types.ts';
import { findingInWords, type Finding, type WatchMemory } from '../../domain/watchdog/condition.ts';
import { freshMemory, judge } from '../../domain/watchdog/judge.ts';
import type { Observation } from '../../domain/watchdog/observation.ts';
import type { EscalationRow, Store } from '../../store/port.ts';
import { createCalls, messageOf, type CallsDeps } from './calls.ts';
import type { Ping, PingStanding } from './ping.ts';

export interface WatchdogDeps extends Omit<CallsDeps, 'store'> {
  readonly store: Pick<Store, 'control' | 'events' | 'escalations'>;
  readonly now: () => number;
  readonly config: Pick<WatchdogConfig, 'everyMs' | 'limits'>;
  readonly look: () => Promise<Observation>;
  readonly ping: Ping;
}

export interface WatchdogStanding {
  /** Of the newest look that succeeded; null before the first. */
  readonly lookedAt: number | null;
  /** Why looks fail now; null while they don't. */
  readonly failure: string | null;
  readonly findings: readonly Finding[];
  readonly ping: PingStanding | null;
}

export interface Watchdog {
  standing(): WatchdogStanding;
  /** One look with all that follows from it; never rejects. */
  look(): Promise<void>;
  /** Looks until it is stopped. */
  start(): void;
  stop(): Promise<void>;
}

const MEMORY = 'watchdog';
/** Temporal alone is given a third of it. */
const LOOK_MS = 30_000;
/** A look in flight is given this long at the end; what it would have noticed the next process does. */
const STOP_MS = 2_000;

export function createWatchdog(deps: WatchdogDeps): Watchdog {
  const { store, config, now } = deps;
  const people = createCalls(deps);
  const stopping = new AbortController();
  const timeoutMs = Math.max(LOOK_MS, config.limits.unseenMs / 3);
  let memory: WatchMemory | null = null;
  let standing: WatchdogStanding = { lookedAt: null, failure: null, findings: [], ping: null };
  let failingSince: number | null = null;
  let toldOfFailure = false;
  /** A look that has not come back in time is waited for, not doubled. */
  let hanging: Promise<void> | null = null;
  let loop: Promise<void> = Promise.resolve();

  async function lookAndCall(): Promise<void> {
    const at = now();
    memory ??= { ...freshMemory(at), ...((await store.control.fact(MEMORY)) as Partial<WatchMemory> | null) };
    const { findings, calls, over, memory: next } = judge(await deps.look(), config.limits, memory, at);
    const unreached = new Set<string>();
    for (const call of calls) {
      if (!(await people.raise(call, at, failingSince !== null))) unreached.add(call.key);
    }
    const called = Object.fromEntries(Object.entries(next.called).filter(([key]) => !unreached.has(key)));
    // Before anything is written: this look was one, and its calls were made, whether or not the store can say so.
    memory = { ...next, called: { ...memory.called, ...called } };
    await people.writeOwed(at);
    for (const one of over) await people.settle(one, at);
    memory = { ...next, called };
    await store.control.setFact(MEMORY, memory, at);
    standing = { ...standing, lookedAt: at, findings };
  }

  async function look(): Promise<void> {
    hanging ??= lookAndCall().finally(() => {
      hanging = null;
    });
    const over = new AbortController();
    const late = delay(timeoutMs, undefined, { signal: over.signal }).then(() => {
      throw new Error(`it has not come back after ${Math.round(timeoutMs / 1000)} s`);
    });
    try {
      await Promise.race([hanging, late]);
      see();
      await ping();
    } catch (error) {
      await fail(messageOf(error));
    } finally {
      over.abort();
      // Aborted, or lost against the look: either way nobody's failure.
      late.catch(() => undefined);
    }
  }

  function see(): void {
    if (failingSince !== null) deps.say('the watchdog sees again');
    failingSince = null;
    toldOfFailure = false;
    standing = { ...standing, failure: null };
  }

  async function fail(reason: string): Promise<void> {
    const at = now();
    if (failingSince === null) deps.say(`a look of the watchdog failed: ${reason}`);
    failingSince ??= at;
    standing = { ...standing, failure: reason };
    if (toldOfFailure || at - failingSince < config.limits.unseenMs) return;
    toldOfFailure = true;
    const row = blindCall(reason, failingSince, at);
    try {
      // Not by its row: the store may be what cannot be read.
      await deps.notifier.deliver(row, `${deps.publicUrl}/`);
    } catch (error) {
      deps.say(`${row.decision} (and nobody could be told: ${messageOf(error)})`);
    }
  }

  async function ping(): Promise<void> {
    const before = standing.ping;
    const after = await deps.ping.whenDue(now());
    standing = { ...standing, ping: after };
    if (after !== null && after.ok !== (before?.ok ?? true)) deps.say(after.detail);
  }

  return {
    standing: () => standing,
    look,
    start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await look();
          // Rejects only when it is stopped, which the loop's condition sees.
          await delay(config.everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        }
      })();
    },
    async stop() {
      stopping.abort();
      await Promise.race([loop, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}

function blindCall(reason: string, since: number, at: number): EscalationRow {
  const text = `the watchdog cannot look: ${reason}`;
  const why = 'nobody would notice a run that stands still, and without the store none moves';
  const decision = findingInWords({ text, why, remedy: 'mend what the message names; the log of the api says more' });
  const key = `watchdog/blind/${since}`;
  return { key, run: null, repo: null, severity: 'high', topic: 'watchdog-blind', decision, at, deliveredAt: null };
}
