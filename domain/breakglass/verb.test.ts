import { expect, it } from 'vitest';
import { OP_ID, opIdOf, requestText, turnsPower, VERBS } from './verb.ts';

it('an op id is a ULID: its time first, so that ids sort by it, then 80 bits of chance', () => {
  const nothing = new Uint8Array(16);
  expect(opIdOf(0, nothing)).toBe('0'.repeat(26));
  expect(opIdOf(1_469_918_176_385, nothing).slice(0, 10)).toBe('01ARYZ6S41');
  expect(opIdOf(1, nothing) < opIdOf(2, nothing)).toBe(true);
  expect(opIdOf(2 ** 48 - 1, new Uint8Array(16).fill(255))).toBe(`7ZZZZZZZZZ${'Z'.repeat(16)}`);
  expect(opIdOf(1_790_000_000_000, crypto.getRandomValues(new Uint8Array(16)))).toMatch(OP_ID);
  expect(() => opIdOf(0, new Uint8Array(15))).toThrow('16 random bytes');
});

it('a request is the bare verb, or the verb and its op', () => {
  expect(requestText('status', null)).toBe('status');
  expect(requestText('cycle', opIdOf(0, new Uint8Array(16)))).toBe(`cycle op=${'0'.repeat(26)}`);
});

it('a request says which VM is meant and how long may be waited, where that is known', () => {
  const vm = { vmid: 102, name: 'devvm' };
  expect(requestText('status', null, { vm: { vmid: 102, name: null } })).toBe('status vm=102');
  expect(requestText('cycle', '0'.repeat(26), { vm, stopWait: 5, guestWait: 0 })).toBe(
    `cycle vm=102/devvm stop-wait=5 guest-wait=0 op=${'0'.repeat(26)}`,
  );
});

it('all verbs but the readers may change the power', () => {
  expect(VERBS.filter(turnsPower)).toEqual(['reset', 'stop', 'start', 'cycle']);
});
