/** A real `lamplighter up` over a playground made ready for kills, on a data directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTable, type KillPlayground, type Table } from './playground.ts';
import { createUpProcess, type UpProcess } from './up-process.ts';

export interface KillRig extends UpProcess {
  readonly playground: KillPlayground;
  close(): Promise<void>;
}

export async function createKillRig(table: Table): Promise<KillRig> {
  const dataDir = mkdtempSync(join(tmpdir(), 'lamplighter-kills-'));
  const playground = await setTable(dataDir, table);
  const up = createUpProcess({ dataDir, args: ['--seed', String(table.seed)], issues: table.issues });
  return {
    ...up,
    playground,
    async close() {
      await up.end();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
