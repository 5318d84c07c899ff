/** One repo, ready for runs, in a folder of its own: a bare remote, a local tracker, the scripted model, a store. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startScriptedModel } from '../../activities/model/scripted/server.ts';
import { createLocalTracker } from '../../activities/tracker/local/local.ts';
import type { LocalDesk } from '../../activities/tracker/local/desk.ts';
import { BOUNDS } from '../../config/defaults.ts';
import type { Config } from '../../config/types.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { LIB, type Story } from './stories.ts';
import { land } from '../../test/pipeline/rig-remote.ts';
import { scriptedModel, testConfig, testRepo } from '../../test/setup/test-config.ts';

export const REPO = { key: 'crash-lib', name: 'crash/lib' } as const;
const PERSON = 'ada';

export interface Table {
  readonly dir: string;
  readonly config: Config;
  readonly store: Store;
  readonly tracker: LocalDesk;
  readonly modelLog: string;
  /** A labelled issue, of which the story is told; answers with its number. */
  release(story: Story): Promise<number>;
  /** In the remote. */
  git(...args: string[]): string;
  /** Commits straight to the remote's main, as a colleague would. */
  land(files: Readonly<Record<string, string>>, subject: string): void;
  close(): Promise<void>;
}

export interface TableOptions {
  readonly stories: readonly Story[];
  readonly temporal: Config['temporal'];
  readonly heartbeatSeconds: number;
}

const RUNNER = `#!/bin/sh
for t in test/*.sh; do
  if said=$(sh "$t" 2>&1); then failure=
  else failure="<failure message=\\"assertion failed\\">$said</failure>"; failed=1; fi
  cases="$cases<testcase classname=\\"$t\\" name=\\"works\\" file=\\"$t\\">$failure</testcase>"
done
echo "<testsuites><testsuite name=\\"unit\\">$cases</testsuite></testsuites>" > "$LAMPLIGHTER_REPORT"
exit \${failed:-0}
`;

const CONTRACT = {
  checks: [{ name: 'unit', test: 'sh run-tests.sh', report: 'junit', globs: ['test/**'], timeoutSeconds: 60 }],
  toolchain: [],
  build: ['! grep -q broken lib.sh'],
};

const filesOf = (asks: boolean): Record<string, string> => ({
  'lib.sh': LIB,
  'run-tests.sh': RUNNER,
  'test/add.sh': '. ./lib.sh\n[ "$(add 1 2)" = 3 ] || { echo "expected 3"; exit 1; }\n',
  '.lamplighter.yml': stringify(asks ? { ...CONTRACT, push: 'ask' } : CONTRACT),
});

export async function setTable(options: TableOptions): Promise<Table> {
  const dir = mkdtempSync(join(tmpdir(), 'lamplighter-crash-'));
  const issues = join(dir, 'issues');
  const scenarios = join(dir, 'scenarios');
  const dataDir = join(dir, 'data');
  for (const folder of [issues, scenarios, dataDir]) mkdirSync(folder, { mode: 0o700 });
  const remote = createRemote(dir, filesOf(options.stories.some(({ asks }) => asks === true)));
  for (const story of options.stories) writeFileSync(join(scenarios, `${story.name}.yaml`), scenarioFile(story));
  const modelLog = join(dir, 'model.jsonl');
  const model = await startScriptedModel({ scenarioDir: scenarios, port: 0, logFile: modelLog });
  const config = configOf(options, { dir, dataDir, issues, remote: remote.path, modelUrl: model.url });
  const store = await openStore(config.store, join(dataDir, 'blobs'));
  await store.control.setKillSwitch({ on: false, by: PERSON, note: 'crash runner', at: Date.now() });
  const { desk: tracker } = createLocalTracker({ dir: issues, people: { [PERSON]: 'write' }, now: Date.now });
  return {
    dir,
    config,
    store,
    tracker,
    modelLog,
    git: remote.git,
    land: remote.land,
    async release({ name: title }) {
      const labels = ['ready-for-agent'];
      return (await tracker.add({ title, body: 'As the title says.', labels, by: PERSON })).number;
    },
    async close() {
      await model.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function scenarioFile({ name, scenario }: Story): string {
  const capture = ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)', 'Refs #(?<issue>\\d+)'];
  return stringify({ name, match: name, capture, ...scenario }, { lineWidth: 0, aliasDuplicateObjects: false });
}

function createRemote(
  dir: string,
  files: Readonly<Record<string, string>>,
): Pick<Table, 'git' | 'land'> & { readonly path: string } {
  const path = join(dir, 'remote.git');
  const run = (cwd: string, args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', HOME: dir, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  run(dir, ['init', '-q', '--bare', '-b', 'main', path]);
  // The remote's own record of every change of main. A hook after the fact would miss the push whose sender was killed.
  run(path, ['config', 'core.logAllRefUpdates', 'always']);
  land(dir, path, files, 'First');
  return { path, land: (files, subject) => void land(dir, path, files, subject), git: (...args) => run(path, args) };
}

function configOf(
  { stories, temporal, heartbeatSeconds }: TableOptions,
  at: { dir: string; dataDir: string; issues: string; remote: string; modelUrl: string },
): Config {
  return testConfig(at.dataDir, {
    repos: [
      testRepo({
        ...REPO,
        remote: at.remote,
        issues: at.issues,
        people: { [PERSON]: 'write' },
        testEnv: {},
        deploy: { command: 'echo "$LAMPLIGHTER_SHA" >> "$DEPLOYED"', env: { DEPLOYED: join(at.dir, 'deployed') } },
      }),
    ],
    allow: [REPO.name],
    temporal,
    model: scriptedModel(at.modelUrl),
    bounds: stories.reduce((all, { bounds }) => ({ ...all, ...bounds }), BOUNDS),
    pollSeconds: 1,
    heartbeatSeconds,
  });
}
