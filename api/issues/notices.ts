/** What stands between an issue and a run, for everybody to see: an operator who wonders why nothing happens looks here first. */
import { trackerWords } from '../../config/trackers.ts';
import type { ApiDeps } from '../http/deps.ts';
import { readHolds } from '../caps/caps.ts';
import { commandPlace } from '../http/command-place.ts';
import { isOfPart } from '../standing/health.ts';
import { readKillSwitch } from '../standing/kill-switch.ts';
import { allowRemedy, killSwitchRemedy } from './pick-up.ts';
import type { NoticeView } from '../views/view.ts';
import { missingNotices } from '../standing/missing.ts';

export async function readNotices(deps: ApiDeps): Promise<NoticeView[]> {
  const { store, config } = deps;
  const killSwitch = await readKillSwitch(store.control, config.dataDir);
  const notices: NoticeView[] = [];
  if (killSwitch.on) {
    notices.push({
      text: 'the kill switch is on: nothing new starts',
      remedy: killSwitchRemedy(commandPlace(config.dataDir)),
    });
  }
  if (config.repos.length === 0) {
    notices.push({ text: 'no repo is enrolled', remedy: 'name one under repos: in lamplighter.yaml' });
  }
  const held = config.repos.map((repo) => repo.name).filter((name) => !config.allow.includes(name));
  if (held.length > 0)
    notices.push({
      text: `not on the allowlist: ${held.join(', ')}`,
      remedy: allowRemedy(held.length === 1 ? (held[0] ?? '') : 'them'),
    });
  notices.push(...(await readHolds(deps)));
  // Parts that are down are shown as parts.
  const findings = deps.watchdog().findings.filter((one) => !isOfPart(one));
  notices.push(...findings.map(({ text, why, remedy }) => ({ text: `${text}: ${why}`, remedy })));
  notices.push(...(await missingNotices(store.control, deps.now())));
  for (const repo of config.repos) notices.push(...(await trackerNotices(deps, repo)));
  return notices;
}

/** The poller leaves as a fact what it could not read. */
async function trackerNotices(deps: ApiDeps, repo: ApiDeps['config']['repos'][number]): Promise<NoticeView[]> {
  const [tracker, issues] = await Promise.all([
    deps.store.control.fact(`tracker-failure/${repo.key}`),
    deps.store.control.fact(`issues-failure/${repo.key}`),
  ]);
  const notices: NoticeView[] = [];
  if (typeof tracker === 'string')
    notices.push({
      text: `the issues of ${repo.name} cannot be read: ${tracker}`,
      remedy: `see to ${trackerWords(repo.tracker).place()}`,
    });
  if (typeof issues === 'string')
    notices.push({
      text: `some issues of ${repo.name} cannot be read: ${issues}`,
      remedy: 'correct it; docs/configuration.md shows what an issue file looks like',
    });
  return notices;
}
