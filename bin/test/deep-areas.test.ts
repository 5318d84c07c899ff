import { expect, test } from 'vitest';
import { deepAreas } from './deep-areas.ts';

test('an area has its own files, the crash runner, or both', () => {
  const files = ['test/host/seeds.deep.ts', 'activities/gates/cheats-go.deep.ts'];

  expect(deepAreas(files)).toEqual([
    { name: 'gates', files: ['activities/gates/cheats-go.deep.ts'], crash: false },
    { name: 'host', files: ['test/host/seeds.deep.ts'], crash: true },
    { name: 'pipeline', files: [], crash: true },
  ]);
});
