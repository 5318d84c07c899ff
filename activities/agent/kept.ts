/** What a session leaves in evidence while it works: its commits, as bundles, and whole outputs. */
import type { Unit } from '../../domain/unit.ts';
import type { Store } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import { aside } from '../pace/aside.ts';
import type { CallKey } from './session-facts.ts';
import { readHead, withBundle } from '../hand-over/bundle.ts';
import type { Place } from './tools/tool.ts';

export interface KeepDeps {
  readonly store: Store;
  readonly now: () => number;
}

/** As git says it, in the C locale. */
const NOTHING_TO_BUNDLE = /empty bundle/i;

/**
 * Committed work goes into evidence as soon as HEAD has moved, once for each head (invariants 6 and 11). The call's own result never waits
 * for that: what could not be bundled is owed, and is made up for after the next call, of whatever kind. `isDue`: HEAD may have moved.
 */
export async function keepCommits(
  deps: KeepDeps,
  { unit, base, isDue, place }: { unit: Unit; base: string; isDue: boolean; place: () => Promise<Place> },
): Promise<void> {
  const { control } = deps.store;
  const owed = `owed/bundle/${unit.id}` as const;
  const kept = await aside(deps, { run: unit.id, what: 'the bundle of its newest commits' }, async () => {
    const isOwed = (await control.fact(owed)) === true;
    if (!isDue && !isOwed) return true;
    await bundleNewest(deps, unit, base, await place());
    if (isOwed) await control.setFact(owed, false, deps.now());
    return true;
  });
  if (kept === null)
    await aside(deps, { run: unit.id, what: 'that its newest commits are not bundled yet' }, () =>
      control.setFact(owed, true, deps.now()),
    );
}

async function bundleNewest(deps: KeepDeps, unit: Unit, base: string, { shell, worktree }: Place): Promise<void> {
  const { control } = deps.store;
  const head = await readHead(shell);
  const fact = `bundled/${unit.id}` as const;
  if (head === null || head === base || (await control.fact(fact)) === head) return;
  await withBundle(shell, worktree, base, async (bundled) => {
    if (bundled.ok) {
      await putBundle(deps, unit, head, bundled.bytes);
      await control.setFact(fact, head, deps.now());
    } else if (!NOTHING_TO_BUNDLE.test(bundled.why)) throw new Error(bundled.why);
  });
}

/** What was submitted, as it stands in the clean clone. */
export async function keepBundle(
  deps: KeepDeps & { readonly git: Pick<RepoGit, 'exportBundle'> },
  unit: Unit,
  head: string,
): Promise<void> {
  const bytes = await deps.git.exportBundle(head);
  if (bytes !== null) await putBundle(deps, unit, head, bytes);
}

async function putBundle({ store, now }: KeepDeps, unit: Unit, head: string, body: Uint8Array): Promise<void> {
  await store.evidence.put({
    key: `bundle/${unit.id}/${head}`,
    unit: unit.subject,
    kind: 'bundle',
    sha: head,
    verdict: null,
    summary: `commits up to ${head.slice(0, 10)}, ${body.byteLength} bytes`,
    mediaType: 'application/x-git-bundle',
    body,
    at: now(),
  });
}

/** The whole of what the model was shown in part. */
export async function keepOutput(deps: KeepDeps, unit: Unit, call: CallKey, body: string): Promise<void> {
  const { sessionId, turn, toolUseId } = call;
  await aside(deps, { run: unit.id, what: `the whole output of a call in turn ${turn}` }, () =>
    deps.store.evidence.put({
      key: `tool-output/${sessionId}/${turn}/${toolUseId}`,
      unit: unit.subject,
      kind: 'tool-output',
      sha: null,
      verdict: null,
      summary: `whole output of a tool call in turn ${turn}, ${body.length} characters`,
      mediaType: 'text/plain',
      body,
      at: deps.now(),
    }),
  );
}
