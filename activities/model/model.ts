import { proxyVariablesFor } from '../../config/egress.ts';
import type { Egress, ModelConfig } from '../../config/types.ts';
import { ANTHROPIC, createAnthropicModel } from './anthropic.ts';
import type { Model } from './port.ts';

/** Longer than a slow model thinks between two pieces of a stream, during which the API sends pings. */
const SILENCE_MS = 5 * 60_000;

/** The scripted model speaks the same API: what differs is where it listens. */
export function createModel(config: Pick<ModelConfig, 'apiKey' | 'baseUrl'>, egress?: Egress): Model {
  return createAnthropicModel({
    apiKey: config.apiKey,
    baseUrl: config.baseUrl,
    timeoutMs: SILENCE_MS,
    proxy: proxyVariablesFor(egress, new URL(config.baseUrl ?? ANTHROPIC).hostname),
  });
}
