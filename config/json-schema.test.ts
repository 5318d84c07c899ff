import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PUBLISHED } from './json-schema.ts';

describe('the published schemas', () => {
  it.each(Object.entries(PUBLISHED))('docs/schema/%s is what the code checks', (name, schema) => {
    const published: unknown = JSON.parse(readFileSync(new URL(`../docs/schema/${name}`, import.meta.url), 'utf8'));
    expect(published, '`npm run schemas` writes it anew').toEqual(JSON.parse(JSON.stringify(schema())));
  });
});
