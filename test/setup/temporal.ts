/**
 * One Temporal dev server for the whole suite, started only when a selected test file needs it: by its name (`*.temporal.*.ts`) or
 * by its folder. Tests get the address by `inject('temporalAddress')`.
 */
import { relative } from 'node:path';
import type {} from 'vitest';
import type { TestProject } from 'vitest/node';
import { resolveTemporal } from '../../bin/bootstrap/temporal.mjs';
import { startDevServer } from './dev-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port of the suite's dev server; its namespace is `lamplighter`. Empty where no Temporal CLI could be found. */
    temporalAddress: string;
  }
}

export function needsTemporal(file: string): boolean {
  return /\.temporal\.(test|deep)\.ts$/.test(file) || /^test\/(pipeline|kills)\//.test(file);
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  project.provide('temporalAddress', '');
  const found = (await isWanted(project)) ? resolveTemporal(process.env) : null;
  // Missing although needed: those tests skip themselves by has('temporal'), and the runner lists them.
  if (!found) return undefined;
  const server = await startDevServer(found.path);
  project.provide('temporalAddress', server.address);
  return () => server.stop();
}

/** Vitest keeps the filters of this run to itself; should that change, the server is started once too often, no more. */
async function isWanted(project: TestProject): Promise<boolean> {
  const { filenamePattern } = project.vitest as unknown as { filenamePattern?: string[] };
  const { testFiles } = await project.globTestFiles(filenamePattern ?? []);
  return testFiles.some((file) => needsTemporal(relative(project.config.root, file)));
}
