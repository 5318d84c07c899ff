/** The types of the configuration, from its one shape. */
import type { z } from 'zod';
import type * as shape from './shape.ts';

/** As parsed, and for nobody to change. */
type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

export type Config = Frozen<z.infer<typeof shape.config>>;
export type LoadedConfig = Frozen<z.infer<typeof shape.loadedConfig>>;
export type RepoConfig = Frozen<z.infer<typeof shape.repo>>;
export type NotifierConfig = Config['notifiers'][number];
export type TrackerConfig = RepoConfig['tracker'];
export type DeployTarget = RepoConfig['deploy'];
export type TestVariable = Frozen<z.infer<typeof shape.testVariable>>;
export type Toolchain = Frozen<z.infer<typeof shape.toolchain>>;
export type Egress = Frozen<z.infer<typeof shape.egress>>;
export type ModelConfig = Frozen<z.infer<typeof shape.model>>;
export type StoreConfig = Frozen<z.infer<typeof shape.store>>;
export type WatchdogConfig = Frozen<z.infer<typeof shape.watchdog>>;
export type KnownSecret = Frozen<z.infer<typeof shape.knownSecret>>;
