import { z } from 'zod';
import { submitWork } from '../../hand-over/hand-over.ts';
import { sealTool, taught } from './tool.ts';

const schema = z.strictObject({
  changedTests: z
    .array(z.strictObject({ id: z.string().min(1), reason: z.string().min(1) }))
    .max(200)
    .describe(
      'Tests that were there before and now must differ, each with the acceptance criterion that calls for it; usually empty.',
    ),
});

export const submit = sealTool({
  name: 'submit',
  description:
    'Hands the committed work over and ends the session. The orchestrator then proves the tests itself; what it refuses comes back to you. Everything must be committed.',
  schema,
  replay: () => 'safe',
  async run({ changedTests }, { place, git, unit, base, keepSubmission }) {
    const { shell, worktree } = await place();
    const handed = await submitWork({ unit, base, shell, worktree, git, keepSubmission }, changedTests);
    return handed.ok
      ? { content: `submitted ${handed.end.head}`, isError: false, end: handed.end }
      : taught(handed.why);
  },
});
