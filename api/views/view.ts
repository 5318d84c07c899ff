/** The types of what the API answers with, for who reads it: pages, the command, tests. Their schemas are in views/. */
export type { ErrorBody, KillSwitchView, NoticeView } from './common.ts';
export type { OverviewChange, RunChange } from './change.ts';
export type { EventView } from './event.ts';
export type { IssueView, PickUpView, TrialView } from './issue.ts';
export type { CapsView, CapView, Overview, StatusView, TokenView } from './operations.ts';
export type { EvidenceView, FixForwardView, MoveView, PushView, RunGroup, RunSummary, RunView } from './run.ts';
export type { SessionView, TranscriptView } from './transcript.ts';
