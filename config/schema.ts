/** The shape of `lamplighter.yaml`, without transforms: what a person writes, so that it can be published as JSON Schema. */
import { z } from 'zod';
import { writtenExecutor } from './executors.ts';
import { writtenNotifier } from './notifiers.ts';
import { writtenTracker } from './trackers.ts';
import { envName, environment, secret, text } from './schemas/words.ts';
import { writtenDeploy } from './watchers.ts';

const NAME = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/;

const name = z.string().max(100).regex(NAME, 'must be letters, digits, dots, dashes, like owner/name');
const hostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a whole host name');
const dollars = z.number().nonnegative();
/** A cap: 0 lets nothing be spent. Below what micro-dollars can count. */
const cap = dollars.max(1_000_000_000);

const session = z.boolean().optional().describe('The session has it too; default: the gates alone.');
const testEnvironment = z.record(
  envName,
  z.union([
    z.string(),
    z.strictObject({ value: z.string(), session }),
    z.strictObject({ env: envName.describe('Name of the variable that holds the secret.'), session }),
    z.strictObject({ file: text.describe('File that holds the secret; its final newline is left out.'), session }),
  ]),
);

const repo = z.strictObject({
  name,
  remote: text.describe('Git URL, or a path relative to this file.'),
  branch: text.optional(),
  tracker: writtenTracker,
  pushEnv: environment.optional().describe('Environment of the push process only.'),
  submodules: z
    .array(text)
    .optional()
    .describe('Git URLs or paths of submodules that may be fetched, with what reads remote; others stay empty.'),
  testEnv: testEnvironment
    .optional()
    .describe('What a contract may ask for under secrets: environment of setup and test in the gates.'),
  deploy: writtenDeploy.optional(),
  caps: z
    .strictObject({ dayUsd: cap.optional(), monthUsd: cap.optional() })
    .optional()
    .describe('Of this repo, instead of caps.repoDayUsd and caps.repoMonthUsd.'),
});
export type RepoEntry = z.infer<typeof repo>;

const rates = { input: dollars, output: dollars, cacheRead: dollars, cacheWrite: dollars };
const price = z.strictObject({ ...rates, above: z.strictObject({ tokens: z.int().positive(), ...rates }).optional() });

const model = z.strictObject({
  provider: z
    .enum(['anthropic', 'scripted'])
    .optional()
    .describe('Default: anthropic when there is a key, else scripted.'),
  name: text.optional(),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKey: secret.optional().describe('Default: ANTHROPIC_API_KEY.'),
  maxTokens: z.int().min(256).max(1_000_000).optional(),
  prices: z.record(text, price).optional().describe('Dollars per million tokens, by model.'),
  scenarios: text.optional().describe('Folder of the scripted model’s scenario files.'),
});

const bounds = z.strictObject({
  verifyRounds: z.int().min(0).max(100).optional(),
  turns: z.int().min(1).max(10_000).optional(),
  sessionMinutes: z
    .number()
    .positive()
    .max(7 * 24 * 60)
    .optional(),
  issueUsd: cap.optional(),
  races: z.int().min(0).max(100).optional(),
  fixAttempts: z
    .int()
    .min(0)
    .max(50)
    .optional()
    .describe('Fix-forward attempts after a red deploy; 0 freezes at once. Default 5.'),
  fixMinutes: z
    .number()
    .positive()
    .max(7 * 24 * 60)
    .optional()
    .describe('Minutes from the first red in which attempts may start. Default 60.'),
  watchMinutes: z
    .number()
    .positive()
    .max(7 * 24 * 60)
    .optional(),
});

const caps = z.strictObject({
  dayUsd: cap.optional().describe('Dollars in one day (UTC), all repos together.'),
  monthUsd: cap.optional().describe('Dollars in one month (UTC), all repos together.'),
  repoDayUsd: cap.optional().describe('Dollars in one day, each repo.'),
  repoMonthUsd: cap.optional().describe('Dollars in one month, each repo.'),
});

const minutes = z
  .number()
  .positive()
  .max(30 * 24 * 60)
  .optional();

const watchdog = z.strictObject({
  everySeconds: z.number().min(0.1).max(600).optional().describe('Seconds between two looks. Default 15.'),
  unseenMinutes: minutes.describe('A worker, the poller or Temporal that does not show itself. Default 3.'),
  marginMinutes: minutes.describe('Silence of a run beyond what its stage may take. Default 10.'),
  actMinutes: minutes.describe('An act that nobody takes. Default 15.'),
  queueMinutes: minutes.describe('Work in a free lane that starts nothing, a tracker that cannot be read. Default 15.'),
  slotMinutes: minutes.describe('Waiting for a slot. Default 240.'),
  baseRedMinutes: minutes.describe('Waiting for a red main. Default 240.'),
  pauseMinutes: minutes.describe('Paused. Default 1440.'),
  approvalMinutes: minutes.describe('Waiting for an approval. Default 1440.'),
  frozenMinutes: minutes.describe('Frozen. Default 1440.'),
  killSwitchMinutes: minutes.describe('Kill switch on while work waits. Default 60.'),
  capMinutes: minutes.describe('Held by a cap while work waits. Default 1440.'),
  diskFreeMegabytes: z.number().min(0).max(1_000_000_000).optional().describe('Less is a full disk. Default 1024.'),
  ping: z
    .strictObject({
      url: z.union([z.url({ protocol: /^https?$/ }), secret]),
      everySeconds: z
        .number()
        .min(0.1)
        .max(24 * 3600)
        .optional()
        .describe('Default 60.'),
    })
    .optional()
    .describe('A dead-man service of yours, asked by GET while all is well here.'),
});

