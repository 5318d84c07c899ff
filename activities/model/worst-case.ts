/** The most that a model call can cost, reserved before it is made (invariant 7). */
import type { MicroUsd, Price } from '../../domain/money.ts';
import type { ModelMessage, ModelRequest } from './port.ts';

/** What the API adds of its own around system prompt, tools and messages. */
const FRAME_TOKENS = 4096;

/** A token is at least one byte, so the bytes of the request bound its tokens from above, whatever the language. */
export function worstCase(request: ModelRequest, price: Price): MicroUsd {
  const messages = request.messages.reduce((sum, message) => sum + bytesOf(message) + 1, 0);
  const prompt = Buffer.byteLength(JSON.stringify([request.system, [], request.tools])) + messages + FRAME_TOKENS;
  const bands = [price, ...(price.above === undefined ? [] : [price.above])];
  const dearest = Math.max(...bands.flatMap((band) => [band.input, band.cacheRead, band.cacheWrite]));
  const output = Math.max(...bands.map((band) => band.output));
  return Math.ceil(prompt * dearest + request.maxTokens * output);
}

const measured = new WeakMap<ModelMessage, number>();

/** A message that was sent before is the same object again: only the new ones are measured. */
function bytesOf(message: ModelMessage): number {
  const bytes = measured.get(message) ?? Buffer.byteLength(JSON.stringify(message));
  measured.set(message, bytes);
  return bytes;
}
