import type { OutboundEvent } from '../azure/event-publisher.ts';
import type { OperationHandle } from '../azure/long-operation.ts';
import type { DriftRecord } from '../drift/drift-record.ts';
import type { DesiredNode, Owner } from '../plan/graph.ts';
import type { Waiting } from '../plan/guard.ts';
import type { DeclaredBody } from '../plan/ledger.ts';
import type { Change, Plan, Refusal } from '../plan/plan.ts';
import type { Bucket, NodeState } from '../plan/scheduler.ts';
import type { Problem } from '../problem.ts';
import type { Approval, Trigger } from './baseline-head.ts';
import type { ChangeHint } from './drift-watch.ts';
import type { JournalEntry } from './journal.ts';

/** A plan with what its writes need, stored once and never changed. */
export interface PlanDocument {
  readonly operationId: string;
  /** Number of the plan within its operation and a digest of its content: equal keys mean equal plans. */
  readonly key: string;
  readonly plan: Plan;
  /** Desired nodes of the changes, by normalised id; deletes and removals of our entries have none. */
  readonly nodes: Readonly<Record<string, DesiredNode>>;
  /** What is declared of those, by normalised id; absent: not known. */
  readonly declared?: Readonly<Record<string, DeclaredBody>>;
  /** Lanes in which other baselines may write too. */
  readonly sharedLanes: readonly string[];
  /** No person asked for any of the changes. */
  readonly unattended?: boolean;
  /** Where a person asked for some: normalised ids of the changes that nobody asked for. */
  readonly notAskedFor?: readonly string[];
}

/** What is known about one change of a run. */
export interface RunRow {
  readonly id: string;
  readonly state: NodeState;
  /** Starts so far; part of the key of each start. */
  readonly attempt: number;
  /** Writes that Azure accepted. */
  readonly writes: number;
  /** `changeHash` of the change, so that a new plan's change can be told from the same one. */
  readonly changeHash: string;
  /** Of a run without a person: digest of what the plan would send, as far as the resource as it was seen decides that. */
  readonly worldHash?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly handle?: OperationHandle;
  /** When an operation that has not ended is overdue. */
  readonly deadlineMs?: number;
  /** Given up, and yet under way in Azure: its dependents are blocked, its lanes stay taken, it is looked at to its end. */
  readonly overdue?: boolean;
  /** Since when Azure refuses or the write does not hold, and how often in a row. */
  readonly refusals?: number;
  /** Azure has refused its write for a management lock, and a new plan was made since, which knows of all locks that are listed. */
  readonly metLock?: boolean;
  readonly problem?: Problem;
  readonly waiting?: Waiting;
  /** Its write takes from the budget of unattended changes. */
  readonly budgeted?: boolean;
  /** Of a change that the plan in force no longer has: it is in flight, or it is over. */
  readonly former?: Change;
  /** The plan that the write under way was started from. */
  readonly plan?: { readonly operationId: string; readonly key: string };
  /** In flight when a newer plan was made: at its end a new plan is due. */
  readonly carried?: boolean;
  /** By which failed node it is blocked. */
  readonly blockedBy?: string;
}

/** What the orchestration does next. */
export type Decision =
  | {
      readonly next: 'start';
      readonly operationId: string;
      readonly planKey: string;
      readonly generation: number;
      readonly pauseGeneration: number;
      readonly nodes: readonly { readonly id: string; readonly attempt: number }[];
    }
  | { readonly next: 'wait'; readonly seconds: number }
  /** Ask again at once. */
  | { readonly next: 'again' }
  | { readonly next: 'end' };

export type RunState = 'queued' | 'running' | 'waiting' | 'succeeded' | 'partial' | 'failed' | 'stopped';

/** The plan that a person has asked for, or the plans that followed each other before anything waited. */
export interface AskedPlan {
  /** ISO time of the first of them. */
  readonly at: string;
  /** Normalised ids of what it was to change, or could not. */
  readonly ids: readonly string[];
  /** The run has waited since: what differs elsewhere from now on has been changed by others. */
  readonly hasWaited: boolean;
}

