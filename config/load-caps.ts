import type { Caps, WindowCaps } from '../domain/caps.ts';
import { microUsd } from '../domain/money.ts';
import { CAPS } from './defaults.ts';
import type { ConfigFile } from './schema.ts';
import type { RepoConfig } from './types.ts';

/** `repos` are those of the file, in its order: a repo's own caps go by its key. */
export function loadCaps(given: ConfigFile, repos: readonly RepoConfig[]): Caps {
  const { dayUsd, monthUsd, repoDayUsd, repoMonthUsd } = given.caps ?? {};
  const anyRepo = windowCaps(CAPS.anyRepo, repoDayUsd, repoMonthUsd);
  const own = (given.repos ?? []).flatMap(({ caps }, index) => {
    const repo = repos[index];
    return caps === undefined || repo === undefined
      ? []
      : [[repo.key, windowCaps(anyRepo, caps.dayUsd, caps.monthUsd)] as const];
  });
  return { total: windowCaps(CAPS.total, dayUsd, monthUsd), anyRepo, repos: Object.fromEntries(own) };
}

function windowCaps(other: WindowCaps, dayUsd: number | undefined, monthUsd: number | undefined): WindowCaps {
  return {
    dayMicroUsd: dayUsd === undefined ? other.dayMicroUsd : microUsd(dayUsd),
    monthMicroUsd: monthUsd === undefined ? other.monthMicroUsd : microUsd(monthUsd),
  };
}