const egress = z.strictObject({
  proxy: z
    .string()
    .regex(/^(none|([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5})$/, 'must be host:port, or none')
    .optional()
    .describe(
      'host:port of an HTTP proxy that all goes through, and that resolves the names; none: directly, whatever the environment says.',
    ),
  direct: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'What is reached without the proxy: names, each with all below it, addresses, and ranges such as 10.0.0.0/8.',
    ),
  privateHosts: z
    .array(hostName)
    .optional()
    .describe('Names that may stand for an address that is not public; a contract must list them too.'),
});

const store = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite') }),
  z.strictObject({ kind: z.literal('postgres'), url: z.union([text, secret]) }),
]);

const keyFile = text.describe('File of the private key, mode 0600, without a passphrase.').optional();

export const breakglass = z.strictObject({
  host: z
    .string()
    .max(45)
    .regex(/^[0-9a-fA-F:.]+$/, 'must be an address such as 192.0.2.1, not a name')
    .describe('Address of the Proxmox VE host, not a name: the verbs must work while names do not.'),
  port: z.int().min(1).max(65_535).optional().describe('Default 22.'),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a user on the host')
    .optional()
    .describe('Default root.'),
  vmid: z
    .int()
    .min(100)
    .max(999_999_999)
    .optional()
    .describe('The VM that is meant: the host refuses a request for another, and no answer of another is believed.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/, 'must be the name of the VM in Proxmox')
    .optional()
    .describe('Its name in Proxmox: a VM that has the id and another name is refused as well.'),
  hostKey: text.describe('The line of /etc/ssh/ssh_host_ed25519_key.pub on the host. No other host is spoken to.'),
  keys: z.strictObject({ ro: keyFile, agent: keyFile, human: keyFile }),
});
export type BreakglassEntry = z.infer<typeof breakglass>;

export const configSchema = z.strictObject({
  repos: z.array(repo).optional(),
  allow: z.array(name).optional().describe('Names of repos that may be dispatched; empty by default.'),
  model: model.optional(),
  bounds: bounds.optional(),
  caps: caps.optional().describe('The most that may be spent; when one is reached, lanes hold.'),
  notifiers: z
    .array(writtenNotifier)
    .min(1)
    .optional()
    .describe('Channels by which people are called: the first that gets through. Default: the log.'),
  watchdog: watchdog.optional().describe('How long what may last before a person is called.'),
  executor: writtenExecutor.optional().describe('What drives the model of a session. Default: builtin.'),
  slots: z.int().min(1).max(1000).optional(),
  pollSeconds: z
    .number()
    .min(1)
    .max(24 * 3600)
    .optional(),
  store: store.optional(),
  temporal: z
    .strictObject({
      address: text,
      namespace: text.optional(),
      webUrl: z.url({ protocol: /^https?$/ }).optional(),
      unattributedSignals: z
        .boolean()
        .optional()
        .describe("Honour escalate and unfreeze sent with Temporal's own tools, which carry no name. Default: false."),
    })
    .optional(),
  api: z
    .strictObject({
      host: z
        .union([z.ipv4(), z.ipv6(), z.literal('localhost')], 'must be an IP address of this machine, or localhost')
        .optional()
        .describe('Address to listen at; beyond loopback only when a token was made. Default 127.0.0.1.'),
      publicUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Address in comments and pages.'),
      names: z
        .array(z.union([hostName, z.ipv4(), z.ipv6()]))
        .optional()
        .describe('Further host names and addresses under which people ask for it.'),
    })
    .optional(),
  toolchains: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be lower case letters, digits, dots, dashes'),
      z.strictObject({
        bind: z.array(text).optional(),
        path: z.array(text).optional(),
        env: z.record(envName, z.string()).optional(),
      }),
    )
    .optional(),
  egress: egress.optional().describe('How model, remotes and sandboxes reach the outside.'),
  heartbeatSeconds: z.number().min(2).max(600).optional(),
  breakglass: breakglass.optional().describe('The host with the power verbs, for `lamplighter breakglass`.'),
});
export type ConfigFile = z.infer<typeof configSchema>;
