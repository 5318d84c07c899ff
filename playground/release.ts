/** What deploy script and host share: the folder of releases, and the two files by which the one asks and the other answers. */
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { randomUUID } from 'node:crypto';

export interface LivePlace {
  readonly dir: string;
}

export interface DeployRequest {
  readonly id: string;
  readonly sha: string;
}

export interface DeployAnswer {
  readonly id: string;
  readonly sha: string;
  readonly outcome: 'started' | 'failed';
  readonly reason: string;
}

export function releaseDir(live: string, sha: string): string {
  if (!/^[0-9a-f]{40,64}$/.test(sha)) throw new Error(`${JSON.stringify(sha)} is not a sha: nothing was deployed`);
  return join(live, 'releases', sha);
}

/** A whole release or none: copied beside, then renamed. One that is there already is kept. */
export async function putRelease(live: string, sha: string, source: string): Promise<void> {
  const target = releaseDir(live, sha);
  if ((await readVersion(target)) === sha) return;
  const draft = `${target}.${randomUUID()}`;
  await mkdir(join(live, 'releases'), { recursive: true });
  // A link could lead the service to files outside of its release.
  await cp(source, draft, { recursive: true, verbatimSymlinks: true, filter: (from) => !isGit(source, from) });
  await writeFile(join(draft, 'VERSION'), `${sha}\n`);
  await rm(target, { recursive: true, force: true });
  await rename(draft, target);
}

function isGit(source: string, from: string): boolean {
  return relative(source, from).split('/')[0] === '.git';
}

async function readVersion(dir: string): Promise<string | null> {
  return (await readOrNull(join(dir, 'VERSION')))?.trim() ?? null;
}

/** Sha of the release that serves. */
export async function currentSha(live: string): Promise<string | null> {
  return readVersion(join(live, 'current'));
}

/** At once: whoever looks sees the old release or the new one. */
export async function flipCurrent(live: string, sha: string): Promise<void> {
  const draft = join(live, `.current.${randomUUID()}`);
  await symlink(join('releases', basename(releaseDir(live, sha))), draft);
  await rename(draft, join(live, 'current'));
}

export async function writeRequest(live: string, request: DeployRequest): Promise<void> {
  await writeJson(join(live, 'request.json'), request);
}

export async function readRequest(live: string): Promise<DeployRequest | null> {
  return (await readJson(join(live, 'request.json'))) as DeployRequest | null;
}

export async function writeAnswer(live: string, answer: DeployAnswer): Promise<void> {
  await writeJson(join(live, 'answer.json'), answer);
}

export async function readAnswer(live: string): Promise<DeployAnswer | null> {
  return (await readJson(join(live, 'answer.json'))) as DeployAnswer | null;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${JSON.stringify(value)}\n`);
  await rename(draft, path);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readOrNull(path);
  return text === null ? null : (JSON.parse(text) as unknown);
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
