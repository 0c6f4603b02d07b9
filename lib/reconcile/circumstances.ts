import type { BaselineSpec } from '../baseline/spec.ts';
import { openIntervals } from '../plan/change-windows.ts';
import type { Contested } from '../plan/contested.ts';
import type { DifferenceRules } from '../plan/drift-rules.ts';
import type { FreeAddition } from '../plan/free-additions.ts';
import type { Owner } from '../plan/graph.ts';
import type { Circumstances, FailingChange, Mode, RejectedChange } from '../plan/guard.ts';
import type { LeftChanges } from '../plan/left-changes.ts';
import { DRIFT_POLICIES, type DriftedProperty, REACTION_MODES, type ReactionRule } from '../plan/reaction-rules.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import { adjustmentsUnderWay } from '../state/reactions.ts';
import { isInFlight, type RunDocument } from '../state/run.ts';
import { paidChanges, usedInRun, usedToday } from './budget.ts';
import type { ProtectedScope } from './protection.ts';
import { usedUpOf } from './used-approvals.ts';

export interface GuardedRun {
  /** Approvals of other operations do not count for this one. */
  readonly operationId: string;
  readonly requesters: readonly string[];
  readonly attended: boolean;
  readonly attendedOwner?: Owner;
  readonly teardown: boolean;
  readonly requestedBy: string;
  /** How many resources the ledger says are ours. */
  readonly managedCount?: number;
  /** What the run has made; absent: nothing yet. */
  readonly made?: Pick<RunDocument, 'operationId' | 'spent' | 'spentBefore' | 'usedUp' | 'rows'>;
  /** What another writer keeps changing back. */
  readonly contested?: readonly Contested[];
  /** What people have said no to. */
  readonly rejected?: readonly RejectedChange[];
  /** What has failed before, and is not tried now. */
  readonly failing?: readonly FailingChange[];
  /** Drifts that came after the plan that a person has asked for. */
  readonly drifted?: readonly DriftedProperty[];
  /** Normalised ids of what that plan was to change; absent: a person asks for all that differs. */
  readonly asked?: ReadonlySet<string>;
  /** Whether a resource, by its id, is known to have been as it is declared. */
  readonly wasAsDeclared?: (id: string) => boolean;
  /** What the operation that is set aside for the run has yet to do. */
  readonly left?: readonly LeftChanges[];
}

/**
 * A firewall without SNAT ports drops connections until it has more addresses, and adding some cuts none: windows are
 * for taking them away, and budgets for what others have changed. Who adjusts addresses has bounds of its own. A relief
 * that adds by itself takes over what the spec declares and nobody has attached yet: the firewall is written in one piece.
 */
function addingEgressAddresses(spec: BaselineSpec | undefined, head: BaselineHead): readonly FreeAddition[] {
  const scope = 'egress';
  const isRelieving =
    spec?.egress.mode === 'act' &&
    adjustmentsUnderWay(head, 'out').some(({ scope: own, mode }) => own === scope && mode === undefined);
  const owners: readonly Owner[] = isRelieving ? ['adjustment', 'spec'] : ['adjustment'];
  return [
    { owners, scope, kind: 'publicIPAddress', action: 'create' },
    // It comes with its address: a relief that waited for it would be judged, and repeated, only after the window.
    { owners: ['adjustment'], scope, kind: 'diagnosticSetting', action: 'create' },
    { owners, scope, kind: 'azureFirewall', action: 'update', path: 'properties.ipConfigurations' },
  ];
}

/** Everything that the guard has to know, from the spec, the baseline's state and the switches. */
export function circumstancesOf(
  spec: BaselineSpec | undefined,
  head: BaselineHead,
  pause: Pause,
  stoppedBySetting: boolean,
  run: GuardedRun,
  protectedScopes: readonly ProtectedScope[],
  allowedScopes: readonly string[],
  nowIso: string,
): Circumstances {
  const nowMs = Date.parse(nowIso);
  const day = nowIso.slice(0, 10);
  const made = run.made ?? { operationId: run.operationId, spent: [], spentBefore: 0, rows: {} };
  const { approvalFrom, ...rules } = differenceRulesOf(spec, head, run);
  return {
    ...rules,
    nowMs,
    mode: (spec?.mode ?? head.mode) as Mode,
    teardown: run.teardown,
    requestedBy: run.requestedBy,
    pause: stoppedBySetting
      ? { owner: 'operator', reason: 'The app setting HUBKEEPER_STOPPED is on.', untilIso: null }
      : pause.paused
        ? { owner: pause.by, reason: pause.reason, untilIso: null }
        : null,
    holds:
      head.hold === null || Date.parse(head.hold.until) <= nowMs
        ? []
        : [
            {
              owner: head.hold.owner,
              reason: head.hold.reason,
              untilIso: head.hold.until,
              ...(head.hold.scope === undefined ? {} : { scope: head.hold.scope }),
            },
          ],
    changeWindows: changeWindowsOf(spec, nowMs),
    freeAdditions: addingEgressAddresses(spec, head),
    approvals: {
      // Nothing is torn down without somebody's approval of exactly that plan.
      requiredFrom: run.teardown ? 'safe' : approvalFrom,
      selfApproval: spec?.approvals.selfApproval ?? false,
      untilIso: new Date(nowMs + (spec?.approvals.expiresAfterHours ?? 24) * 3_600_000).toISOString(),
      granted: head.approvals
        .filter((approval) => approval.decision === 'approve' && approval.operationId === run.operationId)
        .filter(({ decidedBy = '' }) => (spec?.approvals.selfApproval ?? false) || !isOneOf(run.requesters, decidedBy))
        .map((approval) => ({
          planHash: approval.planHash,
          approver: approval.decidedBy ?? '',
          expiresIso: approval.expiresAt,
          decidedIso: approval.decidedAt ?? approval.requestedAt,
          usedUp: usedUpOf(approval, made),
          ...(approval.changeHashes === undefined ? {} : { changeHashes: approval.changeHashes }),
        })),
      rejectedHashes: head.approvals
        .filter((approval) => approval.decision === 'reject' && approval.operationId === run.operationId)
        .flatMap(({ changeHashes = [] }) => changeHashes),
    },
    budget:
      spec === undefined
        ? null
        : {
            perRun: spec.budgets.perRun,
            perDay: spec.budgets.perDay,
            ...(spec.budgets.percentPerRun === undefined ? {} : { percentPerRun: spec.budgets.percentPerRun }),
            ...(spec.budgets.percentPerDay === undefined ? {} : { percentPerDay: spec.budgets.percentPerDay }),
            ...(run.managedCount === undefined ? {} : { managedCount: run.managedCount }),
            usedInRun: usedInRun(made),
            usedToday: usedToday(head.budget, made, nowIso),
            paid: paidChanges(made),
            underWay: Object.values(made.rows)
              .filter(isInFlight)
              .map(({ id }) => id),
            ...(head.nextScanAt !== undefined && head.nextScanAt > nowIso ? { nextRunIso: head.nextScanAt } : {}),
            dayEndsIso: new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString(),
          },
    protectedIds: protectedScopes,
    ...(run.rejected === undefined ? {} : { rejected: run.rejected }),
    ...(run.failing === undefined ? {} : { failing: run.failing }),
    ...(allowedScopes.length === 0 ? {} : { allowList: allowedScopes }),
  };
}

