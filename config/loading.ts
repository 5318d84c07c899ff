/** What the configuration is loaded from, and what the loading functions share. */
import type { Environment } from './environment.ts';
import type { ConfigFile } from './schema.ts';
import type { References } from './schemas/references.ts';
import type { KeyPath } from './schemas/yaml-document.ts';

export interface ConfigInput {
  /** Null: no file, so nothing is enrolled. */
  readonly file: string | null;
  readonly dataDir: string;
  readonly env: Environment;
  readonly ports: {
    readonly api: number;
    readonly temporal: number;
    readonly temporalUi: number;
    readonly model: number;
  };
}

/** What the loading functions share. `fail` collects; the loader throws all at once. */
export interface Loading {
  readonly given: ConfigFile;
  readonly input: ConfigInput;
  readonly refs: References;
  readonly fail: (at: KeyPath, what: string) => void;
}
