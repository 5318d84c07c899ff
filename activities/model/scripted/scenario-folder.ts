/** The scenarios of a folder, read again when a file changed. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml } from '../../../config/schemas/yaml-document.ts';
import { scenario, type Scenario } from './scenario.ts';

export type ScenarioSet =
  | { readonly ok: true; readonly scenarios: readonly Scenario[] }
  | { readonly ok: false; readonly errors: readonly string[] };

export interface ScenarioFolder {
  read(): Promise<ScenarioSet>;
}

export function createScenarioFolder(dir: string): ScenarioFolder {
  let known: { readonly stamp: string; readonly set: ScenarioSet } | null = null;
  return {
    async read() {
      const files = (await readdir(dir)).filter((file) => /\.ya?ml$/.test(file)).toSorted();
      const stamp = (await Promise.all(files.map((file) => stampOf(join(dir, file))))).join('\n');
      if (known?.stamp !== stamp) known = { stamp, set: await readAll(dir, files) };
      return known.set;
    },
  };
}

async function stampOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${path} ${mtimeMs} ${size} ${ino}`;
}

async function readAll(dir: string, files: readonly string[]): Promise<ScenarioSet> {
  const scenarios: Scenario[] = [];
  const errors: string[] = [];
  const fileOf = new Map<string, string>();
  for (const file of files) {
    const parsed = parseYaml(await readFile(join(dir, file), 'utf8'), file, scenario);
    if (!parsed.ok) {
      errors.push(...parsed.errors);
      continue;
    }
    const { name } = parsed.value;
    const other = fileOf.get(name);
    if (other !== undefined)
      errors.push(parsed.source.complain(['name'], `expected a name of its own, ${other} has it`));
    fileOf.set(name, file);
    scenarios.push(parsed.value);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, scenarios };
}
