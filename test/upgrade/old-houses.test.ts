/**
 * Data directories that older Lamplighters have left (test/upgrade/houses/), opened by today's code: what ended shows, what was open goes on
 * to its end, and nothing is done twice.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptedRequest } from '../../activities/model/scripted/server.ts';
import type { RunView } from '../../api/views/view.ts';
import { crashMarker } from '../../activities/effects/crash-point.ts';
import { lines } from '../pipeline/rig-remote.ts';
import { has } from '../setup/needs.ts';
import { houseAt, ISSUES, packedHouses, REPOS, unpackHouse, type House, type RepoName } from './house.ts';

/** In the middle of ending what is open, and right before the new shape is written. */
const DEATHS = [
  { point: 'upgrade.ended', at: 3 },
  { point: 'upgrade.rebuilt', at: 1 },
] as const;

describe.skipIf(!has('temporal') || !has('bwrap'))('the data directory of an older Lamplighter', () => {
  let house: House | null = null;
  afterEach(async () => {
    await house?.up.end();
    if (house !== null) rmSync(house.dir, { recursive: true, force: true });
    house = null;
  });

  it.each(packedHouses())(
    '%s: its open runs go on to their ends, whatever dies while they are rebuilt, and nothing is done twice',
    async (release) => {
      house = houseAt(unpackHouse(release));
      const { up } = house;
      await up.start({ LAMPLIGHTER_CRASH: DEATHS.map(({ point, at }) => `${point}@${at}`).join(',') });

      const shipped = await seen(house, ISSUES.shipped);
      expect(shipped.run.outcome).toBe('shipped');
      expect(shipped.evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['red', 'push', 'deploy']));
      const waiting = await seen(house, ISSUES.approval);
      const frozen = await seen(house, ISSUES.frozen);
      expect([waiting.run.stage, frozen.run.stage]).toEqual(['awaiting-approval', 'frozen']);

      await act(house, waiting, { kind: 'approve', sha: waiting.run.sha });
      rmSync(house.broken);
      await act(house, frozen, { kind: 'unfreeze', way: 'retry', grants: {} });
      for (const issue of Object.values(ISSUES)) await untilDone(house, issue);

      expectOnce(house, { shipped: 1, session: 1, frozen: 3, approval: 1 });
      // Two turns of it were committed before the upgrade: neither is asked for again.
      expect(stepsAsked(house, 'die-at-work')).toEqual([2, 3]);
      const fired = DEATHS.map(({ point, at }) => join(up.dataDir, 'run', crashMarker(point, at)));
      expect(fired.filter((marker) => !existsSync(marker))).toEqual([]);
      expect(readFileSync(join(up.dataDir, 'logs', 'worker.log'), 'utf8')).toContain('upgraded from shape');
    },
    300_000,
  );
});

async function seen({ up }: House, issue: number): Promise<RunView> {
  return up.until(`the run of issue ${issue} shows`, 30, () => up.run(issue));
}

async function act({ up }: House, { run }: RunView, body: object): Promise<void> {
  const answer = await up.ask('POST', `/api/runs/${run.id}/acts`, { note: 'by hand', ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

/** The row is terminal first, what the end owes to the issue comes after it. */
async function untilDone(house: House, issue: number): Promise<void> {
  await house.up.until(`issue ${issue} has shipped and owes nothing`, 120, async () => {
    const view = await house.up.run(issue);
    if (view?.run.outcome == null) return null;
    if (view.run.outcome !== 'shipped')
      throw new Error(`run of ${issue} ended ${view.run.outcome}: ${view.run.reason}`);
    const isClosed = /^state: closed$/m.test(house.issueText(issue));
    return (isClosed && view.effects.every(({ done }) => done)) || null;
  });
}

function expectOnce(house: House, pushes: Readonly<Record<RepoName, number>>): void {
  for (const repo of REPOS) {
    const pushed = house.pushes(repo).map((line) => line.split(' ')[1]);
    expect([repo, pushed.length, new Set(pushed).size]).toEqual([repo, pushes[repo], pushes[repo]]);
    expect(new Set(house.deployed(repo)).size, repo).toBe(house.deployed(repo).length);
  }
  for (const [name, issue] of Object.entries(ISSUES)) {
    const text = house.issueText(issue);
    expect([name, text.match(/:phases -->/g)?.length]).toEqual([name, 1]);
    expect([name, text.match(/<!-- lamplighter:comment /g)?.length]).toEqual([name, name === 'frozen' ? 2 : 1]);
  }
}

function stepsAsked({ up }: House, scenario: string): number[] {
  return lines(join(up.dataDir, 'logs', 'model-requests.jsonl'))
    .map((line) => JSON.parse(line) as ScriptedRequest)
    .filter((one) => one.scenario?.includes(scenario) === true && one.step !== null)
    .map(({ step }) => step ?? 0);
}
