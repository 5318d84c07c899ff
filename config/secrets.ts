import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Environment } from './environment.ts';
import type { References } from './schemas/references.ts';
import type { EnvironmentRefs, SecretRef } from './schemas/words.ts';
import type { SecretValue } from './schemas/secret-types.ts';
import type { KeyPath } from './schemas/yaml-document.ts';

export function createReferences(deps: {
  readonly folder: string;
  readonly env: Environment;
  readonly fail: (at: KeyPath, what: string) => void;
}): References {
  const known: SecretValue[] = [];

  function path(given: string): string {
    return isAbsolute(given) ? given : resolve(deps.folder, given);
  }

  function secret(ref: SecretRef, at: KeyPath): string {
    const value = 'env' in ref ? fromEnvironment(ref.env, at) : fromFile(path(ref.file), at);
    if (value !== null) known.push({ name: String(at.at(-1)), value });
    return value ?? '';
  }

  function fromEnvironment(name: string, at: KeyPath): string | null {
    const value = deps.env[name];
    if (value !== undefined && value !== '') return value;
    deps.fail(at, `the environment variable ${name} is not set: set it, or name a file instead`);
    return null;
  }

  function fromFile(file: string, at: KeyPath): string | null {
    try {
      const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      if (value !== '') return value;
      deps.fail(at, `the file ${file} is empty: write the secret into it`);
    } catch (error) {
      deps.fail(at, `the file ${file} can't be read (${errorCode(error)}): create it, or correct the path`);
    }
    return null;
  }

  function environment(refs: EnvironmentRefs | undefined, at: KeyPath): Record<string, string> {
    return Object.fromEntries(
      Object.entries(refs ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : secret(value, [...at, name]),
      ]),
    );
  }

  return { path, secret, environment, read: () => known };
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
