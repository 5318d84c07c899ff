import { describe, expect, it } from 'vitest';
import { mayHoldState, stateHeld } from './kept-by-people.ts';

describe('what only people change', () => {
  it.each([
    ['apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {}\n', 'PersistentVolumeClaim'],
    ['a: 1\n---\nkind: "SealedSecret"\n', 'SealedSecret'],
    ['items:\n  - kind: ExternalSecret\n', 'ExternalSecret'],
    ['{\n  "kind": "PersistentVolume",\n}', 'PersistentVolume'],
  ])('is known by its kind', (text, kind) => {
    expect(stateHeld(text)).toBe(kind);
  });

  it.each(['kind: Deployment\n', 'kind: Service # not a PersistentVolume\n', 'unkind: SealedSecret\n', ''])(
    'is not %j',
    (text) => {
      expect(stateHeld(text)).toBeNull();
    },
  );

  it('stands in manifests', () => {
    expect(['a.yaml', 'a.yml', 'chart/pvc.yaml.tpl', 'a.json'].every(mayHoldState)).toBe(true);
    expect(['a.md', 'yaml.ts'].some(mayHoldState)).toBe(false);
  });
});
