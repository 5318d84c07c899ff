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

export function readJunit(xml: string, roots: readonly string[]): ReadReport {
  // A report has no use for a document type; refusing it leaves no entity to expand.
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) return unreadable('JUnit', 'it declares a document type');
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

function createParser(): XMLParser {
  return new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    maxNestedTags: MAX_DEPTH,
    // Only XML's own five and character references are left, and none of them grows.
    processEntities: { enabled: true, maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
  });
}

function collect(node: Node, suites: readonly string[], roots: readonly string[], found: Found): void {
  for (const [tag, children] of Object.entries(node)) {
    if (tag === ':@' || tag === '#text') continue;
    if (tag === 'testcase') add(node, asNodes(children), suites, roots, found);
    else if (tag === 'testsuite' || tag === 'testsuites') {
      const name = tag === 'testsuite' ? relativeTo(roots, attribute(node, 'name')) : '';
      const inside = name === '' ? suites : [...suites, name];
      for (const child of asNodes(children)) collect(child, inside, roots, found);
    }
  }
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
  const skipped = children.some((child) => 'skipped' in child);
  const fileLevel = isFileLevel(file, name);
  if (fileLevel && bad.length === 0) return;
  found.ids.push({ suite: suites.join(' > '), file, class: relativeTo(roots, attribute(node, 'classname')), name });
  if (skipped) found.outcomes.push({ outcome: 'skipped', failure: null, detail: '' });
  else if (bad.length === 0) found.outcomes.push({ outcome: 'passed', failure: null, detail: '' });
  else {
    const detail = boundedDetail(bad.map(failureText).join('\n'));
    found.outcomes.push({
      outcome: 'failed',
      failure: fileLevel || bad.some(isCollectionError) ? 'load' : 'test',
      detail,
    });
  }
}

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
