/** Whether a request is what its step expects; if not, in words what was expected and what came. */
import type { SeenRequest } from './request.ts';
import { listOf, type Expectation, type TextExpectation } from './scenario.ts';

/** Null when all holds. */
export function unmet(expectation: Expectation, request: SeenRequest): string | null {
  const found = [
    ...unmetText('the last message', expectation.lastMessage, request.lastText),
    ...unmetText('the system prompt', expectation.system, request.system),
    ...unmetText('the first user message', expectation.first, request.firstUserText),
    ...unmetTools(expectation, request),
    ...unmetResults(expectation, request),
    ...unmetCount(expectation, request),
  ];
  return found.length === 0 ? null : found.join('; ');
}

export function meets(expected: TextExpectation, text: string): boolean {
  return unmetText('the text', expected, text).length === 0;
}

function unmetText(what: string, expected: TextExpectation | undefined, text: string): string[] {
  if (expected === undefined) return [];
  const { matches } = expected;
  const wrong = [
    ...listOf(expected.contains)
      .filter((part) => !text.includes(part))
      .map((part) => `expected ${what} to contain ${JSON.stringify(part)}`),
    ...listOf(expected.notContains)
      .filter((part) => text.includes(part))
      .map((part) => `expected ${what} not to contain ${JSON.stringify(part)}`),
    ...(matches === undefined || new RegExp(matches, 'ms').test(text)
      ? []
      : [`expected ${what} to match /${matches}/ms`]),
  ];
  return wrong.map((complaint) => `${complaint}, it is ${JSON.stringify(shorten(text))}`);
}

function unmetTools(expectation: Expectation, request: SeenRequest): string[] {
  return listOf(expectation.tool)
    .filter((tool) => !request.tools.includes(tool))
    .map((tool) => `expected the tool ${tool} to be offered, there are ${request.tools.join(', ') || 'none'}`);
}

function unmetResults(expectation: Expectation, request: SeenRequest): string[] {
  if (expectation.results === undefined) return [];
  const wanted = expectation.results.join(', ');
  const came = request.lastResults.join(', ');
  return wanted === came
    ? []
    : [`expected tool results [${wanted}], there came [${came}]: ${JSON.stringify(shorten(request.lastText))}`];
}

function unmetCount(expectation: Expectation, request: SeenRequest): string[] {
  if (expectation.messages === undefined || expectation.messages === request.messages.length) return [];
  return [`expected ${expectation.messages} messages, there came ${request.messages.length}`];
}

function shorten(text: string): string {
  return text.length <= 600 ? text : `${text.slice(0, 300)} … ${text.slice(-300)}`;
}
