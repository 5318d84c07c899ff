/** What `init --yes` drafts is served as it is. Further languages: init-ships.deep.ts. */
import { describe, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { LONG, NODE_CHANGE, ships } from './init-ships.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('a repo that init drafted for', () => {
  it('of node:test ships its first issue', () => ships('node', NODE_CHANGE), LONG);
});