/** Who may put which difference right, for a run under a spec. */
export function differenceRulesOf(
  spec: BaselineSpec | undefined,
  head: Pick<BaselineHead, 'adjustments' | 'reactions' | 'specVersion' | 'appliedSpecVersion'>,
  run: Pick<
    GuardedRun,
    | 'attended'
    | 'attendedOwner'
    | 'requestedBy'
    | 'teardown'
    | 'left'
    | 'drifted'
    | 'asked'
    | 'contested'
    | 'wasAsDeclared'
  >,
): DifferenceRules {
  const requiredFor = spec?.approvals.requiredFor ?? 'destructive';
  return {
    reactionRules: reactionRulesOf(spec, head, run),
    attended: run.attended,
    ...(run.attendedOwner === undefined ? {} : { attendedOwner: run.attendedOwner }),
    specIsApplied: head.appliedSpecVersion >= head.specVersion,
    ...(run.wasAsDeclared === undefined ? {} : { wasAsDeclared: run.wasAsDeclared }),
    ...(run.left === undefined ? {} : { left: run.left }),
    ...(run.drifted === undefined ? {} : { drifted: run.drifted }),
    ...(run.asked === undefined ? {} : { asked: run.asked }),
    ...(run.contested === undefined ? {} : { contested: run.contested }),
    approvalFrom: requiredFor === 'all' ? 'safe' : requiredFor === 'none' ? 'never' : requiredFor,
  };
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.some((one) => one.toLowerCase() === name.toLowerCase());
}

function reactionRulesOf(
  spec: BaselineSpec | undefined,
  head: Pick<BaselineHead, 'adjustments' | 'reactions'>,
  run: Pick<GuardedRun, 'requestedBy' | 'attendedOwner' | 'teardown'>,
): readonly ReactionRule[] {
  if (spec === undefined) return [];
  const isUnderWay = adjustmentsUnderWay(head).some(({ scope }) => scope === 'egress');
  const isPersons = !isUnderWay && isByPerson('egress', head, run);
  // Whoever tears a baseline down takes everything of it away.
  const binds = isUnderWay && !run.teardown ? { bindsAttended: true } : {};
  return [
    { mode: spec.drift.mode, source: 'drift.mode', owner: 'spec' },
    // What an operator has recorded, and its end, is carried out: a person asked for it.
    { mode: 'act', source: 'adjustments', owner: 'adjustment' },
    ...(isPersons
      ? []
      : [
          { mode: spec.egress.mode, source: 'egress.mode', owner: 'adjustment', scope: 'egress', ...binds } as const,
          ...head.adjustments.flatMap(({ mode, scope }) =>
            mode === undefined
              ? []
              : [
                  {
                    mode,
                    source: 'what an alert of its severity may do',
                    owner: 'adjustment',
                    scope,
                    ...binds,
                  } as const,
                ],
          ),
        ]),
    ...spec.drift.policies.map(
      ({ policy, ...matched }, index): ReactionRule => ({
        mode: REACTION_MODES[DRIFT_POLICIES.indexOf(policy)] ?? 'off',
        source: `drift.policies[${index}]`,
        policy,
        // What is adjusted follows the mode of its own reaction.
        owner: 'spec',
        ...matched,
      }),
    ),
  ];
}

/**
 * Whether what is adjusted in a scope goes back to a person rather than to a reaction: one asked for the run, the end of
 * an adjustment of one's own included, or recorded an adjustment that is in force.
 */
function isByPerson(
  scope: string,
  head: Pick<BaselineHead, 'adjustments' | 'reactions'>,
  run: Pick<GuardedRun, 'requestedBy' | 'attendedOwner'>,
): boolean {
  const isPerson = (name: string) => name !== 'hubkeeper';
  const isAskedFor = isPerson(run.requestedBy) || run.attendedOwner === 'adjustment';
  return isAskedFor || head.adjustments.some((one) => one.scope === scope && isPerson(one.by));
}

function changeWindowsOf(spec: BaselineSpec | undefined, nowMs: number): Circumstances['changeWindows'] {
  if (spec === undefined || spec.changeWindows.length === 0) return null;
  return openIntervals(spec.changeWindows, nowMs);
}
