/** Where the api listens, and that it does so beyond loopback only when strangers can be told apart. */
import type { Server } from 'node:http';
import type { Config } from '../../config/types.ts';
import { CannotRun } from '../../config/errors.ts';
import { isLoopback } from '../../config/loopback.ts';
import type { Store } from '../../store/port.ts';

interface Place {
  readonly api: Config['api'];
  readonly store: Pick<Store, 'tokens'>;
  readonly now: () => number;
}

/** Throws a CannotRun for what a person must mend. Resolves when it listens. */
export async function listen(server: Server, place: Place): Promise<void> {
  const { host, port } = place.api;
  if (!isLoopback(host)) await requireToken(place);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isOurs = error.code !== 'EADDRNOTAVAIL' && error.code !== 'ENOTFOUND';
      reject(
        isOurs
          ? error
          : new CannotRun(
              `api.host: ${host} is no address of this machine (${error.code}): correct it in lamplighter.yaml`,
            ),
      );
    });
    server.listen(port, host, resolve);
  });
}

async function requireToken({ api, store, now }: Place): Promise<void> {
  const tokens = await store.tokens.list();
  if (tokens.some(({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt === null || expiresAt > now())))
    return;
  const which = tokens.length === 0 ? 'nobody has a token yet' : 'every token is revoked or has expired';
  throw new CannotRun(
    `api.host: ${api.host} is reached from other machines, and ${which}: leave api.host out, start, make one with \`lamplighter token create <name>\`, then set api.host and start again`,
  );
}
