import type { JsonObject } from '../json.ts';
import type { KindRules } from './kind.ts';
import { conditionOf } from './provisioning-state.ts';

/** Its last operation has failed, and nobody but a person writes a resource of its kind then. */
export const FAILED_CODE = 'ResourceFailed';

/** Why only a person's request is written to a resource as it is, in plain sentences; undefined: anybody's is. */
export function whyForPeople({ leftWhenFailed }: KindRules, actual: JsonObject): string | undefined {
  const { condition, state } = conditionOf(actual);
  if (leftWhenFailed === undefined || condition !== 'failed') return undefined;
  return `Its last operation ended ${state}. ${leftWhenFailed}`;
}
