import type { SecretValue } from './secret-types.ts';
import type { EnvironmentRefs, SecretRef } from './words.ts';
import type { KeyPath } from './yaml-document.ts';

/** Reads what the file only names. Failures are collected, so that an operator sees all of them at once. */
export interface References {
  path(given: string): string;
  /** Empty text when it can't be read: the error is in the list. */
  secret(ref: SecretRef, at: KeyPath): string;
  environment(refs: EnvironmentRefs | undefined, at: KeyPath): Record<string, string>;
  /** All that `secret` has read so far. */
  read(): readonly SecretValue[];
}
