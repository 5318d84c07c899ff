/** A folder with a package.json: its test script, what installs it, and which files are its tests. */
import { z } from 'zod';
import { nodeManager, typed, type NodeManager } from './node-manager.ts';
import { runnerOf, type Told } from './node-runner.ts';
import { LOOKS, partsOf, runsPackages } from './node-script.ts';
import type { Folder, FoundSuite, Tools } from './suite.ts';

const manifest = z.object({
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
  workspaces: z.unknown().optional(),
});
type Manifest = z.infer<typeof manifest>;

const TEST_FILE =
  /(^|\/)(test|tests|__tests__)\/.*\.[cm]?[jt]sx?$|[.-](test|spec)\.[cm]?[jt]sx?$|(^|\/)test\.[cm]?[jt]s$/;
const SETTINGS =
  /^((vitest|jest|ava)\.config\.[cm]?[jt]s(on)?|vitest\.workspace\.[cm]?[jt]s|\.mocharc\.(c?js|json|ya?ml)|\.taprc|bunfig\.toml)$/;

/** Bun itself reserves more memory than one process has in a sandbox, and aborts; as what installs and calls scripts it stays below. */
const BUN_RUNS = /^(\w+=\S+\s+)*(npx )?bun(x --bun| test)(\s|$)/;

export function nodeSuite(folder: Folder, tools: Tools): FoundSuite | null {
  const parsed = parse(folder.read('package.json') ?? '{}');
  const where = folder.dir === '.' ? 'package.json' : `${folder.dir}/package.json`;
  if (parsed === null) return { note: `${where} is not a package manifest that can be read: add its check by hand.` };
  const script = ownScript(parsed);
  const tests = folder.files.filter((file) => TEST_FILE.test(file));
  if (script === null && tests.length === 0) return null;
  if (partsOf(parsed.scripts ?? {})?.some((part) => BUN_RUNS.test(part)) === true) return { note: bunNote(where) };
  const manager = nodeManager(folder, tools);
  const runner = runnerOf(script, toldBy(parsed, manager));
  const { setup, notes } = setupOf(parsed, manager);
  const suite = {
    language: 'node' as const,
    dir: folder.dir,
    setup,
    ...runner,
    globs: globsOf(tests),
    build: buildOf(parsed, script, manager),
    protect: folder.files.filter((file) => SETTINGS.test(file)),
    notes: [...runner.notes, ...notes],
  };
  const others = script === null ? null : besidePackages(parsed);
  return others === null ? { suite } : { suite, insteadOf: delegationNote(where, others) };
}

/** `own`: its test script runs something itself; `packages`: only what packages below have; null: it has none, or none that can be read. */
export function testScriptOf(text: string): 'own' | 'packages' | null {
  const parsed = parse(text);
  if (parsed === null || ownScript(parsed) === null) return null;
  return besidePackages(parsed) === null ? 'own' : 'packages';
}

function ownScript({ scripts }: Manifest): string | null {
  const script = scripts?.['test'] ?? null;
  return script !== null && !script.includes('no test specified') ? script : null;
}

/** What the script runs beside the tests of packages; null where it runs tests of its own, or none of a package. */
function besidePackages({ scripts }: Manifest): string[] | null {
  const parts = partsOf(scripts ?? {}) ?? [];
  const others = parts.filter((part) => !runsPackages(part));
  return others.length < parts.length && others.every((part) => LOOKS.test(part)) ? others : null;
}

function bunNote(where: string): string {
  return `The tests of ${where} are run by \`bun test\`, which does not start with the 4 GB of memory that a process has in the sandbox: have them run by vitest or node:test, and run init again. Bun may go on installing.`;
}

function delegationNote(where: string, others: readonly string[]): string {
  const rest = others.length === 0 ? '' : `; nothing checks what else it runs: ${others.join(', ')}`;
  return `The test script of ${where} only runs the packages’ own, so it is no check of its own${rest}.`;
}

function parse(text: string): Manifest | null {
  try {
    const parsed = manifest.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function toldBy({ scripts, dependencies, devDependencies }: Manifest, manager: NodeManager): Told {
  return {
    scripts: scripts ?? {},
    versionOf(name) {
      const version = dependencies?.[name] ?? devDependencies?.[name];
      return version === undefined ? null : typeof version === 'string' ? version : '';
    },
    typed: (part) => typed(manager, part),
    wholeTest: wholeTest(manager),
  };
}

/** `bun test` is Bun's own runner, not the script. */
function wholeTest({ name, call }: NodeManager): string {
  return name === 'npm' ? 'npm test' : `${call} run test`;
}

function buildOf({ scripts }: Manifest, script: string | null, manager: NodeManager): string {
  if (scripts?.['build'] !== undefined) return `${manager.call} run build`;
  return script === null ? 'node --test' : wholeTest(manager);
}

function setupOf(
  { dependencies, devDependencies, workspaces }: Manifest,
  manager: NodeManager,
): { readonly setup: string | null; readonly notes: readonly string[] } {
  const none = [dependencies, devDependencies].every((group) => Object.keys(group ?? {}).length === 0);
  // Another manager than npm must itself be fetched before a test can call it.
  if (none && workspaces === undefined && manager.name === 'npm') return { setup: null, notes: [] };
  return { setup: manager.install, notes: manager.notes };
}

/** Files of a test folder include its fixtures; tests beside the code are told by their names. */
function globsOf(tests: readonly string[]): string[] {
  const names = ['test', 'tests', '__tests__'];
  const below = names.filter((name) => tests.some((file) => file.includes(`/${name}/`)));
  const folders = names.filter((name) => tests.some((file) => file.startsWith(`${name}/`)) && !below.includes(name));
  const loose = tests.filter((file) => ![...folders, ...below].some((name) => `/${file}`.includes(`/${name}/`)));
  const named = loose.length > 0 || tests.length === 0;
  return [
    ...folders.map((name) => `${name}/**`),
    ...below.map((name) => `**/${name}/**`),
    ...(named
      ? ['**/*.{test,spec}.*', '**/*-test.*', '**/test.{js,cjs,mjs,ts}', '**/__tests__/**', '**/__snapshots__/**']
      : []),
  ];
}
