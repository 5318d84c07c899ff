import { existsSync } from 'node:fs';
import { MAX_TOKENS, MODEL_NAME, PRICES, SCRIPTED_MODEL_NAME } from './defaults.ts';
import { modelKey } from './environment.ts';
import type { Loading } from './loading.ts';
import type { Price } from '../domain/money.ts';
import type { ModelConfig } from './types.ts';

/** With a key the real model; without one the scripted model. A model without a price is refused: its spending could not be bounded (invariant 7). */
export function loadModel({
  given,
  input,
  refs,
  fail,
}: Loading): ModelConfig & { readonly scenarioDir: string | null } {
  const model = given.model ?? {};
  const key = model.apiKey === undefined ? modelKey(input.env) : refs.secret(model.apiKey, ['model', 'apiKey']);
  const provider = model.provider ?? (key === null ? 'scripted' : 'anthropic');
  const scripted = provider === 'scripted';
  const name = model.name ?? (scripted ? SCRIPTED_MODEL_NAME : MODEL_NAME);
  const prices: Readonly<Record<string, Price>> = { ...PRICES, ...priceList(model.prices) };

  if (!scripted && key === null) {
    fail(
      ['model', 'provider'],
      'anthropic needs a key: set ANTHROPIC_API_KEY or model.apiKey, or take provider scripted',
    );
  }
  if (prices[name] === undefined) {
    fail(
      ['model', 'name'],
      `there is no price for ${name}, so its spending could not be bounded: add it to model.prices (known: ${Object.keys(prices).join(', ')})`,
    );
  }
  if (scripted && model.scenarios === undefined && (given.repos ?? []).length > 0) {
    fail(
      ['model', 'scenarios'],
      'the scripted model needs a folder of scenario files: name it, or set ANTHROPIC_API_KEY for the real model',
    );
  }
  const scenarioDir = scripted && model.scenarios !== undefined ? refs.path(model.scenarios) : null;
  if (scenarioDir !== null && !existsSync(scenarioDir))
    fail(['model', 'scenarios'], `there is no folder ${scenarioDir}: make it, or correct the path`);
  return {
    provider,
    name,
    baseUrl: model.baseUrl ?? (scripted ? `http://127.0.0.1:${input.ports.model}` : null),
    apiKey: scripted ? null : key,
    maxTokens: model.maxTokens ?? MAX_TOKENS,
    prices,
    scenarioDir,
  };
}

type GivenPrices = NonNullable<NonNullable<Loading['given']['model']>['prices']>;

function priceList(prices: GivenPrices | undefined): Record<string, Price> {
  return Object.fromEntries(
    Object.entries(prices ?? {}).map(([name, { above, ...rates }]) => [
      name,
      above === undefined ? rates : { ...rates, above },
    ]),
  );
}
