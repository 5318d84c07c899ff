/** The types of what the API answers with, for who reads it: pages, the command, tests. Their schemas are in views/. */
export type { ErrorBody, NoticeView } from './views/common.ts';
export type { OverviewChange, RunChange } from './views/change.ts';
export type { EventView } from './views/event.ts';
export type { IssueView, PickUpView, TrialView } from './views/issue.ts';
export type { CapsView, CapView, KillSwitchView, Overview, StatusView, TokenView } from './views/operations.ts';
export type { EvidenceView, FixForwardView, MoveView, PushView, RunGroup, RunSummary, RunView } from './views/run.ts';
export type { SessionView, TranscriptView } from './views/transcript.ts';
