/**
 * Names of tests that say the same in every run. Parametrised tests put their values into their names, and some values are
 * new each time: an address, a clock, a temporary folder. Each such part becomes a word in angle brackets; cases that differ
 * in nothing else are told apart by their ordinal (outcome.ts). Pure.
 */
import { headOf } from '../text.ts';
const RULES: readonly (readonly [unstable: RegExp, word: string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b0x[0-9a-f]{4,16}\b/gi, '<address>'],
  // Go puts `_` where a name has a blank; its clock also tells the seconds since the process began.
  [
    /(?<!\d)\d{4}-\d\d-\d\d(?!\d)(?:[T _]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:[ _]?(?:Z(?![A-Za-z])|[+-]\d\d:?\d\d(?!\d)))?(?:[ _][A-Z]{3,4}(?![A-Za-z]))?(?:[ _]m=[+-]\d+\.\d+)?/g,
    '<date>',
  ],
  [
    /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ _](?:\d\d?[ _][A-Z][a-z]{2}|[A-Z][a-z]{2}[ _]+\d\d?)[ _](?:\d{4}[ _])?\d\d:\d\d:\d\d/g,
    '<date>',
  ],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/(?<![\w.-])(?:\/private)?(?:\/var\/folders\/[\w+]+\/[\w+]+\/T|\/var\/tmp|\/tmp)\/[^\s/'",)\]]+/g, '<temp>'],
  [/(?<=(?:localhost|\b\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):)\d{2,5}\b/gi, '<port>'],
  // What randomness makes: letters and digits of hexadecimal mixed, or more digits than people write.
  [/(?<![\w<])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}(?![\w>])/gi, '<hex>'],
  [/(?<=[A-Za-z]_)(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}(?![\w>])/gi, '<hex>'],
  [/(?<!\d|\d\.)\d{9,20}(?![\d.]*\d)/g, '<number>'],
];

/** Longer ones are no names; a bound keeps the rules cheap whatever a report says. */
const MAX_CHARS = 2_000;

export function stableName(name: string): string {
  let stable = headOf(name, MAX_CHARS);
  for (const [unstable, word] of RULES) stable = stable.replace(unstable, word);
  return stable;
}
