/** What a session asks of the kind of unit that it belongs to. Each kind has one of these; the session knows no more of it. */
import type { Brief } from '../../domain/stage.ts';
import { unitNamed, type Subject, type Unit, type UnitKind } from '../../domain/unit.ts';
import type { RepoGit } from '../git/port.ts';
import type { SandboxEnvironment } from '../sandbox/environment.ts';

export interface UnitWork {
  /** As it stands now, with what people have granted. */
  unit(id: string): Promise<Unit>;
  /** The system prompt of its one session, and the commit that the session begins at. */
  prompt(id: string): Promise<{ readonly system: string; readonly sha: string | null }>;
  /** What an opening says. `isFirst`: the session has been told nothing yet. */
  words(id: string, brief: Brief, isFirst: boolean): Promise<string>;
  workplace(id: string): Promise<Workplace>;
  readonly people: People;
}

/** Where its commands run and its commits are made. */
export interface Workplace {
  /** What it builds on: work is what is committed beyond it. */
  readonly base: string;
  readonly git: RepoGit;
  environment(): Promise<SandboxEnvironment>;
}

/** What people ask of it. Whoever asks for it again gets it again, until it is taken. */
export interface People {
  /** For the session to hear at its next boundary, oldest first. */
  said(id: string): Promise<readonly Said[]>;
  /** It has been heard. */
  taken(said: Said, at: number): Promise<void>;
  /** Somebody wants the call in flight to end at once. */
  cutShort(id: string): Promise<boolean>;
  /** Somebody wants the unit elsewhere: the session ends at its boundary. */
  callAway(id: string): Promise<boolean>;
}

export interface Said {
  readonly id: string;
  readonly text: string;
}

/** By kind: those whose sessions this process can drive. */
export type UnitWorks = Readonly<Partial<Record<UnitKind, UnitWork>>>;

export function workOf(works: UnitWorks, subject: Subject): { readonly id: string; readonly work: UnitWork } {
  const { kind, id } = unitNamed(subject);
  const work = works[kind];
  if (work === undefined)
    throw new Error(`${subject} came to a worker that drives no ${kind}: look at which workers serve its task queue`);
  return { id, work };
}
