/** What a deploy leaves in its folder, and a worker that is not root: permissions are waived for root, so each look is a process of its own. */
import { describe, expect, it } from 'vitest';
import { evaluatedAsPlainUser } from '../exec/plain-user.ts';

/** Watches one deploy through to its verdict, twice as after a crash of the workflow's own; says what is left of its folders. */
function deployWith(command: string): unknown {
  const rig = JSON.stringify(new URL('watch-rig.ts', import.meta.url).href);
  return evaluatedAsPlainUser(`
    import { chmodSync, readdirSync } from 'node:fs';
    import { join } from 'node:path';
    import { inActivity, openRig, RUN } from ${rig};
    const rig = await openRig();
    const folders = join(rig.dir, 'deploy', 'shop-1');
    try {
      const command = 'echo deployed >> ' + rig.dir + '/log; ' + ${JSON.stringify(command)};
      const watched = [];
      for (const life of [1, 2]) {
        const { watchDeploy } = rig.start({ target: { command } });
        watched.push(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha }));
      }
      const [row] = await rig.store.evidence.list('run/' + RUN);
      const deploys = rig.lines('log').length;
      process.stdout.write(JSON.stringify({ watched, deploys, left: readdirSync(folders).length, summary: row.summary }));
    } finally {
      chmodSync(folders, 0o700);
      await rig.close();
    }
  `);
}

describe('the folder of a deploy', () => {
  it('goes although the command took every permission from what it wrote there', () => {
    expect(deployWith('mkdir -p made/sub; touch made/sub/file; chmod 0 made/sub; chmod 0555 made')).toMatchObject({
      watched: [{ kind: 'green' }, { kind: 'green' }],
      deploys: 1,
      left: 0,
    });
  });

  it('that can not be removed is said with the verdict, and what was deployed is not deployed again', () => {
    expect(deployWith('chmod 0555 "$LAMPLIGHTER_SOURCE/../.."')).toMatchObject({
      watched: [{ kind: 'green' }, { kind: 'green' }],
      deploys: 1,
      left: 1,
      summary: expect.stringMatching(/ passed; the folder .* could not be removed .*Permission denied.* by hand/),
    });
  });
});
