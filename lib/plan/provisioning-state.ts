import { isJsonObject, type JsonObject } from '../json.ts';
import { own } from './values.ts';

/** Where a resource says it. What is there is the service's word: nobody changes it. */
export const PROVISIONING_STATE = 'properties.provisioningState';

/**
 * `settled`: succeeded, or the kind has no such state. `underWay`: an operation runs. ARM's terminal states are exactly
 * Succeeded, Failed and Canceled; every other word means that it is still running.
 */
export type Condition = 'settled' | 'failed' | 'deleting' | 'underWay';

/** What an actual resource says about its last operation, with the word it uses. */
export function conditionOf(actual: JsonObject): { readonly condition: Condition; readonly state: string } {
  const properties = own(actual, 'properties');
  const state = isJsonObject(properties) ? own(properties, 'provisioningState') : undefined;
  if (typeof state !== 'string') return { condition: 'settled', state: '' };
  switch (state.toLowerCase()) {
    case 'succeeded':
      return { condition: 'settled', state };
    case 'failed':
    case 'canceled':
      return { condition: 'failed', state };
    case 'deleting':
      return { condition: 'deleting', state };
    default:
      return { condition: 'underWay', state };
  }
}
