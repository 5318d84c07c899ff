/** The kill switch is a store row and a file (invariant 8): either one is enough to stop everything, also with Temporal or the store down. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { killSwitchFile } from '../../config/kill-switch-file.ts';
import type { Control, KillSwitch } from '../../store/port.ts';
import type { KillSwitchView } from '../views/view.ts';

export async function readKillSwitch(control: Pick<Control, 'killSwitch'>, dataDir: string): Promise<KillSwitchView> {
  const row = await control.killSwitch();
  const file = existsSync(killSwitchFile(dataDir));
  return { ...row, on: row.on || file, row: row.on, file };
}

/** On: the file first, because it is the stronger stop. Off: the file last, so that a failure between the two leaves it on. */
export async function setKillSwitch(control: Control, dataDir: string, value: KillSwitch): Promise<KillSwitchView> {
  const path = killSwitchFile(dataDir);
  if (value.on) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${value.by}: ${value.note}\n`, { mode: 0o600 });
  }
  await control.setKillSwitch(value);
  if (!value.on) rmSync(path, { force: true });
  return readKillSwitch(control, dataDir);
}
