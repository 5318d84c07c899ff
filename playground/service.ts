/** The files of a repo of the playground on its base: a tiny web service in plain Node, with tests, a contract and a CONTEXT.md. */
import type { NewFile } from './change.ts';
import type { Pricing } from './pricing.ts';
import type { Theme } from './theme.ts';

/** Both reporters: a person reads the one, the gates the other. */
const TEST_COMMAND =
  'node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"';

export function serviceFiles(theme: Theme, pricing: Pricing, module: string): readonly NewFile[] {
  const name = theme.repo.split('/').at(-1) ?? theme.repo;
  return [
    { path: '.gitignore', text: 'node_modules/\nVERSION\n' },
    {
      path: 'package.json',
      text: `${JSON.stringify({ name, private: true, type: 'module', scripts: { start: 'node server.mjs', test: 'node --test' } }, null, 2)}\n`,
    },
    { path: `${theme.module}.mjs`, text: module },
    { path: 'service.mjs', text: serviceText(theme) },
    { path: 'server.mjs', text: SERVER },
    { path: `test/${theme.module}.test.mjs`, text: pricesTest(theme, pricing) },
    { path: 'test/service.test.mjs', text: serviceTest(theme, pricing) },
    { path: '.lamplighter.yml', text: CONTRACT },
    { path: 'CONTEXT.md', text: contextText(theme, name) },
  ];
}

function serviceText({ fn, module, route, quantity }: Theme): string {
  return `import { ${fn} } from './${module}.mjs';

/** Answers one request. Nothing of HTTP is in here, so that tests need no port. */
export function answer({ path, query, version }) {
  if (path === '/healthz') return { status: 200, body: { status: 'ok', version } };
  if (path !== '${route}') return { status: 404, body: { error: \`there is no \${path} here\` } };
  const quantity = Number(query.get('${quantity}') ?? 'nothing');
  if (!Number.isInteger(quantity)) return { status: 400, body: { error: '${quantity} has to be a whole number' } };
  return { status: 200, body: { ${quantity}: quantity, cents: ${fn}(quantity) } };
}
`;
}

const SERVER = `import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { answer } from './service.mjs';

/** Written into the release when it is made. */
const versionFile = new URL('./VERSION', import.meta.url);
const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : 'development';

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const { status, body } = answer({ path: url.pathname, query: url.searchParams, version });
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
`;

const CONTRACT = `checks:
  - name: unit
    test: ${TEST_COMMAND}
    report: junit
    globs: ['test/**']
    timeoutSeconds: 60
toolchain: [node]
build:
  - for file in *.mjs; do node --check "$file" || exit 1; done
`;

function pricesTest({ fn, module, goods }: Theme, { covered }: Pricing): string {
  const tests = covered.map(
    ([quantity, cents]) => `test('${quantity} ${goods} cost ${cents} cents', () => {
  assert.equal(${fn}(${quantity}), ${cents});
});
`,
  );
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ${fn} } from '../${module}.mjs';

${tests.join('\n')}`;
}

function serviceTest({ route, quantity }: Theme, { covered }: Pricing): string {
  const [count, cents] = covered[0] ?? [1, 0];
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../service.mjs';

const ask = (path, query = '') => answer({ path, query: new URLSearchParams(query), version: 'v1' });

test('the health answer carries the version', () => {
  assert.deepEqual(ask('/healthz'), { status: 200, body: { status: 'ok', version: 'v1' } });
});

test('a price is told', () => {
  assert.deepEqual(ask('${route}', '${quantity}=${count}').body, { ${quantity}: ${count}, cents: ${cents} });
});

test('what is not a whole number is refused', () => {
  assert.equal(ask('${route}', '${quantity}=some').status, 400);
});

test('an unknown path is not found', () => {
  assert.equal(ask('/nowhere').status, 404);
});
`;
}

function contextText({ goods, fn, module, route, quantity }: Theme, name: string): string {
  return `# ${name}

Tells what ${goods} cost. Plain Node, no packages.

- \`${module}.mjs\`: \`${fn}(quantity)\`, in cents.
- \`service.mjs\`: the answers; \`server.mjs\`: the port (\`PORT\`) and the version.
- \`GET ${route}?${quantity}=3\` tells a price, \`GET /healthz\` the version.
- Tests: \`node --test\`. Write the failing test first.
`;
}
