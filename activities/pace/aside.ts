/** What decorates a result never costs it: where it fails, the result stands, the log says what is missing, and people find a notice of it. */
import { Context } from '@temporalio/activity';
import { headOf } from '../../domain/text.ts';
import type { Control } from '../../store/port.ts';

export interface AsideDeps {
  readonly store: { readonly control: Pick<Control, 'setFact'> };
  readonly now: () => number;
}

/** The newest thing that a run had to do without. */
export interface Missing {
  readonly what: string;
  readonly why: string;
}

export const MISSING_FACTS = 'missing/';

/** `what` completes "could not be written: …". Null where it failed. */
export async function aside<T>(
  deps: AsideDeps,
  { run, what }: { readonly run: string; readonly what: string },
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    await noteMissing(deps, run, { what, why: headOf(error instanceof Error ? error.message : String(error), 500) });
    return null;
  }
}

async function noteMissing({ store, now }: AsideDeps, run: string, missing: Missing): Promise<void> {
  const { log } = Context.current();
  log.warn(`${missing.what} could not be written: ${missing.why}`, { run });
  try {
    await store.control.setFact(`${MISSING_FACTS}${run}`, missing, now());
  } catch (error) {
    // The store is most often what failed in the first place; the log has both.
    log.warn(`nor could the notice of it: ${String(error)}`, { run });
  }
}
