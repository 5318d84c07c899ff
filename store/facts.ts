/**
 * Small facts, each with one owner: what is asked by its name only, and therefore needs no column. A family says what its values are and
 * how long they are kept; a fact of no family can't be written. Keys are `<family><name>`.
 */
import { z } from 'zod';
import type { WatchMemory } from '../domain/watchdog/condition.ts';

/**
 * `unit`: the name begins with the unit's id, and it goes some time after the unit has ended. `days`: it goes so long after it was last
 * set, and whoever misses it finds it out again. `ever`: one a repo or one in all.
 */
export type Keep = 'unit' | 'ever' | { readonly days: number };

interface Family<Value> {
  /** The one module that writes it. */
  readonly owner: string;
  readonly keep: Keep;
  readonly value: z.ZodType<Value>;
}

const count = z.number().int().nonnegative();
/** Epoch milliseconds. */
const time = z.number();
const words = z.string();
const sessionEnd = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('submitted'), head: z.string() }),
  z.object({ kind: z.literal('gave-up'), reason: z.string() }),
  z.object({ kind: z.literal('exhausted'), bound: z.string() }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
  z.object({ kind: z.literal('called-away') }),
]);
const changedTest = z.object({ id: z.string(), reason: z.string() });

export const FACTS = {
  'attempts/': { owner: 'activities/agent/model-call.ts', keep: 'unit', value: count },
  'cuts/': { owner: 'activities/agent/model-call.ts', keep: 'unit', value: count },
  'begun/': { owner: 'activities/agent/session-facts.ts', keep: 'unit', value: z.literal(true) },
  'end/': { owner: 'activities/agent/session-facts.ts', keep: 'unit', value: sessionEnd },
  'places/': { owner: 'activities/agent/progress.ts', keep: 'unit', value: z.record(z.string(), z.string()) },
  'held/': {
    owner: 'activities/agent/held-time.ts',
    keep: 'unit',
    value: z.object({ ms: z.number(), since: time.nullable(), of: z.string() }),
  },
  'owed/bundle/': { owner: 'activities/agent/kept.ts', keep: 'unit', value: z.boolean() },
  'bundled/': { owner: 'activities/agent/kept.ts', keep: 'unit', value: z.string() },
  'submit/': {
    owner: 'activities/agent/tool-run.ts',
    keep: 'unit',
    value: z.object({ head: z.string(), changedTests: z.array(changedTest).readonly() }),
  },
  /** The host whose disk has the run's work folder. */
  'opened/': { owner: 'activities/checkout/opened.ts', keep: 'unit', value: words },
  'checks/': { owner: 'activities/stages/prepare.ts', keep: 'unit', value: z.number() },
  'failures/': {
    owner: 'activities/stages/lasting-failures.ts',
    keep: 'unit',
    value: z.object({ since: time, kinds: z.record(z.string(), count) }),
  },
  'missing/': { owner: 'activities/pace/aside.ts', keep: 'unit', value: z.object({ what: words, why: words }) },
  'trouble/': {
    owner: 'activities/run/trouble.ts',
    keep: 'unit',
    value: z.object({ why: words, since: time, at: time, times: count }),
  },
  'watch/': { owner: 'activities/deploy/stage-record.ts', keep: 'unit', value: z.union([time, z.looseObject({})]) },
  'pending/': { owner: 'activities/deploy/watch.ts', keep: 'unit', value: time },
  'watched/': { owner: 'activities/deploy/watch.ts', keep: { days: 90 }, value: z.looseObject({ kind: z.string() }) },
  'base-proof/': { owner: 'activities/gates/base-proof.ts', keep: { days: 30 }, value: z.string() },
  'flaky/': {
    owner: 'activities/gates/base-proof.ts',
    keep: { days: 90 },
    value: z.record(z.string(), z.array(z.string()).readonly()),
  },
  poller: { owner: 'activities/dispatch/poll.ts', keep: 'ever', value: z.object({ held: count }) },
  'tracker-failure/': { owner: 'activities/dispatch/poll.ts', keep: 'ever', value: words },
  'issues-failure/': { owner: 'activities/dispatch/poll.ts', keep: 'ever', value: words },
  'worker/': {
    owner: 'activities/watchdog/show-worker.ts',
    keep: { days: 30 },
    value: z.object({ stopped: z.boolean() }),
  },
  watchdog: {
    owner: 'activities/watchdog/watchdog.ts',
    keep: 'ever',
    value: z.custom<Partial<WatchMemory>>((value) => typeof value === 'object' && value !== null),
  },
  shape: { owner: 'workers/upgrade.ts', keep: 'ever', value: z.object({ shape: z.number() }) },
} as const satisfies Readonly<Record<string, Family<unknown>>>;

type Families = typeof FACTS;
export type FactFamily = keyof Families;
export type KeyIn<F extends FactFamily> = F extends `${string}/` ? `${F}${string}` : F;
/** Such as `held/<unit>`; a word that ends in a slash is completed by a name. */
export type FactKey = { [F in FactFamily]: KeyIn<F> }[FactFamily];
type FamilyOf<K extends string> = { [F in FactFamily]: K extends KeyIn<F> ? F : never }[FactFamily];
export type FamilyValue<F extends FactFamily> = z.output<Families[F]['value']>;
export type FactValue<K extends string> = FamilyValue<FamilyOf<K>>;

export function familyOf(key: string): { readonly name: FactFamily } & Family<unknown> {
  const name = FAMILY_NAMES.find((one) => (one.endsWith('/') ? key.startsWith(one) : key === one));
  if (name === undefined)
    throw new Error(
      `there is no family of facts for ${JSON.stringify(key)}: add one to store/facts.ts, with its owner and how long it is kept`,
    );
  return { name, ...FACTS[name] };
}

const FAMILY_NAMES = Object.keys(FACTS) as readonly FactFamily[];

/** The value as its family says that it is; a fact of another shape is nobody's guess. */
export function factOf<K extends FactKey>(key: K, value: unknown): FactValue<K> {
  const { owner, value: schema } = familyOf(key);
  const read = schema.safeParse(value);
  if (read.success) return read.data as FactValue<K>;
  throw new Error(`the fact ${key} is not what ${owner} writes: ${z.prettifyError(read.error)}`);
}
