/** What the scripted model says in the pipeline's tests: small, honest changes of the rig's library. */

const TRAILER = 'Refs #{{issue}}\n\nLamplighter-Run: {{run}}';

export const ACCEPT = { accept: { acceptanceCriteria: ['it works'], testPlan: 'a unit test', risks: [] } };

export function commit(subject: string): string {
  return `git add -A && git commit -q -m '${subject}\n\n${TRAILER}'`;
}

/** A new function with its test, both committed, then submit. */
export function addFunction(
  name: string,
  body: string,
  assertion: string,
): { triage: object; steps: [object, object, object] } {
  const test = `import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport * as lib from '../lib.mjs';\n\ntest('${name}', () => {\n  assert.equal(lib.${name}?.(2, 3), ${assertion});\n});\n`;
  return {
    triage: ACCEPT,
    steps: [
      { calls: [{ bash: `cat > test/${name}.test.mjs <<'END'\n${test}END\n${commit(`Test ${name}`)}` }] },
      { calls: [{ bash: `cat >> lib.mjs <<'END'\n${body}\nEND\n${commit(`Add ${name}`)}` }] },
      { calls: [{ submit: [] }] },
    ],
  };
}

export const MULTIPLY = addFunction('multiply', 'export function multiply(a, b) {\n  return a * b;\n}', '6');
