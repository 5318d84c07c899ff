import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { withOrdinals, type TestId, type TestOutcome } from '../../domain/gates/outcome.ts';
import { boundedDetail, isFileLevel, MAX_TESTS, relativeTo, unreadable, type ReadReport } from './report-parts.ts';

const MAX_DEPTH = 60;

/** The parser's ordered form: one key is the tag with its children, `:@` its attributes, `#text` a text. */
type Node = Readonly<Record<string, unknown>>;

interface Found {
  readonly ids: Omit<TestId, 'ordinal'>[];
  readonly outcomes: Omit<TestOutcome, 'id'>[];
}

export function readJunit(text: string, roots: readonly string[]): ReadReport {
  const xml = text.trim();
  // A report has no use for one; refusing it leaves no entity to expand.
  if (declaresType(xml)) return unreadable('JUnit', 'it declares a document type');
  let tree: unknown;
  try {
    const valid = XMLValidator.validate(xml);
    if (valid !== true) return unreadable('JUnit', `line ${valid.err.line}: ${valid.err.msg}`);
    tree = createParser().parse(xml);
  } catch (error) {
    // The parser's limits and its syntax errors are both thrown.
    return unreadable('JUnit', error instanceof Error ? error.message : String(error));
  }
  const nodes = asNodes(tree);
  if (!nodes.some((node) => 'testsuites' in node || 'testsuite' in node))
    return unreadable('JUnit', 'it has no <testsuites> or <testsuite>');
  const found: Found = { ids: [], outcomes: [] };
  for (const node of nodes) collect(node, [], roots, found);
  if (found.ids.length > MAX_TESTS) return unreadable('JUnit', `it holds more than ${MAX_TESTS} tests`);
  return { ok: true, outcomes: withOrdinals(found.outcomes, found.ids) };
}

/** What may hold any text, a page of HTML as well. */
const WRAPS = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

function declaresType(xml: string): boolean {
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at)) {
    if (/^<!(?:DOCTYPE|ENTITY)/i.test(xml.slice(at, at + 9))) return true;
    const [open, close] = WRAPS.find(([start]) => xml.startsWith(start, at)) ?? ['<', null];
    const end = close === null ? endOfTag(xml, at + 1) : xml.indexOf(close, at + open.length);
    // Never closed: the validator says so.
    if (end < 0) return false;
    at = end + 1;
  }
  return false;
}

/** The `>` that is in no attribute: some runners leave what they quote there as it is. */
function endOfTag(xml: string, start: number): number {
  for (let at = start; at < xml.length; at += 1) {
    const character = xml[at];
    if (character === '>') return at;
    if (character !== '"' && character !== "'") continue;
    at = xml.indexOf(character, at + 1);
    if (at < 0) return -1;
  }
  return -1;
}

function createParser(): XMLParser {
  return new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    removeNSPrefix: true,
    maxNestedTags: MAX_DEPTH,
    // Without it characters by their number stay as they are written, as mocha writes each quote.
    htmlEntities: true,
    // Only those of HTML and character references are left, and none of them grows. Nor does one that is declared after all,
    // where this parser and `declaresType` read the text differently.
    processEntities: { enabled: true, maxEntitySize: 1, maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
  });
}

function collect(node: Node, suites: readonly string[], roots: readonly string[], found: Found): void {
  for (const [tag, children] of Object.entries(node)) {
    if (tag === ':@' || tag === '#text') continue;
    if (tag === 'testcase') add(node, asNodes(children), suites, roots, found);
    else if (tag === 'testsuite' || tag === 'testsuites') {
      const name = tag === 'testsuite' ? relativeTo(roots, attribute(node, 'name')) : '';
      const inside = name === '' ? suites : [...suites, name];
      addOfSuite(asNodes(children), inside, found);
      for (const child of asNodes(children)) collect(child, inside, roots, found);
    }
  }
}

const SKIPPED = ['skipped', 'ignored', 'disabled'];
/** Words of `status` and `result`, by which GoogleTest, Bazel, CTest and behave say what others say by elements. */
const NOT_RUN =
  /^(?:not[ _-]?(?:run|executed|started)|skip(?:ped)?|suppressed|disabled|ignored?|pending|untested|inconclusive|blocked|todo|xfail(?:ed)?)$/i;
const FAILED =
  /^(?:fail(?:ed|ure)?|error(?:ed)?|undefined|interrupted|cancell?ed|abort(?:ed)?|crash(?:ed)?|killed|broken|time(?:d[ _-]?)?out)$/i;

/** Some say of a suite itself, beside its tests or without any, that it failed. */
function addOfSuite(children: readonly Node[], suites: readonly string[], found: Found): void {
  const bad = children.filter((child) => 'failure' in child || 'error' in child);
  if (bad.length === 0) return;
  found.ids.push({ suite: suites.join(' > '), file: '', class: '', name: 'the suite itself' });
  const tests = children.some((child) => 'testcase' in child || 'testsuite' in child);
  const detail = boundedDetail(bad.map(failureText).join('\n'));
  found.outcomes.push({ outcome: 'failed', failure: tests ? 'test' : 'load', detail });
}

function add(
  node: Node,
  children: readonly Node[],
  suites: readonly string[],
  roots: readonly string[],
  found: Found,
): void {
  const file = relativeTo(roots, attribute(node, 'file'));
  const name = relativeTo(roots, attribute(node, 'name'));
  const bad = children.filter((child) => 'failure' in child || 'error' in child);
  const words = [attribute(node, 'status'), attribute(node, 'result')];
  const failed = bad.length > 0 || words.some((word) => FAILED.test(word));
  // Node writes both elements for a failure that is expected (`todo`).
  const skipped = children.some((child) => SKIPPED.some((tag) => tag in child));
  const fileLevel = isFileLevel(file, name);
  if (fileLevel && !failed) return;
  const of = relativeTo(roots, attribute(node, 'classname'));
  found.ids.push({ suite: suites.join(' > '), file, class: of, name });
  if (skipped || (!failed && words.some((word) => NOT_RUN.test(word))))
    found.outcomes.push({ outcome: 'skipped', failure: null, detail: '' });
  else if (!failed) found.outcomes.push({ outcome: 'passed', failure: null, detail: '' });
  else {
    const detail = boundedDetail(bad.map(failureText).join('\n'));
    found.outcomes.push({
      outcome: 'failed',
      failure: fileLevel || of === JEST_UNLOADED || bad.some(isCollectionError) ? 'load' : 'test',
      detail,
    });
  }
}

/** jest-junit's class of a file that could not be run at all; its name is the file's. */
const JEST_UNLOADED = 'Test suite failed to run';

/** pytest's word for a module that could not be imported. */
function isCollectionError(node: Node): boolean {
  return 'error' in node && attribute(node, 'message') === 'collection failure';
}

function failureText(node: Node): string {
  const message = attribute(node, 'message');
  const text = asNodes(node['failure'] ?? node['error'])
    .map((child) => child['#text'])
    .filter((one) => typeof one === 'string')
    .join('')
    .trim();
  return message !== '' && !text.includes(message) ? `${message}\n${text}` : text;
}

function attribute(node: Node, name: string): string {
  const attributes = node[':@'];
  if (!isNode(attributes)) return '';
  const value = attributes[name];
  return typeof value === 'string' ? value : '';
}

function asNodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
