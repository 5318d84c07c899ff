import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { breakglassResultJsonSchema, configJsonSchema, contractJsonSchema } from './json-schema.ts';

describe('the published schemas', () => {
  it.each([
    ['lamplighter.json', configJsonSchema()],
    ['contract.json', contractJsonSchema()],
    ['breakglass-result.json', breakglassResultJsonSchema()],
  ])('docs/schema/%s is what the code checks', (name, schema) => {
    const published: unknown = JSON.parse(readFileSync(new URL(`../docs/schema/${name}`, import.meta.url), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});
