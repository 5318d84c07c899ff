/** Which processes an `up` has, with which ports and files, started in the order in which they need each other. */
import { fileURLToPath } from 'node:url';
import { PROXY_VARIABLES } from '../../config/egress.ts';
import type { Environment } from '../../config/environment.ts';
import { loadConfig, writeResolvedConfig } from '../../config/load.ts';
import { localUrl } from '../../config/loopback.ts';
import { runsInTemporalWeb } from '../../domain/temporal-web.ts';
import type { Playground } from '../../playground/playground.ts';
import type { ChildSpec } from './child.ts';
import type { Children } from './children.ts';
import { operatorToken } from './data-dir.ts';
import { numbers, reservePorts, type ReservedPort } from './ports.ts';
import { temporalServer } from './temporal-server.ts';
import type { UpOptions } from './options.ts';

export interface Started {
  readonly url: string;
  /** The runs in Temporal Web; null where an outside server's is not configured. */
  readonly temporalUrl: string | null;
}

interface StartInput {
  readonly options: UpOptions;
  readonly config: string;
  readonly dataDir: string;
  /** The last `up` here was killed. */
  readonly afterKill: boolean;
  readonly playground: Playground | null;
  readonly children: Children;
  readonly say: (line: string) => void;
}

export async function startProcesses(input: StartInput): Promise<Started> {
  const { options, dataDir, afterKill, playground, children, say } = input;
  const reserved = await reservePorts({ dataDir, api: options.port, afterKill });
  const ports = numbers(reserved);
  const config = loadConfig({ file: input.config, dataDir, env: process.env, ports });
  operatorToken(dataDir);
  const resolved = writeResolvedConfig(dataDir, config);
  if (config.model.provider === 'scripted')
    say('no ANTHROPIC_API_KEY: the model is the scripted one, its words come from scenario files');

  const specs: ChildSpec[] = [];
  if (config.temporalEmbedded) {
    const executable = config.temporalExecutable;
    if (executable === null)
      throw new Error('the Temporal CLI was not found: `npm start` fetches it, or name it in LAMPLIGHTER_TEMPORAL');
    specs.push(temporalServer({ executable, dataDir, port: reserved.temporal, uiPort: reserved.temporalUi }));
  }
  if (config.scenarioDir !== null)
    specs.push(nodeChild('model', 'workers/scripted-model.ts', [resolved], [reserved.model]));
  for (const { name, live, port } of playground?.repos ?? [])
    specs.push(nodeChild(`playground-${name.split('/').at(-1)}`, 'playground/host.ts', [live, String(port)]));
  specs.push(
    nodeChild('worker', 'workers/worker.ts', [resolved]),
    nodeChild('api', 'workers/api.ts', [resolved], [reserved.api]),
  );

  for (const spec of specs) {
    await children.start(spec);
    say(`${spec.name} is ready`);
  }
  const { webUrl, namespace } = config.temporal;
  const temporalUrl = webUrl === null ? null : runsInTemporalWeb({ webUrl, namespace });
  return { url: localUrl(config.api), temporalUrl };
}

/**
 * The operator's environment goes to our own processes only; sandboxes get an allowlist. Without its proxies: a library that reads them
 * would ask the proxy for our own Temporal. Who goes out is told by `egress`.
 */
function environmentOfOurs(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value === undefined || PROXY_VARIABLES.includes(key) ? [] : [[key, value]],
    ),
  );
}

/**
 * What a burst took is given back: V8 gets a small young generation, glibc's malloc one arena for all threads of Temporal's core, and a freed
 * block of 64 KB goes back to the kernel. Two thirds of the memory of an idle worker and api, by `npm run bench -- idle`.
 */
const LEAN = {
  args: ['--max-semi-space-size=1', '--optimize-for-size'],
  env: { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' },
};

function nodeChild(
  name: string,
  entry: string,
  args: readonly string[],
  ports: readonly ReservedPort[] = [],
): ChildSpec {
  const path = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  return {
    name,
    command: process.execPath,
    // The api takes the types out of the pages' modules by a way that Node calls experimental.
    args: [...LEAN.args, '--disable-warning=ExperimentalWarning', path, ...args],
    env: { ...LEAN.env, ...environmentOfOurs(process.env) },
    ready: 'ipc',
    ports,
  };
}
