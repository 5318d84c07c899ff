/** The one document that a played playground prints (`--json`), made of what the API answers. */
export interface DemoRun {
  readonly repo: string;
  readonly issue: number;
  readonly outcome: string;
  readonly froze: boolean;
  readonly fixForwards: number;
  /** The newest sha of the run that is on main; null when nothing was pushed. */
  readonly sha: string | null;
  readonly stages: readonly { readonly stage: string; readonly seconds: number }[];
  readonly turns: number;
  readonly usd: number;
  /** `ref` is the path of the blob in the API. */
  readonly evidence: readonly {
    readonly kind: string;
    readonly verdict: string | null;
    readonly sha: string | null;
    readonly ref: string;
  }[];
}

export interface DemoDocument {
  readonly seconds: number;
  readonly runs: readonly DemoRun[];
}

/** What is read of GET /api/runs/:id. */
export interface RunAnswer {
  readonly run: {
    readonly id: string;
    readonly repoName: string;
    readonly issue: number;
    readonly stage: string;
    readonly outcome: string | null;
    readonly reason: string | null;
    readonly state: { readonly progress: { readonly pushed: string | null; readonly fixes: number } };
  };
  readonly transitions: readonly { readonly stage: string; readonly at: number }[];
  readonly evidence: readonly {
    readonly id: string;
    readonly kind: string;
    readonly verdict: string | null;
    readonly sha: string | null;
  }[];
  readonly spend: { readonly runMicroUsd: number; readonly turns: number };
}

export function froze({ transitions }: RunAnswer): boolean {
  return transitions.some(({ stage }) => stage === 'frozen');
}

export function describeRun(answer: RunAnswer): DemoRun {
  const { run, spend } = answer;
  return {
    repo: run.repoName,
    issue: run.issue,
    outcome: run.outcome ?? run.stage,
    froze: froze(answer),
    fixForwards: run.state.progress.fixes,
    sha: run.state.progress.pushed,
    stages: stageTimes(answer),
    turns: spend.turns,
    usd: spend.runMicroUsd / 1_000_000,
    evidence: answer.evidence.map(({ id, kind, verdict, sha }) => ({
      kind,
      verdict,
      sha,
      ref: `/api/evidence/${encodeURIComponent(id)}`,
    })),
  };
}

/** A stage that is entered again is listed again; the end takes no time. */
function stageTimes({ transitions }: RunAnswer): DemoRun['stages'] {
  return transitions.flatMap(({ stage, at }, index) => {
    const following = transitions[index + 1];
    return following === undefined ? [] : [{ stage, seconds: (following.at - at) / 1000 }];
  });
}
