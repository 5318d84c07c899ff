import { z } from 'zod';
import { NO_DOCKER, wantsDocker } from '../../../domain/docker.ts';
import { boundText, resultText } from './output.ts';
import { sealTool } from './tool.ts';

const DEFAULT_SECONDS = 120;
const MAX_SECONDS = 1800;

/** The kernel takes no longer argument (128 KiB with its end): a longer one would fail as a fault of ours. */
const MAX_COMMAND_BYTES = 128 * 1024 - 1;

const schema = z.strictObject({
  command: z
    .string()
    .min(1)
    .regex(/^[^\0]*$/, 'must not hold a NUL')
    .refine((command) => Buffer.byteLength(command) <= MAX_COMMAND_BYTES, {
      message: `must be at most ${MAX_COMMAND_BYTES} bytes: write long files with the editor, or in several commands`,
    }),
  timeout_seconds: z.number().positive().max(MAX_SECONDS).optional(),
});

export const bash = sealTool({
  name: 'bash',
  description:
    'Runs a shell command in the work folder, in a sandbox without secrets and with the network that the repository asked for. Each command is a shell of its own: ' +
    `folder and variables are not kept from one to the next, and what is still running when it ends is ended. Without timeout_seconds it has ${DEFAULT_SECONDS} s.`,
  schema,
  replay: () => 'unsafe',
  async run({ command, timeout_seconds }, { place }) {
    const { shell } = await place();
    const wallMs = (timeout_seconds ?? DEFAULT_SECONDS) * 1000;
    const result = await shell.run({ argv: ['bash', '-c', command], wallMs, asTests: true });
    const isError = result.end !== 'exited' || result.code !== 0;
    const said = resultText(result, wallMs);
    const { shown, full } = boundText(isError && wantsDocker(said) ? `${said}\n[${NO_DOCKER}]` : said);
    return { content: shown, isError, ...(full === null ? {} : { full }) };
  },
});
