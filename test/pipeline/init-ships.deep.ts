/** What `init --yes` drafts for further languages is served as it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { hasPytest } from '../../activities/gates/rig-toolchains.ts';
import { has } from '../setup/needs.ts';
import { GO_CHANGE, LONG, PYTHON_CHANGE, ships, under } from './init-ships.ts';

const HAS_GO = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'go')));

describe.skipIf(!has('temporal') || !has('bwrap'))('a repo that init drafted for', () => {
  it.skipIf(!hasPytest())('of pytest ships its first issue', () => ships('python', PYTHON_CHANGE), LONG);
  it.skipIf(!HAS_GO)('of Go ships its first issue', () => ships('go', GO_CHANGE), LONG);
  it.skipIf(!hasPytest())(
    'of two languages ships its first issue',
    () => ships('monorepo', { test: under('api', PYTHON_CHANGE.test), code: under('api', PYTHON_CHANGE.code) }),
    LONG,
  );
});
