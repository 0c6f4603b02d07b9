import { createHash } from 'node:crypto';
import type { MonitorCondition } from './alert-payload.ts';

/** What tells one delivery of an alert from another. */
export interface Delivered {
  readonly alertId: string;
  readonly condition: MonitorCondition;
  /** Time of the firing or of the resolution, as sent. */
  readonly at: string | null;
}

const DIGEST_CHARACTERS = 32;

/**
 * Key of a delivery: copies of one notification share it; a later firing of a rule without state differs in its time.
 * Not made of `originAlertId`, whose stability Microsoft does not document.
 */
export function deliveryKey({ alertId, condition, at }: Delivered): string {
  return digest(`${alertId.toLowerCase()}|${condition}|${at ?? ''}`);
}

/** Key of an alert instance: what fired and what says that it is over share it. */
export function alertKey(alertId: string): string {
  return digest(alertId.toLowerCase());
}

/** Key of an action: there is one at a time for each target and reaction. Its alphabet fits instance ids. */
export function actionKey(reaction: string, target: string): string {
  return `${reaction}.${digest(target.toLowerCase())}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_CHARACTERS);
}
