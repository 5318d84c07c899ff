/**
 * Issue 2: prices that are signed, with a key that only production's keeper can give. Every test passes, the service refuses to
 * start without the key, and no commit can bring it: the attempt to mend it is red as well, and the run freezes for a person.
 */
import type { Change } from './change.ts';
import type { Seeded } from './seeded.ts';
import type { Theme } from './theme.ts';

export function chooseSigning(seeded: Seeded, theme: Theme): Change {
  const { route, goods } = theme;
  const variable = `${seeded.pick(['SHOP', 'PRICE', 'COUNTER', 'LEDGER'])}_SIGNING`;
  const file = `/run/${goods}/${variable.toLowerCase()}`;
  const signedRoute = seeded.pick(['/signed', '/sealed', '/vouched']);
  const refusal = `  if (!env.${variable}) throw new Error('${variable} is not set: prices cannot be signed');\n`;
  return {
    issue: 2,
    title: `Signed prices at ${signedRoute}`,
    body: `Partners want to know that a price is ours. \`GET ${signedRoute}\` has to answer as \`${route}\` does, with a \`signature\` of it, made with what production is given for it.\n`,
    expected: 'frozen',
    acceptanceCriteria: [
      `GET ${signedRoute} answers what ${route} answers, and its signature`,
      'production never signs with what development uses',
    ],
    testPlan: `a test of the answer at ${signedRoute}, which is 404 before the change`,
    test: { path: `test${signedRoute}.test.mjs`, text: signedTest(theme, signedRoute) },
    added: [{ path: 'signing.mjs', text: signingModule(refusal, variable) }],
    edits: [
      {
        path: 'service.mjs',
        old: 'export function answer({ path, query, version }) {',
        new: `export function answer({ path, query, version, signing }) {
  if (path === '${signedRoute}') return signed(answer({ path: '${route}', query, version }), signing);`,
      },
      {
        path: 'service.mjs',
        old: `import { ${theme.fn} } from './${theme.module}.mjs';`,
        new: `import { ${theme.fn} } from './${theme.module}.mjs';\nimport { signed } from './signing.mjs';`,
      },
      {
        path: 'server.mjs',
        old: "import { answer } from './service.mjs';",
        new: `import { answer } from './service.mjs';
import { readSigning } from './signing.mjs';

const signing = readSigning(process.env);`,
      },
      {
        path: 'server.mjs',
        old: 'query: url.searchParams, version }',
        new: 'query: url.searchParams, version, signing }',
      },
    ],
    subject: `${signedRoute} signs prices`,
    mending: {
      cause: `${variable} is not set`,
      say: `Production does not set ${variable}. It may be handed in as a file instead: I look there too.`,
      test: { path: 'test/signing.test.mjs', text: placesTest(file) },
      added: [],
      edits: [
        {
          path: 'signing.mjs',
          old: refusal,
          new: `  if (!env.${variable} && existsSync('${file}')) return readFileSync('${file}', 'utf8').trim();
  if (!env.${variable}) throw new Error('neither ${variable} nor ${file} is there: prices cannot be signed');
`,
        },
        {
          path: 'signing.mjs',
          old: "import { createHmac } from 'node:crypto';",
          new: "import { createHmac } from 'node:crypto';\nimport { existsSync, readFileSync } from 'node:fs';",
        },
      ],
      subject: 'Look for the signing also in a file',
    },
  };
}

function signingModule(refusal: string, variable: string): string {
  return `import { createHmac } from 'node:crypto';

/** What prices are signed with. Production has to be given its own. */
export function readSigning(env) {
  if (env.NODE_ENV !== 'production') return 'development';
${refusal}  return env.${variable};
}

export function signed({ status, body }, signing) {
  if (status !== 200) return { status, body };
  const signature = createHmac('sha256', signing).update(JSON.stringify(body)).digest('hex').slice(0, 16);
  return { status, body: { ...body, signature } };
}
`;
}

function signedTest({ quantity }: Theme, signedRoute: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../service.mjs';

const ask = (signing) =>
  answer({ path: '${signedRoute}', query: new URLSearchParams('${quantity}=1'), version: 'v', signing });

test('${signedRoute} answers a price with its signature', () => {
  const { status, body } = ask('one');
  assert.equal(status, 200);
  assert.match(body.signature, /^[0-9a-f]{16}$/);
  assert.notEqual(body.signature, ask('another').body.signature);
});
`;
}

function placesTest(file: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSigning } from '../signing.mjs';

test('production without its signing names both places', () => {
  assert.throws(() => readSigning({ NODE_ENV: 'production' }), (error) => {
    assert.ok(error.message.includes('${file}'), error.message);
    return true;
  });
});
`;
}
