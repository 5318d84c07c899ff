/** `.lamplighter.yml` on the repo's main branch, as parsed: what the repo promises about its checks and its deploy. */
export const REPORTS = ['junit', 'tap', 'go-json', 'cargo-json', 'exit-code'] as const;
export type ReportKind = (typeof REPORTS)[number];

export interface Check {
  readonly name: string;
  /** Folder in the repo, `.` for the root. */
  readonly dir: string;
  /** Runs when a changed path matches one of these globs; empty means always. */
  readonly when: readonly string[];
  /** Runs whatever changed. */
  readonly always: boolean;
  /** Shell command that makes the folder ready (install); null for none. */
  readonly setup: string | null;
  /** Shell command that runs the tests. `$LAMPLIGHTER_REPORT` is where the report is to be written; TAP may also come on stdout. */
  readonly test: string;
  readonly report: ReportKind;
  /** Which files are tests and their fixtures, relative to `dir`. */
  readonly globs: readonly string[];
  /** Fewer tests than this in a report is not a proof. */
  readonly minimum: number;
  readonly timeoutSeconds: number;
}

/** Inside a sandbox the way to the network stands on this port of loopback. */
export const PROXY_PORT = 3128;

/** A server that every command of the contract and of a session finds on loopback, empty and its own. */
export type Service =
  | {
      readonly kind: 'postgres';
      /** Major version; null takes the newest of the machine. */
      readonly version: number | null;
      readonly port: number;
      /** Variable that holds the address. */
      readonly env: string;
      readonly database: string;
    }
  | { readonly kind: 'redis'; readonly port: number; readonly env: string };

export interface Contract {
  readonly checks: readonly Check[];
  /** Names of operator-declared toolchains, bound read-only and put on PATH. */
  readonly toolchain: readonly string[];
  /** Host names that setup, checks and the session may reach through the proxy. */
  readonly network: readonly string[];
  readonly services: readonly Service[];
  /** Names of variables that the operator declared for this repo's tests, such as a test account's key. */
  readonly secrets: readonly string[];
  /** Globs of paths that an agent's change may not touch, beside those that are always protected. */
  readonly protected: readonly string[];
  /** `ask`: each push waits until a person has approved that very sha. */
  readonly push: 'direct' | 'ask';
  /** Commands of the build stage, run on a clean clone of the pushed sha in the sandbox. Empty: no build stage. */
  readonly build: readonly string[];
}

/** What holds of each key that a contract leaves out. */
export const EMPTY_CONTRACT: Contract = {
  checks: [],
  toolchain: [],
  network: [],
  services: [],
  secrets: [],
  protected: [],
  push: 'direct',
  build: [],
};

/** Set by the sandbox or the gates themselves; `LD_*` would reach the programs that set the sandbox up. */
export function isReservedVariable(name: string): boolean {
  return /^(PATH|HOME|TMPDIR|LANG|LC_ALL|CI|LAMPLIGHTER_.*|LD_.*)$/.test(name);
}

/** What the service's variable holds. No password: the server trusts who reaches it, and nobody outside the sandbox does. */
export function serviceAddress(service: Service): string {
  return service.kind === 'postgres'
    ? `postgres://postgres@127.0.0.1:${service.port}/${service.database}`
    : `redis://127.0.0.1:${service.port}`;
}
