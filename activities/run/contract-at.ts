import type { Contract } from '../../domain/contract.ts';

export type ContractRead =
  | { readonly ok: true; readonly contract: Contract }
  /** One sentence with the line to mend. */
  | { readonly ok: false; readonly reason: string };

/** Reads and parses the contract as it is in a sha. */
export type ContractAt = (sha: string) => Promise<ContractRead>;
