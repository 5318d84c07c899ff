/** A setup whose host was refused is given this long to ask for another one: its tool may go on asking for the first for minutes. */
const QUIET_MS = 15_000;

/** Ends what listens to the signal once no new name was heard for a while; never while none was. */
export function untilQuiet(): { readonly signal: AbortSignal; heard(name: string): void; stop(): void; close(): void } {
  const controller = new AbortController();
  const names = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    heard(name) {
      if (names.has(name)) return;
      names.add(name);
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(), QUIET_MS);
    },
    stop: () => controller.abort(),
    close: () => clearTimeout(timer),
  };
}
