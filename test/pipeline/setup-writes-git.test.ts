/** A setup that writes git's settings or hooks does in the session what it does in the gates, and the hooks judge what the session commits. */
import { describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { CONTRACT, ended, openRig } from './rig.ts';
import { ACCEPT, commit, MULTIPLY } from './scenarios.ts';

const HOOK = `printf '#!/bin/sh\\nif git diff --cached | grep -q FORBIDDEN; then echo the hook says no >&2; exit 1; fi\\n' > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit`;

describe.skipIf(!has('temporal') || !has('bwrap'))('a setup that writes git', { timeout: 180_000 }, () => {
  it.each([
    'git config core.hooksPath .githooks',
    'git config --local user.name x && git config --worktree a.b c',
    `${HOOK} && echo made >> .git/info/exclude`,
    'git tag -f built && git branch -f kept && git submodule init',
  ])('is the same in the session and in the gates: %s', async (setup) => {
    const rig = await openRig({ contract: { ...CONTRACT, checks: [{ ...CONTRACT.checks[0], setup }] } });
    try {
      const forbidden = { calls: [{ bash: `echo FORBIDDEN > x.txt; ${commit('Forbidden')}; git reset -q; rm x.txt` }] };
      const { steps } = MULTIPLY as { steps: object[] };
      rig.scenario('Multiply', { triage: ACCEPT, steps: setup.startsWith(HOOK) ? [forbidden, ...steps] : steps });
      const issue = await rig.release('Multiply');
      const run = await rig.run(issue.number, ended, 90_000);
      expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
      expect(rig.git('log', '--format=%s', 'main')).not.toContain('Forbidden');
    } finally {
      await rig.close();
    }
  });
});
