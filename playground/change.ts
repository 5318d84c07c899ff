/** One issue of the playground with the change that answers it: what the scripted model types, and what tests and checker judge by. */
export interface Edit {
  readonly path: string;
  /** Stands exactly once in the file. */
  readonly old: string;
  readonly new: string;
}

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** `mended`: shipped after a red deploy was fixed forward. */
export type Expected = 'shipped' | 'mended' | 'frozen';

/** What one commit brings: a test that is red before it, and the code that turns it green. */
export interface Step {
  /** Loads on what is there before and fails by assertion. */
  readonly test: NewFile;
  readonly added: readonly NewFile[];
  readonly edits: readonly Edit[];
  readonly subject: string;
}

/** The further commit after a red deploy. */
export interface Mending extends Step {
  /** What the model finds in the log of the failed deploy; it stands there word by word. */
  readonly cause: string;
  /** What it says of it. */
  readonly say: string;
}

export interface Change extends Step {
  readonly issue: number;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly expected: Expected;
  readonly acceptanceCriteria: readonly string[];
  readonly testPlan: string;
  /** One fix-forward attempt; null where the deploy is green at once. */
  readonly mending: Mending | null;
}

/** A question to a live service, with what it answers before and after its repo's issues: seen from outside, no file of the repo is needed. */
export interface Behaviour {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}
