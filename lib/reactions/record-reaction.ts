import { type AlertAnswer, RESOLVED_IS_NO_ORDER } from '../alerts/alert-answer.ts';
import { deliveryKey } from '../alerts/delivery-key.ts';
import { type ReactionKind, type Route, type RoutedSignal, routeSignal } from '../alerts/route-alert.ts';
import type { Signal } from '../alerts/signal.ts';
import type { Dependencies } from '../dependencies.ts';
import { ProblemError } from '../problem.ts';
import { type BaselineHead, withJournal } from '../state/baseline-head.ts';
import { withSignal } from '../state/reactions.ts';
import { standingOfTarget } from './standing-of-target.ts';

/** An orchestration that has been named in state and is to be started. */
export interface StartedReaction {
  readonly kind: ReactionKind;
  readonly baseline: string;
  readonly target: string;
  readonly instanceId: string;
}

export interface RecordedSignals extends AlertAnswer {
  readonly starts: readonly StartedReaction[];
  /** The baselines that own targets, as they are now. */
  readonly heads: readonly BaselineHead[];
}

/** When an alert came, and the SHA-256 of its body as sent, in hex: what ties a journal line to the payload. */
export interface Reception {
  readonly nowIso: string;
  readonly payloadSha256: string;
}

type RecordDependencies = Pick<Dependencies, 'baselines' | 'ledger' | 'settings'>;

interface ClaimedSignal {
  readonly signal: Signal;
  readonly id: string;
}

/** What one pass over a baseline's signals came to. */
interface Pass {
  readonly head: BaselineHead;
  readonly recognised: AlertAnswer['recognised'];
  readonly ignored: AlertAnswer['ignored'];
  readonly starts: readonly StartedReaction[];
}

/**
 * Records in the baselines that own them what signals ask for, one compare-and-swap for each baseline, and names the
 * orchestrations that are to look into it. The same signal again records nothing and gives the same answer.
 */
export async function recordReaction(
  dependencies: RecordDependencies,
  signals: readonly Signal[],
  reception: Reception,
): Promise<RecordedSignals> {
  const claimed = new Map<string, ClaimedSignal[]>();
  const ignored: AlertAnswer['ignored'][number][] = [];
  for (const signal of signals) {
    const claim = await dependencies.ledger.claimOf(signal.target);
    if (claim === null) ignored.push(ignoredBy(routeSignal(signal, { standing: 'unmanaged' })));
    else claimed.set(claim.baseline, [...(claimed.get(claim.baseline) ?? []), { signal, id: claim.id }]);
  }
  const passes = await Promise.all(
    [...claimed].map(([baseline, own]) => recordInBaseline(dependencies, baseline, own, reception)),
  );
  const known = passes.filter((pass) => pass !== undefined);
  return {
    recognised: known.flatMap((pass) => pass.recognised),
    ignored: [...known.flatMap((pass) => pass.ignored), ...ignored, ...lost(claimed, passes)],
    starts: known.flatMap((pass) => pass.starts),
    heads: known.map((pass) => pass.head),
  };
}

async function recordInBaseline(
  { baselines, settings }: RecordDependencies,
  baseline: string,
  signals: readonly ClaimedSignal[],
  reception: Reception,
): Promise<Pass | undefined> {
  try {
    const changed = await baselines.change<Pass>(baseline, (head) => {
      const pass = signals.reduce(
        (current, { signal, id }) => {
          const standing = standingOfTarget(head, id, settings.allowedScopes);
          return withRoute(current, routeSignal(signal, standing), signal, reception);
        },
        { head, recognised: [], ignored: [], starts: [] } as Pass,
      );
      return { head: pass.head === head ? null : pass.head, result: pass };
    });
    return { ...changed.result, head: changed.head };
  } catch (error) {
    // A claim whose baseline is gone manages nothing any more.
    if (error instanceof ProblemError && error.problem.code === 'BaselineNotFound') return undefined;
    throw error;
  }
}

/** Signals of baselines that are gone. */
function lost(
  claimed: ReadonlyMap<string, readonly ClaimedSignal[]>,
  passes: readonly (Pass | undefined)[],
): AlertAnswer['ignored'] {
  return [...claimed.values()]
    .filter((_, at) => passes[at] === undefined)
    .flatMap((own) => own.map(({ signal }) => ignoredBy(routeSignal(signal, { standing: 'unmanaged' }))));
}

function ignoredBy(route: Route): AlertAnswer['ignored'][number] {
  return route.route === 'nowhere'
    ? { target: route.target, why: route.why }
    : { target: route.routed.target, why: RESOLVED_IS_NO_ORDER };
}

function withRoute(pass: Pass, route: Route, signal: Signal, reception: Reception): Pass {
  if (route.route === 'nowhere') {
    const head = withJournal(pass.head, {
      ...lineOf(pass.head, signal, reception),
      decision: 'alert ignored',
      reason: `${route.why} ${sentenceOf(signal)}`,
    });
    return { ...pass, head, ignored: [...pass.ignored, ignoredBy(route)] };
  }
  return withRouted(pass, route.routed, reception);
}

function withRouted(pass: Pass, { signal, reaction, baseline, target }: RoutedSignal, reception: Reception): Pass {
  const { alertId, alertRule, condition, severity, at, thresholdPercent, valuePercent } = signal;
  const recorded = withSignal(pass.head, {
    kind: reaction,
    target,
    signal: { alertId, alertRule, condition, severity, at, thresholdPercent, valuePercent },
    nowIso: reception.nowIso,
  });
  const isOver = recorded.operationId === null;
  const head = recorded.isNew
    ? withJournal(recorded.head, {
        ...lineOf(recorded.head, signal, reception),
        operationId: recorded.operationId ?? '',
        resource: target,
        decision: isOver ? 'alert over' : 'alert recorded',
        reason: isOver
          ? `${sentenceOf(signal)} ${RESOLVED_IS_NO_ORDER}`
          : `${sentenceOf(signal)} ${reaction} looks into it.`,
      })
    : recorded.head;
  return {
    head,
    recognised:
      recorded.operationId === null
        ? pass.recognised
        : [...pass.recognised, { target, reaction, operationId: recorded.operationId }],
    ignored: isOver ? [...pass.ignored, { target, why: RESOLVED_IS_NO_ORDER }] : pass.ignored,
    starts:
      recorded.start === undefined
        ? pass.starts
        : [...pass.starts, { kind: reaction, baseline, target, instanceId: recorded.start }],
  };
}

function lineOf(head: BaselineHead, signal: Signal, { nowIso, payloadSha256 }: Reception) {
  return {
    at: nowIso,
    baseline: head.name,
    operationId: '',
    trigger: 'alert',
    resource: signal.target,
    by: 'azure-monitor',
    after: { alertId: signal.alertId, payloadSha256 },
    discriminator: deliveryKey(signal),
  };
}

/** What the alert said, in one sentence: names of rules are the operator's own, and shortened. */
function sentenceOf({ alertRule, condition, severity, valuePercent, thresholdPercent }: Signal): string {
  const rule = alertRule === null ? 'An alert' : `The alert ${JSON.stringify(alertRule.slice(0, 100))}`;
  const level = severity === null ? '' : ` (${severity})`;
  const figures =
    valuePercent === null
      ? ''
      : ` with SNATPortUtilization at ${valuePercent} %${thresholdPercent === null ? '' : `, threshold ${thresholdPercent} %`}`;
  return `${rule}${level} ${condition === 'Fired' ? 'fired' : 'was resolved'}${figures}.`;
}
