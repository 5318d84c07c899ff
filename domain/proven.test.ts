import { expect, it } from 'vitest';
import { provenInWords } from './proven.ts';
import type { DeployStage } from './verdict.ts';

it.each<[readonly DeployStage[], string]>([
  [['build', 'deploy', 'rollout', 'health'], 'abc is live and healthy'],
  [['health'], 'abc is live and healthy'],
  [
    ['build', 'deploy', 'rollout'],
    'abc is on main and rolled out; no health is declared, so the running version was not asked for',
  ],
  [
    ['deploy'],
    'abc is on main and its deploy is green; no health is declared, so the running version was not asked for',
  ],
  [
    ['build'],
    'abc is on main and its build is green; no deploy and no health are declared, so what runs was not looked at',
  ],
])('of %j no more is said than was proven', (proven, words) => {
  expect(provenInWords('abc', proven)).toBe(words);
});

it('only where health was asked for is anything called live or healthy', () => {
  const without: readonly DeployStage[] = ['build', 'deploy', 'rollout'];
  for (const last of without.keys())
    expect(provenInWords('abc', without.slice(0, last + 1))).not.toMatch(/\blive\b|healthy/);
});
