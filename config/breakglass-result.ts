/**
 * The one document that the host script prints for each request (host/lib/document.sh writes it). The number in `schema` is raised when a
 * member changes its meaning; new members may be added without.
 */
import { z } from 'zod';
import { IDENTITIES, OP_ID, VERBS } from '../domain/breakglass/verb.ts';

const verdict = z.enum(['ok', 'failed', 'unknown']);
const time = z.iso.datetime({ precision: 3 });
const opId = z.string().regex(OP_ID);
const yesNo = z.enum(['yes', 'no', 'unknown', 'none']);

const phase = z.object({
  phase: z.string(),
  begun: time,
  done: time.nullable(),
  result: verdict.nullable(),
  reason: z.string().nullable(),
});

const qemuProcess = z
  .object({ pid: z.int(), startedTicks: z.int().nullable() })
  .describe('a pid alone is used again; with its start time it is one process');

const evidence = z.object({
  id: opId,
  sha256: z.string().nullable().describe('of SHA256SUMS in the bundle; none: it could not be stored'),
  class: z.string().nullable(),
  advice: z.string().nullable(),
});

const status = z.object({
  name: z.string().nullable().optional().describe('of the VM, as Proxmox knows it now'),
  class: z.string().describe('what it is: responding, off, qmp_dead, block_flat, paused, …'),
  advice: z.enum(['none', 'start', 'repair', 'thaw', 'wait', 'reset', 'cycle', 'human']),
  qemuState: z.string().nullable().describe("the kernel's letter for the process: R, S, D, T"),
  qmp: z.enum(['ok', 'late', 'refused']).nullable(),
  runState: z.string().nullable(),
  requestsStuck: yesNo.describe(
    'where the disks stood still: whether the guest waits for requests that QEMU has not answered; unknown where this QEMU does not show it',
  ),
  countersFlat: yesNo.describe('whether the disks stood still between two looks; no proof of a wedge by itself'),
  agentPing: yesNo,
  fsFrozen: yesNo,
  banner: yesNo.describe('whether an SSH server said something; no proof of health by itself'),
  lock: z.string().nullable(),
  configReadable: yesNo,
  autonomy: z.enum(['evidence', 'judgement']),
  pid: z.int().nullable(),
  startedTicks: z.int().nullable(),
  otherNode: z
    .string()
    .nullable()
    .optional()
    .describe('the node of the cluster that has the VM now, where it is not this host'),
  otherQemus: z.array(z.int()).optional().describe('processes that run QEMU and claim to be this VM beside it'),
  monitorClient: z
    .object({ pid: z.int(), name: z.string() })
    .nullable()
    .optional()
    .describe('where QMP is late: the process that it serves instead; null where the kernel does not say'),
  qmpMs: z.int().nullable(),
  pendingChanges: z.int().nullable(),
  sampleMs: z.int().nullable(),
  paused: z.boolean(),
  cooldownSeconds: z.object({ agent: z.int(), human: z.int() }),
  runningOp: opId.nullable(),
  lastOp: opId.nullable(),
  clock: time.optional().describe("the host's own clock as the answer left it"),
});

const opRecord = z.object({
  schema: z.literal('breakglass-result/1'),
  vmid: z.int(),
  verb: z.enum(VERBS),
  op: opId.nullable(),
  identity: z.enum(IDENTITIES),
  state: z.enum(['done', 'running']),
  result: verdict.nullable().describe('none while the op runs; unknown is resolved by status, never by a blind repeat'),
  reason: z.string().nullable().describe('one word of a small set: docs/breakglass-host.md lists them'),
  hint: z.string().nullable().describe('for a person; may hold words that other tools printed'),
  touched: z.boolean().describe("whether the VM's power was or may have been changed"),
  accepted: time.nullable().optional(),
  finished: time.nullable().optional(),
  phases: z.array(phase).optional(),
  before: qemuProcess.nullable().optional(),
  after: qemuProcess.nullable().optional(),
  evidence: evidence.nullable().optional(),
  proof: z
    .object({
      host: z.string().nullable().describe('what the host saw itself: reset_event, new_process, process_gone'),
      guest: z
        .string()
        .nullable()
        .describe('what the guest says of itself, and no more than its word: boot_id, agent, banner'),
    })
    .optional(),
  alarm: z.string().nullable().optional(),
  runningOp: opId.optional().describe('with reason busy: the op that is under way'),
});

export const breakglassResultSchema = opRecord.extend({
  status: status.optional(),
  record: opRecord
    .nullable()
    .optional()
    .describe('of `status op=<id>`: what became of that op, or null where it is not known'),
});

export type BreakglassResult = z.infer<typeof breakglassResultSchema>;
