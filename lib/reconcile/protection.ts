import type { Arm } from '../azure/arm.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

/** A resource, group or subscription in which nothing may be written, or nothing deleted. */
export interface ProtectedScope {
  readonly id: string;
  readonly why: string;
  readonly deleteOnly: boolean;
}

/** Tag of a resource that Hubkeeper is to leave alone, whatever its value. */
export const OPT_OUT_TAG = 'hubkeeper-ignore';

/** Whether a resource says that it is to be left alone. */
export function hasOptOutTag(body: JsonObject): boolean {
  return isJsonObject(body.tags) && Object.keys(body.tags).some((name) => name.toLowerCase() === OPT_OUT_TAG);
}

const LOCKS_API_VERSION = '2020-05-01';

/** Management locks of subscriptions, with everything below them: one list for each. */
export async function readManagementLocks(
  arm: Arm,
  subscriptionIds: readonly string[],
): Promise<readonly ProtectedScope[]> {
  const locks: ProtectedScope[] = [];
  for (const subscriptionId of subscriptionIds) {
    for (const lock of await arm.list(
      `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/locks`,
      LOCKS_API_VERSION,
    )) {
      const id = String(lock.id);
      const at = id.toLowerCase().lastIndexOf('/providers/microsoft.authorization/locks/');
      const level = isJsonObject(lock.properties) ? String(lock.properties.level) : '';
      if (at < 0) continue;
      locks.push({
        id: id.slice(0, at),
        why: `the management lock '${String(lock.name)}' (${level}) is on it`,
        deleteOnly: level.toLowerCase() === 'cannotdelete',
      });
    }
  }
  return locks;
}
