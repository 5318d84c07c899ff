/** The published schemas: docs/schema/*.json are these, so that editors can check both files while they are written. */
import { z } from 'zod';
import { contractSchema } from './contract.ts';
import { configSchema } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function configJsonSchema(): JsonSchema {
  return { title: 'lamplighter.yaml', ...z.toJSONSchema(configSchema) };
}

export function contractJsonSchema(): JsonSchema {
  return { title: '.lamplighter.yml', ...z.toJSONSchema(contractSchema) };
}
