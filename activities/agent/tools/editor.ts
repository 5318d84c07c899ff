/**
 * Views and edits files. The work is done by a script inside the sandbox, on paths as the sandbox sees them: a link that
 * leads out of the work folder leads nowhere that a command of the agent could not go, and there is no race to win.
 */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { boundText } from './output.ts';
import { sealTool, taught } from './tool.ts';
import { tailOf } from '../../../domain/text.ts';

const path = z
  .string()
  .min(1)
  .regex(/^[^\0]*$/, 'must not hold a NUL')
  .describe('Relative to the work folder, or absolute inside it.');

const schema = z.discriminatedUnion('command', [
  z.strictObject({
    command: z.literal('view'),
    path,
    view_range: z
      .tuple([z.int().min(1), z.int().min(-1)])
      .optional()
      .describe('First and last line; -1 is the end.'),
  }),
  z.strictObject({ command: z.literal('create'), path, file_text: z.string() }),
  z.strictObject({
    command: z.literal('str_replace'),
    path,
    old_str: z.string().min(1).describe('Must stand in the file exactly once.'),
    new_str: z.string().optional(),
  }),
  z.strictObject({
    command: z.literal('insert'),
    path,
    insert_line: z.int().min(0).describe('The text goes in after this line; 0 is the beginning.'),
    insert_text: z.string(),
  }),
]);

const published = z.strictObject({
  command: z.enum(['view', 'create', 'str_replace', 'insert']),
  path,
  view_range: z.array(z.int()).optional().describe('For view: first and last line; -1 is the end.'),
  file_text: z.string().optional().describe('For create: the whole text.'),
  old_str: z.string().optional().describe('For str_replace: must stand in the file exactly once.'),
  new_str: z.string().optional().describe('For str_replace: what stands there instead; absent, the text is taken out.'),
  insert_line: z.int().optional().describe('For insert: the text goes in after this line; 0 is the beginning.'),
  insert_text: z.string().optional().describe('For insert.'),
});

const SCRIPT = fileURLToPath(new URL('./editor-script.mjs', import.meta.url));
const WALL_MS = 60_000;

export const editor = sealTool({
  name: 'str_replace_based_edit_tool',
  description:
    'Views a file with line numbers or a folder two levels deep (view), writes a whole file and the folders above it (create), replaces a text that stands exactly once (str_replace), puts text in after a line (insert).',
  schema,
  published,
  replay: (input) => (input.command === 'view' ? 'safe' : 'unsafe'),
  async run(input, { place, scratchDir }) {
    const { shell, worktree } = await place();
    const dir = await mkdtemp(join(scratchDir, 'edit-'));
    try {
      await copyFile(SCRIPT, join(dir, 'editor-script.mjs'));
      await writeFile(join(dir, 'input.json'), JSON.stringify({ ...input, root: worktree.dir }));
      const node = process.execPath;
      const result = await shell.run({
        argv: [node, join(dir, 'editor-script.mjs'), join(dir, 'input.json')],
        binds: [
          { from: dir, mode: 'ro' },
          { from: dirname(node), mode: 'ro' },
        ],
        wallMs: WALL_MS,
      });
      // 0 and 3 are the script's own words: done, and refused with a reason on stdout.
      if (result.end !== 'exited' || (result.code !== 0 && result.code !== 3)) {
        return taught(
          `The edit did not run to its end (${result.end}, exit code ${result.code}): ${tailOf(result.stderr.trim(), 1000)}\nLook at the file before you go on.`,
        );
      }
      const { shown, full } = boundText(result.stdout);
      return {
        content: shown === '' ? '(empty)' : shown,
        isError: result.code === 3,
        ...(full === null ? {} : { full }),
      };
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
});