/** One operation as stored. */
export interface RunDocument {
  readonly schemaVersion: 1;
  readonly operationId: string;
  readonly baseline: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  /** Everybody whose request this run does: none of them approves it. */
  readonly requesters: readonly string[];
  readonly createdAt: string;
  /** What a person has asked for; absent: no plan was made since. Of a run that nobody asked for it means nothing. */
  readonly askedPlan?: AskedPlan | undefined;
  /** Asked for by a person: budgets and reaction modes do not bind what that person asked for. */
  readonly attended: boolean;
  /** A person asked for what this owner declares: of an unattended run, that alone is attended. */
  readonly attendedOwner?: Owner;
  readonly teardown: boolean;
  readonly scope?: string;
  /** Only these resources are read and compared; absent: everything of the scope. */
  readonly hints?: readonly ChangeHint[];
  readonly expectedPlanHash?: string;
  readonly state: RunState;
  readonly endedAt?: string;
  /** This operation's work is done by that one. */
  readonly joinedTo?: string;
  readonly supersededBy?: string;
  /** The waiting operation that this one steps in before: if this one comes to wait for somebody itself, it steps back. */
  readonly setAside?: string;
  /** A scan that is to delete something: its next plan is of all that there is, not of a part. */
  readonly readsEverything?: boolean;
  /** Of what a person asked for, something waits: it is asked for again, after the operation that is set aside. */
  readonly asksAgain?: boolean;
  /** When it may step in once more; absent: nobody knows. */
  readonly asksAgainAt?: string;
  /** The turn that wrote this document, and what it decided: a repeated turn answers the same. */
  readonly stamp: string;
  readonly decision: Decision;
  readonly specVersion: number;
  /** Key of the plan document in force; empty: no plan yet. */
  readonly planKey: string;
  readonly planHash: string;
  /** Generations of baseline and pause that the plan was made at. */
  readonly generation: number;
  readonly pauseGeneration: number;
  /** Until when the plan's verdict holds: an open change window or an approval that it used ends then. */
  readonly validUntilMs: number | null;
  readonly preflighted: boolean;
  /** Something was written since the plan was made. */
  readonly wroteSincePlan: boolean;
  /** A new plan is due as soon as it can be made. */
  readonly replan: boolean;
  readonly plansMade: number;
  /** How many of them were made before it last came to rest, waiting for somebody. Absent: it never did. */
  readonly plansBefore?: number;
  /** Failures to plan in a row, and when the next try is due. */
  readonly planFailures: number;
  readonly planNotBeforeMs: number;
  readonly rows: Readonly<Record<string, RunRow>>;
  readonly refused: readonly Refusal[];
  /** `refusalKey` of those that the run has not fallen short of: told by an earlier look for drift, or not asked for. */
  readonly knownRefusals?: readonly string[];
  /** Resources of which the plan holds only a part: when that is written, a new plan has the rest. */
  readonly postponed?: readonly string[];
  /**
   * Unattended updates and deletes that it has made, each with the day (UTC) for which it counts. `done`: it has come to its
   * end as wanted, so that the same change again is another one.
   */
  readonly spent: readonly { readonly changeHash: string; readonly day: string; readonly done?: true }[];
  /** How many of them an earlier budget paid, before a scheduled run joined with one of its own. */
  readonly spentBefore: number;
  readonly buckets: Readonly<Record<string, Bucket>>;
  /** Problems of the operation itself, not of one row. */
  readonly problems: readonly Problem[];
  readonly stopping: boolean;
  /** A problem ended it: nothing more is started, what is in flight is followed to its end. */
  readonly aborted: boolean;
  /**
   * Hashes of changes and plans for which approvals that were asked for before `at` do not count any more: it was done, or
   * the world has moved. Absent: none.
   */
  readonly usedUp?: readonly { readonly hash: string; readonly at: string }[];
  /** What its last turn asks to be approved; it is recorded in the baseline right after. */
  readonly approval?: Approval | null;
  /** Journal lines of its last turn: stored with what was decided, and in the journal right after. */
  readonly outbox: readonly JournalEntry[];
  /** What its last turn has learned of drift: stored with what was decided, and in the record right after. */
  readonly drift?: DriftRecord | null;
  /** Whether the record had any drift, or anything that fails, when the plan was made. */
  readonly knowsDrifts?: boolean;
  /** What its last turn tells the world: told right after the document was written. */
  readonly events?: readonly OutboundEvent[];
  /** Keys of the requests that its last turn took up. */
  readonly consumed: readonly string[];
  /** When something that it waits for may have happened. */
  readonly wakeAt: string | null;
}

export function isFinalState(state: RunState): boolean {
  return state === 'succeeded' || state === 'partial' || state === 'failed' || state === 'stopped';
}

/**
 * Whether it has stepped in before another operation and has come to wait for somebody itself: it steps back, so that the
 * other one, which waits as well, goes on as it was.
 */
export function hasSteppedBack({ state, setAside }: Pick<RunDocument, 'state' | 'setAside'>): boolean {
  return state === 'waiting' && setAside !== undefined;
}

/** A write whose answer is on the way: its lanes are taken, and it is polled whatever else happens. */
export function isInFlight(row: RunRow): boolean {
  return row.state.name === 'starting' || row.state.name === 'running';
}

/** The change behind a row: of the plan in force, else the one it was made from. */
export function changeOfRow(row: RunRow, changes: ReadonlyMap<string, Change>): Change | undefined {
  return row.former ?? changes.get(row.id.toLowerCase());
}
