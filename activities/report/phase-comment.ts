/** The one comment that follows a run: a checklist with links to the evidence, and at the end the receipt. Pure. */
import { boundsWith } from '../../domain/bounds.ts';
import { usd, type MicroUsd, type Usage } from '../../domain/money.ts';
import { judgementCommands } from '../../domain/unfreeze-ways.ts';
import type { EvidenceKind, EvidenceRow, RunRow } from '../../store/port.ts';
import { inline } from './markdown.ts';

export interface PhaseFacts {
  readonly run: RunRow;
  /** Oldest first. */
  readonly evidence: readonly EvidenceRow[];
  /** Where the api is seen from, without a final slash. */
  readonly publicUrl: string;
  readonly turns: number;
  readonly usage: Usage;
  readonly microUsd: MicroUsd;
  /** A push was begun and nobody knows how it ended. */
  readonly pushUnknown: boolean;
}

type Mark = 'done' | 'red' | 'open' | 'none' | 'waived';

interface Phase {
  readonly label: string;
  readonly mark: Mark;
  readonly evidence: readonly EvidenceRow[];
}

export function phasesMarker(run: string): string {
  return `<!-- lamplighter:${run}:phases -->`;
}

export function renderPhases(facts: PhaseFacts): string {
  const { run, publicUrl } = facts;
  const lines = phasesOf(facts).map((phase) => renderPhase(phase, publicUrl));
  const parts = [`**Lamplighter: ${headline(run)}** · [run page](${publicUrl}/runs/${run.id})`, lines.join('\n')];
  parts.push(...renderStory(facts), ...renderWaiting(facts));
  if (run.state.stage === 'ended') parts.push(renderReceipt(facts));
  return parts.join('\n\n');
}

/** Each push with what its deploy came to; nothing where none was red. */
function renderStory({ run, evidence, publicUrl }: PhaseFacts): string[] {
  const { fixes, firstRedAt, granted, red } = run.state.progress;
  if (red === null) return [];
  const { fixAttempts, fixMs } = boundsWith(run.bounds, granted);
  const goesOn = run.state.stage !== 'ended' && run.state.stage !== 'frozen' && firstRedAt !== null;
  const until = goesOn ? `, another may start until ${new Date(firstRedAt + fixMs).toISOString().slice(0, 16)}Z` : '';
  const deploys = evidence.filter((row) => DEPLOY.includes(row.kind) && row.sha !== null && row.verdict !== null);
  const lines = [...Map.groupBy(deploys, (row) => row.sha ?? '')].map(([sha, rows]) => {
    const links = rows.map((row) => `[${row.kind}](${publicUrl}/evidence/${row.id}) ${row.verdict ?? ''}`);
    const why = rows.findLast((row) => row.verdict === 'red');
    return `- \`${sha.slice(0, 10)}\` ${links.join(', ')}${why === undefined ? '' : `: ${inline(why.summary, 300)}`}`;
  });
  return [
    `**Fix-forward**: ${fixes} of ${fixAttempts} attempts made${until}\n\n${lines.slice(-SHOWN_SHAS).join('\n')}`,
  ];
}

const SHOWN_SHAS = 12;

/** What a person is waited for, as commands. */
function renderWaiting({ run, evidence, publicUrl }: PhaseFacts): string[] {
  const { state } = run;
  const shell = (...lines: readonly string[]): string => `\`\`\`sh\n${lines.join('\n')}\n\`\`\``;
  if (state.progress.pause !== null) return [shell(`lamplighter resume ${run.id} --note "why"`)];
  if (state.stage !== 'awaiting-approval') return [];
  const diff = evidence.findLast((row) => row.kind === 'diff' && row.sha === state.head);
  const { approve, reject } = judgementCommands(run.id, state.head);
  const look = diff === undefined ? '' : ` Read [its diff](${publicUrl}/evidence/${diff.id}) first.`;
  return [`Every gate passed \`${state.head}\`; nothing of it is on main yet.${look}\n\n${shell(approve, reject)}`];
}

function phasesOf({ run, evidence }: PhaseFacts): Phase[] {
  const { pushed, base } = run.state.progress;
  const shipped = run.outcome === 'shipped' || (run.state.stage === 'ended' && run.state.outcome === 'shipped');
  const of = (...kinds: EvidenceKind[]): EvidenceRow[] => newest(evidence, kinds);
  const ofPushed = (...kinds: EvidenceKind[]): EvidenceRow[] =>
    newest(
      evidence.filter((row) => row.sha === null || row.sha === pushed),
      kinds,
    );
  const proof = (label: string, rows: readonly EvidenceRow[], kind: EvidenceKind): Phase => {
    const mark = rows.some((row) => row.verdict === 'red')
      ? 'red'
      : rows.some((row) => row.kind === kind && row.verdict === 'green')
        ? 'done'
        : 'open';
    return { label, mark, evidence: rows };
  };
  const stage = (label: string, rows: readonly EvidenceRow[], kind: EvidenceKind): Phase =>
    shipped && rows.length === 0 ? { label, mark: 'none', evidence: [] } : proof(label, rows, kind);

  return [
    {
      label: 'worktree made, base proven green',
      mark: base === null ? redOrOpen(of('base')) : 'done',
      evidence: of('base', 'setup'),
    },
    redPhase(of('red'), proof),
    proof('green with it, nothing else broken', of('guard', 'regression', 'green'), 'green'),
    { label: 'pushed', mark: pushed === null ? redOrOpen(of('push')) : 'done', evidence: of('push') },
    stage('build', ofPushed('build'), 'build'),
    stage('deployed', ofPushed('deploy', 'rollout'), 'deploy'),
    stage('healthy', ofPushed('health'), 'health'),
    { label: 'done', mark: shipped ? 'done' : 'open', evidence: [] },
  ];
}

