/** How a session of any executor ends. A hint until the orchestrator's own gates have spoken (invariant 4). */
export type SessionEnd =
  | { readonly kind: 'submitted'; readonly head: string }
  | { readonly kind: 'gave-up'; readonly reason: string }
  | { readonly kind: 'exhausted'; readonly bound: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** A person's act for the run was met at a turn's boundary; where the run stays in its stage, the opening goes on where it was. */
  | { readonly kind: 'called-away' };
