/** What one verification is given, and what its gates share. */
import type { ChangedTest } from '../../domain/gates/proof.ts';
import type { Waivers } from '../../domain/waivers.ts';
import type { ChangedFile } from '../git/port.ts';
import type { BaseInput, BaseProof } from './base-proof.ts';
import type { TreeRun } from './tree-run.ts';

export interface VerifyInput extends BaseInput {
  readonly issue: number;
  readonly head: string;
  /** Ids of the base's tests that the change alters on purpose, as the agent gave them at submit. */
  readonly changedTests: readonly ChangedTest[];
  /** The red deploy that this change is to mend: it is the red evidence then. Null for a change that has no such. */
  readonly recordedRed: RecordedRed | null;
  /** As the issue's labels say now. */
  readonly waivers: Waivers;
}

export interface RecordedRed {
  /** Id of the evidence. */
  readonly evidence: string;
  readonly summary: string;
}

/** What the gates of one verification share. */
export interface Verification extends VerifyInput {
  readonly files: readonly ChangedFile[];
  readonly proof: BaseProof;
  readonly runOverTree: TreeRun;
}
