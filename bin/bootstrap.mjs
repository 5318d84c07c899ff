/**
 * From a fresh clone to a running command: packages, Node 24, Temporal, system packages, then the command on Node 24. Plain
 * JavaScript without dependencies, as it is what runs before anything is installed, on whatever Node (>= 18) the machine has.
 *
 *   node bin/bootstrap.mjs start|test|crash|bench|deep|lab|check|format|lock|schemas [args…]     from package.json
 *   node bin/bootstrap.mjs cli [args…]                        from bin/lamplighter
 */
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './bootstrap/launch.mjs';
import { installPackages, isInstalled, node24 } from './bootstrap/packages.mjs';
import { refusal, thisMachine } from './bootstrap/platform.mjs';
import { BootstrapError, explain, runSteps } from './bootstrap/progress.mjs';
import { installSystemPackages } from './bootstrap/system-packages.mjs';
import { cacheRoot, provideTemporal } from './bootstrap/temporal.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (/** @type {string} */ name) => join(root, 'node_modules', name);

/** What each command runs, and what must be there first. @type {Record<string, { program: string[], provide?: 'start' | 'test' }>} */
const commands = {
  start: { program: [join(root, 'cli', 'main.ts'), 'up'], provide: 'start' },
  cli: { program: [join(root, 'cli', 'main.ts')] },
  test: { program: [join(root, 'bin', 'test.ts')], provide: 'test' },
  crash: { program: [join(root, 'bench', 'crash.ts')], provide: 'test' },
  bench: { program: [join(root, 'bench', 'bench.ts')], provide: 'test' },
  deep: { program: [join(root, 'bin', 'deep.ts')], provide: 'test' },
  lab: { program: [join(root, 'test', 'lab', 'lab.ts')], provide: 'test' },
  check: { program: [join(root, 'bin', 'check.ts')] },
  lock: { program: [join(root, 'bin', 'check', 'lockfile.ts')] },
  schemas: { program: [join(root, 'bin', 'schemas.ts')] },
  format: { program: [bin('oxfmt/bin/oxfmt')] },
};

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const command = commands[name];
  if (!command) {
    throw new BootstrapError(
      `there is no command ${name || '(none given)'}`,
      `use one of: ${Object.keys(commands).join(', ')}`,
    );
  }
  // `lamplighter up` is `npm start`; every other CLI command only talks to what is running already, and must answer at once.
  const provide = command.provide ?? (name === 'cli' && args[0] === 'up' ? 'start' : undefined);
  if (Number.parseInt(process.versions.node, 10) < 18) {
    throw new BootstrapError(
      `Node ${process.versions.node} is too old`,
      'install Node 18 or later; Node 24 itself is then fetched',
    );
  }
  // What Node compiled once is read the next time: the command starts in half the time. Who sets the variable decides.
  const env = {
    NODE_COMPILE_CACHE: join(cacheRoot(process.env), 'compiled'),
    ...process.env,
    ...withLoopback(process.env),
  };
  if (provide) await provideAll(provide, env);
  else if (!isInstalled(root)) await runSteps([packagesStep()]);
  process.exitCode = await launch(node24(root), [...command.program, ...args], env);
}

/**
 * What listens on this machine is never asked for through a proxy, also where NODE_USE_ENV_PROXY sends all of Node's requests to one.
 * @param {NodeJS.ProcessEnv} env
 */
function withLoopback(env) {
  const given = env['no_proxy'] ?? env['NO_PROXY'];
  const all = [...(given ? [given] : []), '127.0.0.1', 'localhost', '::1'].join(',');
  return { no_proxy: all, NO_PROXY: all };
}

function packagesStep() {
  return { name: 'packages', run: (/** @type {(text: string) => void} */ note) => installPackages(root, note) };
}

/** @param {'start' | 'test'} purpose @param {NodeJS.ProcessEnv} env */
async function provideAll(purpose, env) {
  const no = refusal(thisMachine(purpose, release()));
  if (no) throw new BootstrapError('this machine is not served', no);
  await runSteps([
    { name: 'system packages', run: (note) => installSystemPackages(purpose, note) },
    packagesStep(),
    {
      name: 'Temporal',
      run: async (note) => {
        const { path, source } = await provideTemporal(env, note);
        env['LAMPLIGHTER_TEMPORAL'] = path;
        return `${path} (${source})`;
      },
    },
  ]);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  explain(error);
  process.exitCode = 1;
}
