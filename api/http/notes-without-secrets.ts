/** What people write into a note goes to the model, the issue and the pages: a secret that somebody pastes is struck out before it is kept. */
import { knownSecrets } from '../../config/known-secrets.ts';
import type { ApiDeps } from './deps.ts';

export async function withoutSecrets(
  { config, token }: Pick<ApiDeps, 'config' | 'token'>,
  note: string,
): Promise<string> {
  // Loaded with the first note: the scanner's rules take a tenth of what an idle api may.
  const { createRedaction, createScrub } = await import('../../activities/evidence/redact.ts');
  return createScrub(createRedaction(knownSecrets(config, token)))(note);
}