/** Red evidence without a verdict says that a person lifted the gate. */
function redPhase(
  rows: readonly EvidenceRow[],
  proof: (label: string, rows: readonly EvidenceRow[], kind: EvidenceKind) => Phase,
): Phase {
  const label = 'tests proven red without the change';
  return rows.some((row) => row.verdict === null)
    ? { label, mark: 'waived', evidence: rows }
    : proof(label, rows, 'red');
}

/** The newest of each kind, in the order of the kinds. */
function newest(evidence: readonly EvidenceRow[], kinds: readonly EvidenceKind[]): EvidenceRow[] {
  return kinds.flatMap((kind) => evidence.filter((row) => row.kind === kind).slice(-1));
}

function redOrOpen(rows: readonly EvidenceRow[]): Mark {
  return rows.some((row) => row.verdict === 'red') ? 'red' : 'open';
}

const MARKS: Readonly<Record<Mark, (label: string) => string>> = {
  done: (label) => `- [x] ${label}`,
  red: (label) => `- [ ] **red:** ${label}`,
  open: (label) => `- [ ] ${label}`,
  none: (label) => `- [x] ${label}: not declared`,
  waived: (label) => `- [x] ${label}: waived by a person`,
};

function renderPhase({ label, mark, evidence }: Phase, publicUrl: string): string {
  const links = evidence.map((row) => `[${row.kind}](${publicUrl}/evidence/${row.id})`);
  return `${MARKS[mark](label)}${links.length === 0 ? '' : ` (${links.join(', ')})`}`;
}

function headline({ state }: RunRow): string {
  const { pause } = state.progress;
  if (pause !== null) return `paused by ${pause.by} in ${state.stage}`;
  switch (state.stage) {
    case 'ended':
      return state.outcome;
    case 'frozen':
      return 'frozen, a person must unfreeze it';
    case 'prepare':
      return state.waiting ? 'waiting, main is red without this change' : 'prepare';
    case 'awaiting-approval':
      return 'a person must approve it';
    case 'triage':
    case 'implement':
    case 'verify':
    case 'push':
    case 'watch':
      return state.stage;
    case 'fix':
      if (state.redMain !== null) return 'waiting, main is red by others as well';
      return state.brief === null ? 'red once deployed' : `fix-forward attempt ${state.progress.fixes}`;
  }
}

const GATES: readonly EvidenceKind[] = ['base', 'guard', 'red', 'regression', 'green'];
const DEPLOY: readonly EvidenceKind[] = ['build', 'deploy', 'rollout', 'health'];

function renderReceipt({ run, evidence, publicUrl, turns, usage, microUsd, pushUnknown }: PhaseFacts): string {
  const verdicts = (kinds: readonly EvidenceKind[], rows: readonly EvidenceRow[]): string =>
    newest(rows, kinds)
      .map((row) => `[${row.kind}](${publicUrl}/evidence/${row.id}) ${row.verdict ?? 'recorded'}`)
      .join(', ') || 'none';
  const { pushed } = run.state.progress;
  const waived = evidence.findLast((row) => row.kind === 'waiver' && (pushed === null || row.sha === pushed));
  const live = evidence.filter((row) => row.kind === 'health' && row.sha === pushed).at(-1);
  const rows: readonly (readonly [string, string])[] = [
    ['outcome', run.state.stage === 'ended' ? run.state.outcome : run.state.stage],
    ['sha', pushed === null ? (pushUnknown ? 'not known to be pushed' : 'nothing was pushed') : `\`${pushed}\``],
    ['gates', verdicts(GATES, evidence)],
    ...(waived === undefined ? [] : ([['waived', inline(waived.summary)]] as const)),
    [
      'deploy',
      verdicts(
        DEPLOY,
        evidence.filter((row) => row.sha === null || row.sha === pushed),
      ),
    ],
    ...(live === undefined ? [] : ([['proof', inline(live.summary)]] as const)),
    ['turns', String(turns)],
    [
      'tokens',
      `${usage.input + usage.cacheRead + usage.cacheWrite} in (${usage.cacheRead} from cache), ${usage.output} out`,
    ],
    ['cost', `$${usd(microUsd).toFixed(4)}`],
    ['wall time', duration((run.endedAt ?? run.updatedAt) - run.createdAt)],
  ];
  return [
    '| receipt | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|')} |`),
  ].join('\n');
}

/** `1 h 02 min`, `3 min 04 s` or `5 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  if (minutes > 0) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${seconds} s`;
}
