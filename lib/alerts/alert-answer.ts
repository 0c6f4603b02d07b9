import type { LegacyAlert } from './alert-payload.ts';
import type { ReactionKind } from './route-alert.ts';

/** Body of the answer to an alert. */
export interface AlertAnswer {
  readonly recognised: readonly {
    readonly target: string;
    readonly reaction: ReactionKind;
    readonly operationId: string;
  }[];
  readonly ignored: readonly { readonly target: string; readonly why: string }[];
}

/** 202 when something was recognised and recorded, 200 when there is nothing to do. */
export function statusOfAnswer(answer: AlertAnswer): 200 | 202 {
  return answer.recognised.length > 0 ? 202 : 200;
}

const LEGACY_FORMAT: Readonly<Record<LegacyAlert['format'], string>> = {
  metric: 'metric',
  activityLog: 'activity log',
  logV1: 'log (V1)',
};

/** The answer to a payload from before the common alert schema: nothing is done, and it says what to change. */
export function answerToLegacy({ format, target }: LegacyAlert): AlertAnswer {
  return {
    recognised: [],
    ignored: [
      {
        target,
        why: `The alert has the old ${LEGACY_FORMAT[format]} schema, which is not acted on: set useCommonAlertSchema on the receiver of the action group.`,
      },
    ],
  };
}

/** Why an alert that is over sets nothing off. */
export const RESOLVED_IS_NO_ORDER =
  'The alert is over. That is noted and sets nothing off: addresses are taken away by measured demand alone.';
