/**
 * Where a run stands. Each transition is written to the store before anything else happens because of it (design section 5),
 * and what it owes the world is done before the next one: both by one activity.
 */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { leavesWork } from '../domain/transitions/called-away.ts';
import { moveInWords, runDetails } from '../domain/details.ts';
import type { RunInput } from '../domain/run.ts';
import { FRESH, type RunEffect, type RunEvent, type RunState } from '../domain/stage.ts';
import { next } from '../domain/transitions/transition.ts';
import { workOf, type Work } from '../domain/work.ts';
import { control, moving } from './calls.ts';
import type { Admission } from './ports.ts';

const attributes = {
  repo: defineSearchAttributeKey('LamplighterRepo', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('LamplighterStage', SearchAttributeType.KEYWORD),
  issue: defineSearchAttributeKey('LamplighterIssue', SearchAttributeType.INT),
  frozen: defineSearchAttributeKey('LamplighterFrozen', SearchAttributeType.BOOL),
};

export interface Applied {
  readonly moved: boolean;
  /** Whether acts wait to be taken, as the store saw it with the transition. */
  readonly acts: boolean;
}

export class RunLife {
  readonly input: RunInput;
  state: RunState;
  #seq: number;
  /** To the work that is due, as it was said with the move. */
  #admission: Admission | null = null;
  readonly #passed = new Set<RunState['stage']>();

  constructor(input: RunInput) {
    this.input = input;
    this.state = input.resume?.state ?? FRESH;
    this.#seq = input.resume?.seq ?? 0;
  }

  /** Of the newest transition. */
  get seq(): number {
    return this.#seq;
  }

  due(): Work | null {
    return workOf(this.state, this.input.bounds);
  }

  /** Whether the work that is due stays due when `event` is applied. */
  leavesWork(event: RunEvent): boolean {
    return leavesWork({ state: this.state, bounds: this.input.bounds }, event, Date.now());
  }

  /** Session time is spent whatever comes of the session. */
  spend(sessionMs: number): void {
    this.state = { ...this.state, progress: { ...this.state.progress, sessionMs } };
  }

  /**
   * `act`: the one that the event stands for. Where the event would end or freeze the run past what people asked for before, the run
   * stays where it was, with its work due again after they were heard.
   */
  async apply(event: RunEvent, act?: string): Promise<Applied> {
    const moved = next(this.state, event, this.input.bounds, Date.now());
    if (moved.state === this.state && moved.effects.length === 0) return { moved: false, acts: false };
    const { recorded, ...said } = await this.#moving(moveInWords(moved)).recordTransition({
      runId: this.input.runId,
      seq: this.#seq + 1,
      state: moved.state,
      effects: moved.effects,
      cause: event.kind,
      ...(act === undefined ? {} : { act }),
    });
    if (!recorded) return { moved: false, acts: said.acts };
    this.#seq += 1;
    this.state = moved.state;
    this.#admission = said.admission;
    this.show();
    return { moved: true, acts: said.acts };
  }

  /** A rebuilt run may owe the effects of its last transition, each of which is idempotent. */
  async settle(effects: readonly RunEffect[]): Promise<void> {
    const summary = moveInWords({ state: this.state, effects });
    const { admission } = await this.#moving(summary).settleTransition({ runId: this.input.runId, seq: this.#seq });
    this.#admission = admission;
  }

  /** Once: whatever is asked for later is to be admitted anew. */
  takeAdmission(): Admission | null {
    const admission = this.#admission;
    this.#admission = null;
    return admission;
  }

  #moving(summary: string): ReturnType<typeof control> {
    return control(summary, moving(this.input.heartbeatSeconds));
  }

  show(): void {
    const { state, input } = this;
    this.#passed.add(state.stage);
    setCurrentDetails(runDetails(input, state, this.#passed));
    upsertSearchAttributes([
      { key: attributes.repo, value: input.repoName },
      { key: attributes.stage, value: state.stage === 'ended' ? state.outcome : state.stage },
      { key: attributes.issue, value: input.issue },
      { key: attributes.frozen, value: state.stage === 'frozen' },
    ]);
  }
}
