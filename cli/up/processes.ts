/** Which processes an `up` has, with which ports and files, started in the order in which they need each other. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, writeResolvedConfig } from '../../config/load.ts';
import type { Playground } from '../../playground/playground.ts';
import type { ChildSpec, Children } from './children.ts';
import { operatorToken } from './data-dir.ts';
import { choosePort } from './ports.ts';
import { temporalServer } from './temporal-server.ts';
import type { UpOptions } from './up.ts';

export interface Started {
  readonly url: string;
  readonly temporalUrl: string;
  readonly processes: Readonly<Record<string, number>>;
}

interface StartInput {
  readonly options: UpOptions;
  readonly config: string;
  readonly dataDir: string;
  readonly playground: Playground | null;
  readonly children: Children;
  readonly say: (line: string) => void;
}

const API_PORT = 7070;
const TEMPORAL_PORT = 7233;
const TEMPORAL_UI_PORT = 8233;

export async function startProcesses({
  options,
  config: file,
  dataDir,
  playground,
  children,
  say,
}: StartInput): Promise<Started> {
  const ports = {
    api: await choosePort(options.port ?? API_PORT, options.port !== null),
    temporal: await choosePort(TEMPORAL_PORT),
    temporalUi: await choosePort(TEMPORAL_UI_PORT),
    model: await choosePort(0),
  };
  const config = loadConfig({ file, dataDir, env: process.env, ports });
  operatorToken(dataDir);
  const resolved = writeResolvedConfig(dataDir, config);
  if (config.model.provider === 'scripted')
    say('no ANTHROPIC_API_KEY: the model is the scripted one, its words come from scenario files');
  const temporalUrl = `http://127.0.0.1:${ports.temporalUi}`;
  const url = `http://127.0.0.1:${ports.api}`;

  const executable = config.temporalExecutable;
  if (executable === null)
    throw new Error('the Temporal CLI was not found: `npm start` fetches it, or name it in LAMPLIGHTER_TEMPORAL');
  const specs: ChildSpec[] = [temporalServer({ executable, dataDir, port: ports.temporal, uiPort: ports.temporalUi })];
  if (config.model.provider === 'scripted') specs.push(nodeChild('model', 'workers/scripted-model.ts', [resolved]));
  if (playground !== null) specs.push(nodeChild('playground', 'playground/host.ts', playground.hostArgs));
  specs.push(nodeChild('worker', 'workers/worker.ts', [resolved]), nodeChild('api', 'workers/api.ts', [resolved]));

  for (const spec of specs) {
    await children.start(spec);
    say(`${spec.name} is ready`);
  }
  const processes = Object.fromEntries(specs.map((spec) => [spec.name, children.pid(spec.name) ?? 0]));
  return { url, temporalUrl, processes };
}

function nodeChild(name: string, entry: string, args: readonly string[]): ChildSpec {
  const path = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  return {
    name,
    command: process.execPath,
    args: [path, ...args],
    // The operator's environment goes to our own processes only; sandboxes get an allowlist.
    env: Object.fromEntries(
      Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ),
    ready: 'ipc',
  };
}
