/**
 * Workflows as the worker runs them: bundled by the SDK, which takes some seconds. The bundle follows from the sources, the
 * packages and Node alone, so it is kept under a digest of these, and the next start reads it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The last two: npm's own record of what is installed, and how it is bundled. */
const SOURCES = ['workflows/**/*.ts', 'domain/**/*.ts', 'node_modules/.package-lock.json', 'workers/bundle-child.ts'];
/** A few versions beside one another; each is some megabytes. */
const KEPT = 4;

const bundleSchema = z.strictObject({ code: z.string().min(1), sourceMap: z.string() });

/** `cacheDir` null bundles anew. A cache that can't be read or written costs time, never the start. */
export async function bundleWorkflows(cacheDir: string | null): Promise<WorkflowBundleWithSourceMap> {
  if (cacheDir === null) return await bundle();
  const of = digest();
  const file = join(cacheDir, `workflows-${of}.json`);
  const kept = readKept(file);
  if (kept !== null) return kept;
  const made = await bundle();
  // Sources that were changed meanwhile, as by `git pull`, may be in it: it must not stand for the old ones.
  if (digest() === of) keep(cacheDir, file, made);
  return made;
}

/** In a process of its own: what the bundler takes to do it (some hundred megabytes) ends with it, and the worker stays small. */
async function bundle(): Promise<WorkflowBundleWithSourceMap> {
  // It must not outlive a worker that is killed meanwhile: it ends when its channel does. The worker's settings for small memory are not for it.
  const child = fork(join(ROOT, 'workers', 'bundle-child.ts'), {
    execArgv: [],
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
  });
  const made = once(child, 'message').then(([message]) => bundleSchema.parse(message));
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the workflows could not be bundled: the bundler ended by ${String(signal ?? `code ${code}`)}`);
  });
  return await Promise.race([made, gone]);
}

function digest(): string {
  const hash = createHash('sha256').update(process.version);
  const files = globSync(SOURCES, { cwd: ROOT }).filter((path) => !path.endsWith('.test.ts'));
  for (const path of files.toSorted()) {
    const text = readFileSync(join(ROOT, path));
    hash.update(`\0${path}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex').slice(0, 32);
}

function readKept(file: string): WorkflowBundleWithSourceMap | null {
  try {
    const parsed = bundleSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not there yet, or cut short by a full disk: either way it is made again.
    return null;
  }
}

function keep(cacheDir: string, file: string, made: WorkflowBundleWithSourceMap): void {
  try {
    const fresh = `${file}.${randomBytes(6).toString('hex')}`;
    mkdirSync(cacheDir, { recursive: true, mode: 0o700 });
    // By rename: another worker may be reading it.
    writeFileSync(fresh, JSON.stringify({ code: made.code, sourceMap: made.sourceMap }), { mode: 0o600 });
    renameSync(fresh, file);
    const all = globSync('workflows-*', { cwd: cacheDir }).map((name) => join(cacheDir, name));
    const byAge = all.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    for (const old of byAge.slice(KEPT)) rmSync(old, { force: true });
  } catch {
    // A home that can't be written to, as in a container: this start had to bundle, and so has the next.
  }
}
