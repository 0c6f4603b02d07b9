import type { ContestEnd } from './contest.ts';
import type { Contest, Drift, Failing } from './drift-record.ts';
import type { ForeignNews } from './see-foreign.ts';

/** Something about drift that was not known before, or was decided otherwise. */
export type DriftNews =
  /** With what is to become of it. */
  | { readonly news: 'found'; readonly drift: Drift }
  /** It drifted on: another value, not the declared one either. */
  | { readonly news: 'changedAgain'; readonly drift: Drift }
  /** An event that came later tells who it was. */
  | { readonly news: 'explained'; readonly drift: Drift }
  /** Known before, and now something else is to become of it. */
  | { readonly news: 'decided'; readonly drift: Drift }
  /** It is as declared again, or no longer declared, and no run of ours did it. */
  | { readonly news: 'gone'; readonly drift: Drift; readonly isDeclared: boolean }
  | { readonly news: 'conflict'; readonly contest: Contest }
  | { readonly news: 'conflictOver'; readonly end: ContestEnd }
  | ForeignNews
  /** It failed so often that Hubkeeper tries it no more until something moves. */
  | { readonly news: 'parked'; readonly failing: Failing }
  /** Given up before, and tried again. */
  | { readonly news: 'unparked'; readonly failing: Failing }
  /** A change that is no drift is refused or waits. */
  | {
      readonly news: 'other';
      readonly id: string;
      readonly decision: 'refused' | 'waiting';
      readonly code: string;
      readonly why: string;
    };
