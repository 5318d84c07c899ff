/**
 * A tool of the agent. Every failure is a result that teaches the model what to do instead; only bugs throw. A tool
 * declares its replay safety: a safe one may run again after a crash, an unsafe one never does.
 */
import { z } from 'zod';
import type { SessionEnd } from '../../../domain/session-end.ts';
import type { Submission } from '../../hand-over/hand-over.ts';
import type { RepoGit, Worktree } from '../../git/port.ts';
import type { CommandResult, Sandbox, SandboxBind, SandboxCommand, SandboxLimits } from '../../sandbox/port.ts';
import type { ToolDefinition } from '../../model/port.ts';
import { NOT_JSON } from '../../model/reply-builder.ts';
import { headOf } from '../../../domain/text.ts';

export type Replay = 'safe' | 'unsafe';

export interface ToolOutcome {
  readonly content: string;
  readonly isError: boolean;
  /** The session ends with this call. */
  readonly end?: SessionEnd;
  /** Whole text of an output that was cut for the model; kept as evidence. */
  readonly full?: string;
}

export interface ToolContext {
  /** Id of the unit whose work it is, and the commit that it builds on. */
  readonly unit: string;
  readonly base: string;
  /** The work folder and a shell in it; a call that needs neither touches no checkout. */
  readonly place: () => Promise<Place>;
  readonly git: Pick<RepoGit, 'importBundle' | 'commits'>;
  /** A folder of ours that no agent can write; made and removed by the tool that uses it. */
  readonly scratchDir: string;
  /** Kept for the gates when the session submits. */
  readonly keepSubmission: (submission: Submission) => Promise<void>;
}

export interface Place {
  readonly worktree: Worktree;
  readonly shell: Shell;
}

export interface Tool<Input> {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType<Input>;
  /** What the API is told, where `schema` is a union: the API takes no union at the top. */
  readonly published?: z.ZodType;
  /** Of one input: a view is safe, a write by the same tool is not. */
  readonly replay: (input: Input) => Replay;
  readonly run: (input: Input, context: ToolContext) => Promise<ToolOutcome>;
}

/** A call whose input has been judged. */
export interface BoundCall {
  readonly replay: Replay;
  /** There is no such tool, or not with such an input: running it only says so. */
  readonly isRefused?: true;
  run(context: ToolContext): Promise<ToolOutcome>;
}

/** A tool with its input's type sealed in. */
export interface AnyTool {
  readonly definition: ToolDefinition;
  bind(input: unknown): BoundCall | { readonly refusal: string };
}

export function sealTool<Input>(tool: Tool<Input>): AnyTool {
  return {
    definition: {
      name: tool.name,
      description: tool.description,
      inputSchema: z.toJSONSchema(tool.published ?? tool.schema, { io: 'input' }) as Record<string, unknown>,
    },
    bind(input) {
      const raw = notJson(input);
      if (raw !== null)
        return {
          refusal: `The input of ${tool.name} was not valid JSON and nothing was run. It began: ${headOf(raw, 200)}\nCall it again with one whole JSON object.`,
        };
      const parsed = tool.schema.safeParse(input);
      if (!parsed.success)
        return {
          refusal: `The input of ${tool.name} is wrong and nothing was run:\n${z.prettifyError(parsed.error)}\nCorrect it and call again.`,
        };
      return { replay: tool.replay(parsed.data), run: (context) => tool.run(parsed.data, context) };
    },
  };
}

function notJson(input: unknown): string | null {
  if (typeof input !== 'object' || input === null || !(NOT_JSON in input)) return null;
  return String(input[NOT_JSON]);
}

/** Runs commands in the unit's sandbox, behind its fence. */
export interface Shell {
  run(command: ShellCommand): Promise<CommandResult>;
}

export interface ShellCommand {
  readonly argv: readonly string[];
  readonly wallMs: number;
  readonly binds?: readonly SandboxBind[];
  readonly keepBytes?: number;
  /** A command of the model's own: with the contract's services, and the secrets that the operator hands to sessions. */
  readonly asTests?: true;
}

export interface ShellDeps {
  readonly sandbox: Pick<Sandbox, 'run'>;
  readonly worktree: Worktree;
  readonly environment: Pick<SandboxCommand, 'binds' | 'env' | 'path' | 'hosts' | 'services' | 'secrets'>;
  readonly limits: SandboxLimits;
  readonly signal: AbortSignal;
}

const KEEP_BYTES = 2 * 1024 * 1024;

export function createShell({ sandbox, worktree, environment, limits, signal }: ShellDeps): Shell {
  return {
    run: (command) =>
      sandbox.run({
        argv: command.argv,
        cwd: worktree.dir,
        binds: [...environment.binds, ...worktree.binds, ...(command.binds ?? [])],
        env: { ...environment.env, ...worktree.env },
        path: environment.path,
        hosts: environment.hosts,
        ...(command.asTests === true
          ? { services: environment.services ?? [], secrets: environment.secrets ?? {} }
          : {}),
        limits: { ...limits, wallMs: command.wallMs },
        lock: worktree.lock,
        signal,
        keepBytes: command.keepBytes ?? KEEP_BYTES,
      }),
  };
}

export function taught(content: string): ToolOutcome {
  return { content, isError: true };
}
