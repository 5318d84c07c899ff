/** The published schemas: docs/schema/*.json are these, so that editors and clients can check what they write and read. */
import { z } from 'zod';
import { breakglassResultSchema } from './breakglass-result.ts';
import { contractSchema } from './contract.ts';
import { configSchema } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function configJsonSchema(): JsonSchema {
  return { title: 'lamplighter.yaml', ...z.toJSONSchema(configSchema) };
}

export function contractJsonSchema(): JsonSchema {
  return { title: '.lamplighter.yml', ...z.toJSONSchema(contractSchema) };
}

/** What host/breakglass-host prints on stdout. */
export function breakglassResultJsonSchema(): JsonSchema {
  return { title: 'breakglass-result/1', ...z.toJSONSchema(breakglassResultSchema) };
}

/** Each by its file in docs/schema. */
export const PUBLISHED: Readonly<Record<string, () => JsonSchema>> = {
  'lamplighter.json': configJsonSchema,
  'contract.json': contractJsonSchema,
  'breakglass-result.json': breakglassResultJsonSchema,
};
