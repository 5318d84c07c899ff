/**
 * Issue 2: a new route that passes its tests, with a start-up that only works outside production. No test sees it, the
 * deploy does: this is the run that freezes.
 */
import type { Change, Edit, NewFile } from './change.ts';
import type { Seeded } from './seeded.ts';
import type { Theme } from './theme.ts';

interface Startup {
  readonly added: readonly NewFile[];
  /** Lines of server.mjs that make \`settings\`. */
  readonly imports: string;
  readonly settings: string;
}

/** Refuses to start in production without a variable that nobody sets there. */
function missingVariable({ aboutField }: Theme): Startup {
  const name = `SHOP_${aboutField.toUpperCase()}`;
  return {
    added: [
      {
        path: 'settings.mjs',
        text: `/** Who answers for this shop. Production has to say it. */
export function readSettings(env) {
  if (env.NODE_ENV === 'production' && !env.${name}) throw new Error('${name} is not set');
  return { ${aboutField}: env.${name} ?? 'nobody yet' };
}
`,
      },
    ],
    imports: "import { readSettings } from './settings.mjs';",
    settings: 'const settings = readSettings(process.env);',
  };
}

/** Reads a file for its mode, and only the one for development is there. */
function missingFile({ aboutField }: Theme): Startup {
  return {
    added: [
      { path: 'settings/development.json', text: `${JSON.stringify({ [aboutField]: 'nobody yet' }, null, 2)}\n` },
      {
        path: 'settings.mjs',
        text: `import { readFileSync } from 'node:fs';

/** Who answers for this shop, in the mode it runs in. */
export function readSettings(mode) {
  return JSON.parse(readFileSync(new URL(\`./settings/\${mode}.json\`, import.meta.url), 'utf8'));
}
`,
      },
    ],
    imports: "import { readSettings } from './settings.mjs';",
    settings: "const settings = readSettings(process.env.NODE_ENV ?? 'development');",
  };
}

export function chooseAbout(seeded: Seeded, theme: Theme): Change {
  const { aboutRoute, aboutField } = theme;
  const name = seeded.pick(['Ada', 'Grace', 'Hedy', 'Edith']);
  const startup = seeded.pick([missingVariable, missingFile])(theme);
  return {
    issue: 2,
    title: `Say who answers for the shop at ${aboutRoute}`,
    body: `People ask whom to write to. \`GET ${aboutRoute}\` has to answer \`{"${aboutField}": …}\`, from the settings that the service was started with.\n`,
    expected: 'frozen',
    acceptanceCriteria: [`GET ${aboutRoute} answers 200 with ${aboutField} from the settings`],
    testPlan: `a test of the answer at ${aboutRoute}, which is 404 before the change`,
    test: { path: `test${aboutRoute}.test.mjs`, text: testText(theme, name) },
    added: startup.added,
    edits: editsOf(theme, startup),
    subject: `${aboutRoute} says who answers`,
  };
}

function editsOf({ aboutRoute, aboutField }: Theme, { imports, settings }: Startup): Edit[] {
  return [
    {
      path: 'service.mjs',
      old: 'export function answer({ path, query, version }) {',
      new: `export function answer({ path, query, version, settings }) {
  if (path === '${aboutRoute}') return { status: 200, body: { ${aboutField}: settings.${aboutField} } };`,
    },
    {
      path: 'server.mjs',
      old: "import { answer } from './service.mjs';",
      new: `import { answer } from './service.mjs';\n${imports}\n\n${settings}`,
    },
    {
      path: 'server.mjs',
      old: 'query: url.searchParams, version }',
      new: 'query: url.searchParams, version, settings }',
    },
  ];
}

function testText({ aboutRoute, aboutField }: Theme, name: string): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer } from '../service.mjs';

test('${aboutRoute} says who answers for the shop', () => {
  const settings = { ${aboutField}: '${name}' };
  const { status, body } = answer({ path: '${aboutRoute}', query: new URLSearchParams(), version: 'v', settings });
  assert.equal(status, 200);
  assert.deepEqual(body, { ${aboutField}: '${name}' });
});
`;
}
