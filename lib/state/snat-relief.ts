import type { Adjustment } from './baseline-head.ts';

/** What a journal line about a relief is told under. */
export interface ReliefCause {
  /** Null or empty: none. */
  readonly operationId: string | null;
  /** What made it look: an alert, or the timer by itself. */
  readonly trigger: 'alert' | 'timer';
}

/** A change of a firewall's number of public addresses that has been recorded and is followed to its effect. */
export interface ReliefAction extends ReliefCause {
  readonly direction: 'out' | 'in';
  readonly operationId: string;
  /** When it was decided and recorded; also `since` of its adjustment. */
  readonly decidedAt: string;
  readonly reason: string;
  /** SNAT addresses on the firewall before and after. */
  readonly fromAddresses: number;
  readonly toAddresses: number;
  /** What demand asked for, before any cap; absent for a step back. */
  readonly wantedAddresses?: number;
  /** It asks an approver by itself: that it waits for one is no news. */
  readonly proposes?: boolean;
  /** The address that leaves the firewall. */
  readonly removedName?: string;
  /** Gauge and demand before it; absent for a step back. */
  readonly utilizationPercent?: number;
  readonly maximumPercent?: number;
  readonly demandPorts?: number;
  /** What was adjusted before, to be put back when the change does not come about. */
  readonly previous: Adjustment | null;
  /** When the firewall had its addresses; null: not yet. */
  readonly appliedAt: string | null;
  /** Looks at the effect that met no data. */
  readonly blindLooks: number;
  /** When people were told that it does not come to its end; absent: they were not. */
  readonly overdueToldAt?: string;
  /** When the metrics of that time last said the same; absent: not since it was decided. */
  readonly confirmedAt?: string;
  /** What it was last left to wait for, as told; absent: it was not. */
  readonly leftFor?: string;
}

/** How an attempt to change the addresses ended. */
export interface ReliefAttempt {
  readonly at: string;
  readonly outcome: 'succeeded' | 'failed';
}

/** A change that a person rejected: the same is not proposed again for a while. */
export interface RejectedProposal {
  readonly until: string;
  readonly direction: 'out' | 'in';
  /** What demand asked for, before any cap. */
  readonly wantedAddresses: number;
  /** The last signal before it, and the spec: a new one of either lifts it. */
  readonly sequence: number;
  readonly specVersion: number;
}

/** Addresses on the firewall from then on. */
export interface AddressChange {
  readonly at: string;
  readonly direction: 'out' | 'in';
  readonly addresses: number;
  /** Names of public IP resources. */
  readonly added: readonly string[];
}

/** How an operation that an alert was answered with came to its end without a run of its own. */
export interface ReliefOutcome {
  readonly operationId: string;
  readonly state: 'succeeded' | 'failed';
  readonly code: string;
  readonly message: string;
  readonly at: string;
}

/** What the relief of one firewall remembers. */
export interface SnatRelief {
  readonly action: ReliefAction | null;
  /** The latest of the operations that alerts were answered with under which a change ran; an operation runs once. */
  readonly usedOperationId: string | null;
  /** Newest last. */
  readonly attempts: readonly ReliefAttempt[];
  readonly changes: readonly AddressChange[];
  readonly outcomes: readonly ReliefOutcome[];
  /** When the timer looks again by itself; null: at its next turn if there is anything to look at. */
  readonly lookAgainAt: string | null;
  /** Since when it waits for the firewall or its metrics; null: it does not. */
  readonly waitingSince: string | null;
  /** Since when looks meet metrics that allow no decision, which is told once; null or absent: they do not. */
  readonly blindSince?: string | null;
  /** Generation of the baseline that the last look ended at: what people change after it is looked at. Absent: none did. */
  readonly lookedAtGeneration?: number;
  /** Ports were short at the last look, or an alert asked for one that nothing came of. */
  readonly isUnmet?: boolean;
  /** What the last look came to that is in the journal; null or absent: none, or there was a change since. */
  readonly lastTold?: { readonly code: string; readonly at: string } | null;
  /** The last no of a person; null or absent: there was none, or a change has been recorded since. */
  readonly rejected?: RejectedProposal | null;
  /** Changes in a row that somebody or a rule has refused since the addresses last changed; absent: none. */
  readonly refusals?: number;
}

const REMEMBERED_ATTEMPTS = 20;
/** More than the address changes of the longest look-back, 30 days, at one a day and some steps up. */
const REMEMBERED_CHANGES = 60;
const REMEMBERED_OUTCOMES = 20;

export const NO_RELIEF: SnatRelief = {
  action: null,
  usedOperationId: null,
  attempts: [],
  changes: [],
  outcomes: [],
  lookAgainAt: null,
  waitingSince: null,
};

export function withAttempt(relief: SnatRelief, attempt: ReliefAttempt): SnatRelief {
  return { ...relief, attempts: [...relief.attempts, attempt].slice(-REMEMBERED_ATTEMPTS) };
}

export function withAddressChange(relief: SnatRelief, change: AddressChange): SnatRelief {
  return { ...relief, changes: [...relief.changes, change].slice(-REMEMBERED_CHANGES), refusals: 0 };
}

/** A change was refused, or could not be made for want of addresses: no failure of the firewall. */
export function withRefusal(relief: SnatRelief): SnatRelief {
  return { ...relief, refusals: (relief.refusals ?? 0) + 1 };
}

/** How an alert's operation ended. Nothing is remembered of one that ran: that has its own record. Pure. */
export function withOutcome(
  relief: SnatRelief,
  { operationId, ...outcome }: Omit<ReliefOutcome, 'operationId'> & { readonly operationId: string | null },
): SnatRelief {
  if (operationId === null || operationId === relief.usedOperationId) return relief;
  return withOutcomeOfRun(relief, { operationId, ...outcome });
}

/** Why an operation that ran did not do what was decided: the run itself knows nothing of the decision. Pure. */
export function withOutcomeOfRun(relief: SnatRelief, outcome: ReliefOutcome): SnatRelief {
  const others = relief.outcomes.filter(({ operationId }) => operationId !== outcome.operationId);
  return { ...relief, outcomes: [...others, outcome].slice(-REMEMBERED_OUTCOMES) };
}

/** Metrics that are older tell of another situation: what was decided on them is asked about once more before a write. */
const FIGURES_LAST_MINUTES = 10;
/** While others make up their minds, it is asked about so often, so that nobody approves what is over. */
const FIGURES_LAST_WAITING_MINUTES = 30;

/** Whether the figures of a step that has not been applied are too old, to write on or to go on waiting with. Pure. */
export function areFiguresOld(
  { decidedAt, confirmedAt = decidedAt }: ReliefAction,
  nowIso: string,
  what: 'write' | 'wait',
): boolean {
  const lastMinutes = what === 'write' ? FIGURES_LAST_MINUTES : FIGURES_LAST_WAITING_MINUTES;
  return Date.parse(nowIso) - Date.parse(confirmedAt) > lastMinutes * 60_000;
}
