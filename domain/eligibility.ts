import { blockersOf, LABELS, type Actor, type Issue, type LabelEvent } from './issue.ts';

/** What the decision needs to know beside the issue. Nothing here is guessed: an unread blocker is `unknown`. */
export interface World {
  readonly killSwitch: boolean;
  readonly allowlisted: boolean;
  readonly blockers: ReadonlyMap<number, 'open' | 'closed' | 'unknown'>;
  /** Release ids of this repo that a run has already used up. */
  readonly usedReleases: ReadonlySet<string>;
}

export type Refusal =
  | { readonly why: 'kill-switch' }
  | { readonly why: 'not-allowlisted' }
  | { readonly why: 'closed' }
  | { readonly why: 'not-labelled' }
  | { readonly why: 'untrusted'; readonly by: string }
  | { readonly why: 'release-used'; readonly release: string }
  | { readonly why: 'blocked'; readonly by: readonly number[] };

export type Eligibility =
  | { readonly eligible: true; readonly release: LabelEvent }
  | { readonly eligible: false; readonly refusals: readonly Refusal[] };

/** Trust fails closed (invariant 9): a person with write access or more, named by the tracker; bots never. */
export function isTrusted(actor: Actor | null): boolean {
  return actor !== null && actor.kind === 'user' && (actor.permission === 'write' || actor.permission === 'admin');
}

/** The label's most recent application, or null when its last event is a removal or there is none. */
export function lastApplication(events: readonly LabelEvent[], label: string): LabelEvent | null {
  const last = events.filter((event) => event.label === label).at(-1);
  return last?.action === 'added' ? last : null;
}

/** Decides whether an issue may be dispatched now, and if not gives every reason, not just the first. */
export function judgeEligibility(issue: Issue, world: World): Eligibility {
  const refusals: Refusal[] = [];
  if (world.killSwitch) refusals.push({ why: 'kill-switch' });
  if (!world.allowlisted) refusals.push({ why: 'not-allowlisted' });
  if (issue.state !== 'open') refusals.push({ why: 'closed' });

  const release = issue.labels.includes(LABELS.ready) ? lastApplication(issue.labelEvents, LABELS.ready) : null;
  if (!issue.labels.includes(LABELS.ready)) refusals.push({ why: 'not-labelled' });
  else if (release === null) refusals.push({ why: 'untrusted', by: 'nobody the tracker can name' });
  else if (!isTrusted(release.by))
    refusals.push({ why: 'untrusted', by: release.by?.login ?? 'nobody the tracker can name' });
  else if (world.usedReleases.has(release.id)) refusals.push({ why: 'release-used', release: release.id });

  const open = blockersOf(issue).filter((number) => world.blockers.get(number) !== 'closed');
  if (open.length > 0) refusals.push({ why: 'blocked', by: open });

  return refusals.length === 0 && release !== null ? { eligible: true, release } : { eligible: false, refusals };
}

/** One refusal in words, for the CLI and the log. */
export function refusalText(refusal: Refusal): string {
  switch (refusal.why) {
    case 'kill-switch':
      return 'the kill switch is on';
    case 'not-allowlisted':
      return 'the repo is not on the allowlist';
    case 'closed':
      return 'the issue is closed';
    case 'not-labelled':
      return `the label ${LABELS.ready} is not on the issue`;
    case 'untrusted':
      return `the label ${LABELS.ready} was applied by ${refusal.by}, who is not a trusted collaborator`;
    case 'release-used':
      return 'a run has already used this application of the label: remove it and apply it again';
    case 'blocked':
      return `blocked by ${refusal.by.map((number) => `#${number}`).join(', ')}`;
  }
}
