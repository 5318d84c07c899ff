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

export interface Change {
  readonly issue: number;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly expected: 'shipped' | 'frozen';
  readonly acceptanceCriteria: readonly string[];
  readonly testPlan: string;
  /** Loads on the base and fails there by assertion. */
  readonly test: NewFile;
  readonly added: readonly NewFile[];
  readonly edits: readonly Edit[];
  readonly subject: string;
}

/** A question to the live service, with what it answers before and after issue 1: seen from outside, no file of the repo is needed. */
export interface Behaviour {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}
