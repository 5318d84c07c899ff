import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';

/** The type of a failure that is a known wait. */
export const NOT_YET = 'NotYet';

/**
 * "Not yet": the server retries the activity after `againMs`, or else its fixed interval. Retries write no history, so a wait may last
 * weeks, and the failure is benign, so no log or metric takes it for trouble.
 */
export function notYet(what: string, againMs?: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: what,
    type: NOT_YET,
    nonRetryable: false,
    ...(againMs === undefined ? {} : { nextRetryDelay: againMs }),
    category: ApplicationFailureCategory.BENIGN,
  });
}

export function isNotYet(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === NOT_YET;
}
