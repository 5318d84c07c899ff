/** The product's own workflow under the engine of the crash runner, in a process of its own, whose hooks load it. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('a session that ends again and again without a word ends the run with a person called, and is not opened for ever', () => {
  const [engine, loader, run] = ['engine.ts', 'load-workflows.ts', '../../domain/bounds.ts'].map((one) =>
    JSON.stringify(new URL(one, import.meta.url).href),
  );
  const script = `
    import { Engine } from ${engine};
    import { loadWorkflows } from ${loader};
    import { DEFAULT_BOUNDS } from ${run};
    const answers = {
      recordTransition: { recorded: true, acts: false, admission: { kind: 'admitted' } },
      admit: { kind: 'admitted' },
      takeAct: null,
      readContract: { kind: 'read' },
      triage: { kind: 'accepted' },
      prepareRun: { kind: 'prepared', base: 'b', ask: false },
      openSession: { sessionId: 's' },
      modelTurn: { kind: 'ended', end: { kind: 'called-away' } },
    };
    const asked = [];
    const transitions = [];
    const engine = new Engine(async ({ name, input }) => {
      asked.push(name);
      if (name === 'recordTransition') transitions.push(input);
      return { kind: 'done', value: answers[name] ?? null };
    });
    const { issueRun } = await loadWorkflows();
    const input = { runId: 'r', repoKey: 'k', repoName: 'a/b', issue: 1, title: 't', bounds: DEFAULT_BOUNDS, heartbeatSeconds: 5, pageUrl: '' };
    const ended = await engine.start('run', issueRun, input);
    engine.stop();
    const sessions = asked.filter((name) => name === 'openSession').length;
    process.stdout.write(JSON.stringify({ ended, sessions, last: transitions.at(-1).cause }));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });

  expect(JSON.parse(said.toString('utf8'))).toEqual({
    ended: {
      outcome: 'needs-human',
      reason: expect.stringContaining('the work "session" ended 2 times in a row') as string,
    },
    sessions: 2,
    last: 'failed',
  });
});
