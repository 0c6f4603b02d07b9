import { createHash } from 'node:crypto';
import { type AlertAnswer, answerToLegacy } from '../alerts/alert-answer.ts';
import { type CommonAlert, type PayloadFault, readAlertPayload } from '../alerts/alert-payload.ts';
import { deliveryKey } from '../alerts/delivery-key.ts';
import type { ReactionKind } from '../alerts/route-alert.ts';
import { type Signal, signalsOf } from '../alerts/signal.ts';
import type { Dependencies } from '../dependencies.ts';
import type { AlertStore } from '../state/alert-store.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { type Reception, recordReaction, type StartedReaction } from './record-reaction.ts';

export type IntakeDependencies = Pick<Dependencies, 'baselines' | 'ledger' | 'settings'> & {
  readonly alerts: AlertStore;
};

export type ReceivedAlert =
  | { readonly outcome: 'malformed'; readonly faults: readonly PayloadFault[] }
  | {
      readonly outcome: 'answered';
      readonly answer: AlertAnswer;
      /** Orchestrations that the caller has to start; a timer makes good what it misses. */
      readonly starts: readonly StartedReaction[];
      /** Baselines that the alert was recorded in, as they are now. */
      readonly heads: readonly BaselineHead[];
      /** True when this delivery had been answered before; nothing was written. */
      readonly isCopy: boolean;
    };

/**
 * Takes one alert in: reads it, finds out whom it concerns, and records what a reaction has to look at. Nothing is
 * decided and nothing outside is asked. Storage calls: none for an alert without a signal; up to two for a copy; about
 * six for a new alert of one managed resource.
 * @throws StorageError or ProblemError (`BaselineBusy`) when it could not be recorded; sending it again is safe.
 */
export async function receiveAlert(
  dependencies: IntakeDependencies,
  payload: unknown,
  reception: Reception,
): Promise<ReceivedAlert> {
  const read = readAlertPayload(payload);
  switch (read.form) {
    case 'malformed':
      return { outcome: 'malformed', faults: read.faults };
    case 'legacy':
      return answered(answerToLegacy(read.alert));
    case 'common':
      return receiveCommon(dependencies, read.alert, reception);
  }
}

function answered(
  answer: AlertAnswer,
  more: Partial<Pick<Extract<ReceivedAlert, { outcome: 'answered' }>, 'starts' | 'heads' | 'isCopy'>> = {},
): ReceivedAlert {
  return { outcome: 'answered', answer, starts: [], heads: [], isCopy: false, ...more };
}

async function receiveCommon(
  dependencies: IntakeDependencies,
  alert: CommonAlert,
  reception: Reception,
): Promise<ReceivedAlert> {
  const { nowIso, payloadSha256 } = reception;
  const { signals, unheard } = signalsOf(alert);
  const [first] = signals;
  if (first === undefined) return answered({ recognised: [], ignored: unheard });
  const key = rowKey(first, signals);
  const earlier = await dependencies.alerts.read(key, nowIso);
  if (earlier !== null) {
    const recognised = earlier.recognised.map((one) => ({ ...one, reaction: one.reaction as ReactionKind }));
    return answered({ recognised, ignored: earlier.ignored }, { isCopy: true });
  }
  const recorded = await recordReaction(dependencies, signals, reception);
  const answer = { recognised: recorded.recognised, ignored: [...recorded.ignored, ...unheard] };
  // What concerns nobody leaves nothing behind: strangers must not be able to fill the storage account.
  if (recorded.heads.length > 0) {
    await dependencies.alerts.record(key, {
      schemaVersion: 1,
      receivedAt: nowIso,
      alertId: alert.alertId,
      payloadSha256,
      condition: alert.monitorCondition,
      ...answer,
    });
  }
  return answered(answer, { starts: recorded.starts, heads: recorded.heads });
}

/** One delivery may be split over several notifications: its targets are part of the row's key. */
function rowKey(first: Signal, signals: readonly Signal[]): string {
  const targets = signals.map(({ target }) => target.toLowerCase()).sort();
  return `${deliveryKey(first)}-${createHash('sha256').update(targets.join('\n')).digest('hex').slice(0, 16)}`;
}
