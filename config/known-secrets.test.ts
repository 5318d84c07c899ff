import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { knownSecrets } from './known-secrets.ts';
import { loadConfig, writeResolvedConfig } from './load.ts';
import { readResolvedConfig } from './resolved.ts';

const YAML = `
repos:
  - name: acme/web
    remote: https://x-access-token:remote-password-1@git.example/acme/web.git
    tracker: { kind: local, dir: ./issues }
    pushEnv: { GIT_ASKPASS: ./askpass.sh, HOST_OF_PUSH: { env: PUSH_VALUE }, SSH_KEY: /etc/keys/push }
    testEnv: { PAY_KEY: plain-key-1, MODE: sandbox-mode, OTHER: { env: TEST_VALUE, session: true } }
    deploy: { command: ./deploy, env: { NODE_ENV: production, CLUSTER_TOKEN: plain-token-1 } }
store: { kind: postgres, url: "postgres://me:store-password-1@db/x" }
model: { apiKey: { file: ./key } }
watchdog: { ping: { url: https://dead-man.example/ping-token-1 } }
`;

it('are what the file only names, what is named like a secret, passwords in addresses, and our own; settings are not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'lamplighter.yaml'), YAML);
  writeFileSync(join(folder, 'key'), 'model-key-1\n');
  const loaded = loadConfig({
    file: join(folder, 'lamplighter.yaml'),
    dataDir: folder,
    env: { PUSH_VALUE: 'push-value-1', TEST_VALUE: 'test-value-1' },
    ports: { api: 1, temporal: 2, temporalUi: 3, model: 4 },
  });
  writeFileSync(join(folder, 'operator.token'), 'operator-token-1\n');

  // As the worker gets it: through the file that `up` writes.
  const { config, operatorToken } = readResolvedConfig(writeResolvedConfig(folder, loaded));
  const values = knownSecrets(config, operatorToken).map((one) => one.value);

  expect(new Set(values)).toEqual(
    new Set([
      'push-value-1',
      'plain-token-1',
      'plain-key-1',
      'test-value-1',
      'remote-password-1',
      'store-password-1',
      'model-key-1',
      'https://dead-man.example/ping-token-1',
      'operator-token-1',
    ]),
  );
});
