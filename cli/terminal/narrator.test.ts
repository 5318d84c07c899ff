import { afterEach, expect, it, vi } from 'vitest';
import type { EventView } from '../../api/views/view.ts';
import type { ApiClient } from './api-client.ts';
import { createNarrator } from './narrator.ts';

afterEach(() => vi.restoreAllMocks());

it("tells a person's words where the state names their act", async () => {
  const told: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => told.push(String(text)) > 0);
  const tell = createNarrator({ api: {} as ApiClient, run: 'run-1' });
  const row = (seq: number, kind: string, data: object): EventView =>
    ({ seq, at: 0, subject: 'run/run-1', kind, data }) as EventView;

  await tell(row(1, 'act.added', { id: 'act-104d', kind: 'cancel', by: 'ada', note: 'not this week' }));
  const state = { stage: 'ended', outcome: 'cancelled', reason: 'cancelled by ada: act act-104d' };
  await tell(row(2, 'run.stage', { stage: 'ended', cause: 'cancel', state }));

  expect(told.join('')).toContain('cancelled by ada: not this week');
  expect(told.join('')).not.toContain('act-104d');
});
