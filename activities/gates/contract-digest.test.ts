/** What a kept proof of the base stands on. */
import { expect, it } from 'vitest';
import { contractSchema, parseContract } from '../../config/contract.ts';
import { contractDigest } from './base-proof.ts';

const WHOLE: Readonly<Record<string, unknown>> = {
  checks: [{ name: 'unit', test: 'npm test', report: 'junit', globs: ['test/**'] }],
  toolchain: ['node'],
  network: ['registry.npmjs.org'],
  services: [{ kind: 'redis' }],
  secrets: ['PAY_KEY'],
  protected: ['infra/**'],
  push: 'ask',
  build: ['make'],
};
const OTHER: Readonly<Record<string, unknown>> = {
  checks: [{ name: 'unit', test: 'npm run unit', report: 'junit', globs: ['test/**'] }],
  toolchain: [],
  network: [],
  services: [],
  secrets: [],
  protected: [],
  push: 'direct',
  build: [],
};

function digestOf(contract: object): string {
  const parsed = parseContract(JSON.stringify(contract), '.lamplighter.yml');
  if (!parsed.ok) throw new Error(parsed.errors.join('; '));
  return contractDigest(parsed.contract);
}

it.each(Object.keys(contractSchema.shape))('a change of %s makes a new proof of the base', (key) => {
  expect(Object.keys(WHOLE), 'give the new key a value here').toContain(key);
  expect(digestOf(WHOLE)).toBe(digestOf({ ...WHOLE }));
  expect(digestOf({ ...WHOLE, [key]: OTHER[key] })).not.toBe(digestOf(WHOLE));
});
