/** What the agent's tests stand on: a real scripted model on a free port with the scenario that the test gives. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAnthropicModel } from '../model/anthropic.ts';
import type { Model } from '../model/port.ts';
import { startScriptedModel, type ScriptedRequest } from '../model/scripted/server.ts';

export interface ModelRig {
  readonly dir: string;
  readonly url: string;
  readonly scenarioDir: string;
  readonly model: Model;
  write(file: string, yaml: string): Promise<void>;
  requests(): Promise<ScriptedRequest[]>;
  close(): Promise<void>;
}

export async function openModelRig(yaml: string, timeoutMs = 10_000): Promise<ModelRig> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-'));
  const scenarioDir = join(dir, 'scenarios');
  await mkdir(scenarioDir);
  const write = (file: string, text: string): Promise<void> => writeFile(join(scenarioDir, file), text);
  await write('one.yaml', yaml);
  const logFile = join(dir, 'log', 'requests.jsonl');
  const server = await startScriptedModel({ scenarioDir, port: 0, logFile }).catch(async (error: unknown) => {
    await rm(dir, { recursive: true });
    throw error;
  });
  return {
    dir,
    url: server.url,
    scenarioDir,
    model: createAnthropicModel({ apiKey: null, baseUrl: server.url, timeoutMs }),
    write,
    async requests() {
      const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as ScriptedRequest);
    },
    async close() {
      await server.close();
      await rm(dir, { recursive: true });
    },
  };
}
