/** `.lamplighter.yml` of a repo: parsed strictly, because a misspelt check that is ignored is a gate that is not there. */
import { z } from 'zod';
import { EMPTY_CONTRACT, REPORTS, type Check, type Contract } from '../domain/contract.ts';
import { withoutUndefined } from './without-undefined.ts';
import { clashes, fillInService, service, variable, wrongSecrets } from './contract-services.ts';
import { parseYaml, type YamlSource } from './schemas/yaml-document.ts';

const command = z.string().min(1);
const inside = z
  .string()
  .min(1)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]*$/, 'must stay inside the repo: no absolute path, no ..');
const host = z
  .string()
  // No wildcards: the proxy compares whole names, and a name that never matches would show only as a failed download.
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i, 'must be a whole host name');

const check = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,60}$/, 'must be a short name of letters, digits, dots, dashes'),
  dir: inside.optional().describe('Folder in the repo; default: the root.'),
  when: z
    .array(z.string().min(1))
    .optional()
    .describe('Runs when a changed path matches one of these globs; default: always.'),
  always: z.boolean().optional().describe('Runs whatever changed, also where its when does not match; default false.'),
  setup: command.optional().describe('Makes the folder ready, such as an install.'),
  test: command.describe(
    'Runs the tests; writes its report to $LAMPLIGHTER_REPORT. tap, go-json and cargo-json may come on stdout.',
  ),
  report: z.enum(REPORTS),
  globs: z.array(z.string().min(1)).min(1).describe('Which files are tests and fixtures, relative to dir.'),
  minimum: z.int().min(1).optional().describe('Fewer tests than this are no proof; default 1.'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(6 * 3600)
    .optional()
    .describe('Default 600.'),
});

export const contractSchema = z.strictObject({
  checks: z.array(check).min(1),
  toolchain: z.array(z.string().min(1)).optional().describe('Toolchains that the operator declared.'),
  network: z.array(host).optional().describe('Hosts that setup, checks and the session may reach.'),
  services: z.array(service).optional().describe('Servers that are started beside each command, on loopback.'),
  secrets: z.array(variable).optional().describe('Variables that the checks expect, from testEnv of lamplighter.yaml.'),
  protected: z.array(z.string().min(1)).optional().describe('Globs of paths that an agent may not touch.'),
  push: z
    .enum(['direct', 'ask'])
    .optional()
    .describe('ask: each push waits until a person has approved that sha; default direct.'),
  build: z.array(command).optional().describe('Commands of the build stage, on a clean clone of the pushed sha.'),
});

export type ParsedContract =
  | { readonly ok: true; readonly contract: Contract }
  | { readonly ok: false; readonly errors: readonly string[] };

/** `file` is only named in errors, such as `.lamplighter.yml@<sha>`. */
export function parseContract(text: string, file: string): ParsedContract {
  const parsed = parseYaml(text, file, contractSchema);
  if (!parsed.ok) return parsed;
  const { value, source } = parsed;
  const errors = [...doubled(value.checks, source), ...clashes(value.services, source), ...wrongSecrets(value, source)];
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    contract: {
      ...EMPTY_CONTRACT,
      ...withoutUndefined(value),
      checks: value.checks.map(fillIn),
      services: (value.services ?? []).map(fillInService),
    },
  };
}

type CheckEntry = z.infer<typeof check>;

function fillIn(entry: CheckEntry): Check {
  return {
    name: entry.name,
    dir: entry.dir ?? '.',
    when: entry.when ?? [],
    always: entry.always ?? false,
    setup: entry.setup ?? null,
    test: entry.test,
    report: entry.report,
    globs: entry.globs,
    minimum: entry.minimum ?? 1,
    timeoutSeconds: entry.timeoutSeconds ?? 600,
  };
}

/** Two checks of one name would share their evidence. */
function doubled(checks: readonly CheckEntry[], source: YamlSource): string[] {
  return checks.flatMap(({ name }, index) =>
    checks.findIndex((other) => other.name === name) === index
      ? []
      : [
          source.complain(
            ['checks', index, 'name'],
            `${JSON.stringify(name)} is used by another check: give each its own name`,
          ),
        ],
  );
}
