/**
 * Issue 3: a new route that passes its tests, with a start-up that only works outside production. No test sees it, the deploy
 * does, and its log says why: the agent mends it with a further commit, and it ships.
 */
import type { Behaviour, Change, Edit, Mending, NewFile } from './change.ts';
import type { Seeded } from './seeded.ts';
import type { Theme } from './theme.ts';

export interface About {
  readonly change: Change;
  readonly behaviour: Behaviour;
}

interface Startup {
  readonly added: readonly NewFile[];
  readonly mending: Mending;
}

/** Refuses to start in production without a variable that nobody sets there. */
function missingVariable({ aboutField }: Theme, keeper: string): Startup {
  const name = `SHOP_${aboutField.toUpperCase()}`;
  const refusal = `  if (env.NODE_ENV === 'production' && !env.${name}) throw new Error('${name} is not set');\n`;
  const fallback = `{ ${aboutField}: env.${name} ?? 'nobody yet' }`;
  return {
    added: [
      {
        path: 'settings.mjs',
        text: `/** Who answers for this shop. Production has to say it. */
export function readSettings(env) {
${refusal}  return ${fallback};
}
`,
      },
    ],
    mending: {
      cause: `${name} is not set`,
      say: `Nobody sets ${name} in production, and the service refuses to start for it. It has to start, and to name somebody all the same.`,
      test: settingsTest(aboutField, keeper),
      added: [],
      edits: [
        { path: 'settings.mjs', old: refusal, new: '' },
        { path: 'settings.mjs', old: "?? 'nobody yet'", new: `?? '${keeper}'` },
      ],
      subject: 'Start without settings in production',
    },
  };
}

/** Reads a file for its mode, and only the one for development is there. */
function missingFile({ aboutField }: Theme, keeper: string): Startup {
  const file = (who: string): string => `${JSON.stringify({ [aboutField]: who }, null, 2)}\n`;
  return {
    added: [
      { path: 'settings/development.json', text: file('nobody yet') },
      {
        path: 'settings.mjs',
        text: `import { existsSync, readFileSync } from 'node:fs';

/** Who answers for this shop, in the mode that its environment names. */
export function readSettings(env) {
  const mode = env.NODE_ENV ?? 'development';
  const file = new URL(\`./settings/\${mode}.json\`, import.meta.url);
  if (!existsSync(file)) throw new Error(\`settings/\${mode}.json is not there\`);
  return JSON.parse(readFileSync(file, 'utf8'));
}
`,
      },
    ],
    mending: {
      cause: 'settings/production.json is not there',
      say: 'Only the settings for development are in the repo: those for production have to come with it.',
      test: settingsTest(aboutField, keeper),
      added: [{ path: 'settings/production.json', text: file(keeper) }],
      edits: [],
      subject: 'Settings for production',
    },
  };
}

export function chooseAbout(seeded: Seeded, theme: Theme): About {
  const { aboutRoute, aboutField } = theme;
  const name = seeded.pick(['Ada', 'Grace', 'Hedy', 'Edith']);
  const keeper = seeded.pick(['the keeper', 'the night watch', 'the front desk']);
  const startup = seeded.pick([missingVariable, missingFile])(theme, keeper);
  return {
    behaviour: {
      path: aboutRoute,
      before: { error: `there is no ${aboutRoute} here` },
      after: { [aboutField]: keeper },
    },
    change: {
      issue: 3,
      title: `Say who answers for the shop at ${aboutRoute}`,
      body: `People ask whom to write to. \`GET ${aboutRoute}\` has to answer \`{"${aboutField}": …}\`, from the settings that the service was started with.\n`,
      expected: 'mended',
      acceptanceCriteria: [`GET ${aboutRoute} answers 200 with ${aboutField} from the settings`],
      testPlan: `a test of the answer at ${aboutRoute}, which is 404 before the change`,
      test: { path: `test${aboutRoute}.test.mjs`, text: testText(theme, name) },
      added: startup.added,
      edits: editsOf(theme),
      subject: `${aboutRoute} says who answers`,
      mending: startup.mending,
    },
  };
}

function editsOf({ aboutRoute, aboutField }: Theme): Edit[] {
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
      new: `import { answer } from './service.mjs';
import { readSettings } from './settings.mjs';

const settings = readSettings(process.env);`,
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

function settingsTest(aboutField: string, keeper: string): NewFile {
  return {
    path: 'test/settings.test.mjs',
    text: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../settings.mjs';

test('production names who answers, with nothing set', () => {
  let settings = null;
  try {
    settings = readSettings({ NODE_ENV: 'production' });
  } catch (error) {
    assert.fail(error.message);
  }
  assert.deepEqual(settings, { ${aboutField}: '${keeper}' });
});
`,
  };
}
