/**
 * The shape of our workflows: which commands they give, in which order. An execution that is open goes on only in code of its own shape,
 * because it is replayed. Raised when commands move and `patched()` does not bridge it: then `up` and workers end what is open in an
 * older shape and rebuild it from the store before anything works on it (docs/adr/0022).
 */
export const SHAPE = 3;

/** Of executions that say nothing of it: those before this was kept. */
export const FIRST_SHAPE = 1;

/** What an execution says of itself; it keeps it when it continues as new. */
export const SHAPE_MEMO = { shape: SHAPE } as const;

/** In a memo or a fact. */
export function shapeIn(said: unknown): number {
  const shape = typeof said === 'object' && said !== null && 'shape' in said ? said.shape : null;
  return typeof shape === 'number' ? shape : FIRST_SHAPE;
}
