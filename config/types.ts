/** `lamplighter.yaml` as parsed, with every default filled in: what the operator decides. Paths are absolute. */
import type { Caps } from '../domain/caps.ts';
import type { DeployTarget } from '../domain/contract.ts';
import type { Price } from '../domain/money.ts';
import type { RunBounds } from '../domain/bounds.ts';
import type { WatchLimits } from '../domain/watchdog/condition.ts';

export interface RepoConfig {
  readonly key: string;
  readonly name: string;
  /** Git URL or absolute path. */
  readonly remote: string;
  readonly branch: string;
  readonly tracker: LocalTrackerConfig;
  /** Environment of the push process only, such as `GIT_ASKPASS` or `GIT_SSH_COMMAND`; secrets resolved from files or the environment. */
  readonly pushEnv: Readonly<Record<string, string>>;
  /** Addresses of submodules that may be fetched, as `remote` is; absent: none. */
  readonly submodules?: readonly string[];
  /** What the contract may ask for by name under `secrets`; absent: nothing. */
  readonly testEnv?: Readonly<Record<string, TestVariable>>;
  readonly deploy: DeployTarget;
}

export interface TestVariable {
  readonly value: string;
  /** The session has it too, and so has the model that reads what its commands print. */
  readonly session: boolean;
}

export interface LocalTrackerConfig {
  readonly kind: 'local';
  readonly dir: string;
  /** Login → permission; a name that is not listed has none. */
  readonly people: Readonly<Record<string, 'admin' | 'write' | 'read'>>;
}

export interface Toolchain {
  /** Absolute folders bound read-only at the same path inside. */
  readonly bind: readonly string[];
  /** Absolute folders put in front of PATH. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How the outside is reached from this machine. */
export interface Egress {
  /** `host:port` of an HTTP proxy that all goes through, and that resolves the names; null: none. */
  readonly proxy: string | null;
  /** `user:password` for it, a secret; null: it asks for none. */
  readonly login?: string | null;
  /** Names that are reached without it, each with all below it; `*`: all. This machine's own always are. */
  readonly direct?: readonly string[];
  /** Names that may stand for an address that is not public. A contract must list them under `network` too. */
  readonly privateHosts: readonly string[];
}

export interface ModelConfig {
  readonly provider: 'anthropic' | 'scripted';
  readonly name: string;
  /** Null: the SDK's own address. */
  readonly baseUrl: string | null;
  readonly apiKey: string | null;
  readonly maxTokens: number;
  readonly prices: Readonly<Record<string, Price>>;
}

export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

export interface WatchdogConfig {
  /** Between two looks. */
  readonly everyMs: number;
  readonly limits: WatchLimits;
  /** Somebody else's dead-man service, which calls when it hears nothing; null: nobody is told that this process is alive. */
  readonly ping: { readonly url: string; readonly everyMs: number } | null;
}

/** A value that must not be written down, under a name that may be. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

export interface Config {
  readonly dataDir: string;
  readonly repos: readonly RepoConfig[];
  /** Repo names that may be dispatched; empty by default (invariant 8). */
  readonly allow: readonly string[];
  readonly store: StoreConfig;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly webUrl: string | null;
    /** Whether signals sent with Temporal's own tools, which carry nobody's name, are honoured. */
    readonly unattributedSignals: boolean;
  };
  readonly api: { readonly port: number; readonly publicUrl: string };
  readonly model: ModelConfig;
  readonly bounds: RunBounds;
  readonly caps: Caps;
  readonly watchdog: WatchdogConfig;
  /** Runs that may work at once. */
  readonly slots: number;
  readonly pollSeconds: number;
  readonly toolchains: Readonly<Record<string, Toolchain>>;
  /** Absent: directly, to public addresses only. */
  readonly egress?: Egress;
  /** Seconds after which a silent worker's activity is given to another. */
  readonly heartbeatSeconds: number;
  /** What the file only named: values read from a variable or a file of the operator's. */
  readonly secrets?: readonly KnownSecret[];
}
