/** The servers that a contract asks for, inside the sandbox of each command. What happens there is in services.sh. */
import { fileURLToPath } from 'node:url';
import type { CommandResult, SandboxBind, SandboxService } from './port.ts';

/** Memory of the sandbox: data, sockets, logs. */
export const SERVICES = '/run/services';
const SCRIPT_FILE = fileURLToPath(new URL('./services.sh', import.meta.url));
const SCRIPT = '/run/services.sh';
const READY = 'lamplighter: the services answer\n';

/** A service with what only this machine knows of it. */
export interface PreparedService {
  readonly service: SandboxService;
  /** Folder of the cluster that is copied; null where the server needs none. */
  readonly template: string | null;
}

export function serviceBinds(prepared: readonly PreparedService[]): SandboxBind[] {
  if (prepared.length === 0) return [];
  return [
    { from: SCRIPT_FILE, to: SCRIPT, mode: 'ro' },
    ...prepared.flatMap(({ service, template }): SandboxBind[] =>
      template === null ? [] : [{ from: template, to: templateOf(service), mode: 'ro' }],
    ),
  ];
}

/** Runs the rest of the command line once every service answers. */
export function servicesArgv(prepared: readonly PreparedService[]): string[] {
  if (prepared.length === 0) return [];
  const words = prepared.flatMap(({ service, template }) => [
    service.kind,
    service.bin,
    String(service.port),
    template === null ? '-' : templateOf(service),
  ]);
  return ['/bin/sh', SCRIPT, ...words, '--'];
}

/** A connection is a process of postgres; redis has a few threads. The command keeps its own bound. */
export function serviceProcesses(services: readonly SandboxService[]): number {
  return services.reduce((sum, { kind }) => sum + (kind === 'postgres' ? 128 : 16), 0);
}

/**
 * What the script said, told apart from what the command said. A command cannot claim that it was never run: the word
 * stands in front of whatever it prints.
 */
export function readServed(result: CommandResult): CommandResult {
  const at = result.stderr.indexOf(READY);
  if (at >= 0) return { ...result, stderr: result.stderr.slice(0, at) + result.stderr.slice(at + READY.length) };
  return result.end === 'exited' ? { ...result, unserved: result.stderr.trim() } : result;
}

export function unserved(reason: string): CommandResult {
  return { end: 'exited', code: 125, stdout: '', stderr: `${reason}\n`, droppedBytes: 0, ms: 0, unserved: reason };
}

function templateOf({ kind, port }: SandboxService): string {
  return `/run/templates/${kind}-${port}`;
}
