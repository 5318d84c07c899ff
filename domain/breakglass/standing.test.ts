import { expect, it } from 'vitest';
import { standingOf, STATUS_EXIT } from './standing.ts';

const heard = { agentPing: 'yes', banner: 'none' };
const silent = { agentPing: 'no', banner: 'no' };

it.each([
  ['responding', heard, 'running'],
  ['monitor_busy', heard, 'running'],
  ['monitor_busy', silent, 'unclear'],
  ['agent_silent', { agentPing: 'no', banner: 'yes' }, 'running'],
  ['off', silent, 'off'],
  ['qmp_dead', silent, 'wedged'],
  ['fs_frozen', heard, 'wedged'],
  ['two_qemus', heard, 'unclear'],
  ['on_other_node', silent, 'unclear'],
  ['of_a_newer_script', heard, 'unclear'],
])('a VM that is %s stands as its class and its guest say', (name, guest, standing) => {
  expect(standingOf({ class: name, ...guest })).toBe(standing);
});

it('no two standings share an exit code, nor one with the codes of every verb', () => {
  const codes = Object.values(STATUS_EXIT);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.filter((code) => [1, 2, 3, 4, 78].includes(code))).toEqual([]);
});
