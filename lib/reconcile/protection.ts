import type { Arm } from '../azure/arm.ts';
import { ArmRefusalError } from '../azure/arm-answer.ts';
import { ArmUnreachableError } from '../azure/arm-errors.ts';
import { observe } from '../azure/observe.ts';
import { parseResourceId, resourcesAround } from '../azure/resource-id.ts';
import { kindOf, kindOfType } from '../baseline/kinds/index.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Observed } from '../plan/plan.ts';

/** A resource, group or subscription in which nothing may be written, or nothing deleted. */
export interface ProtectedScope {
  readonly id: string;
  readonly why: string;
  readonly deleteOnly: boolean;
  /** True: only what no person asked for is refused. */
  readonly unattendedOnly?: boolean;
}

/** Tag of a resource that Hubkeeper is to leave alone, whatever its value. */
export const OPT_OUT_TAG = 'hubkeeper-ignore';

/** Azure Monitor Baseline Alerts leave a resource out that carries this; so does what Hubkeeper does by itself. */
export const MONITORING_OPT_OUT_TAG = 'MonitorDisable';

/** What the tags of a resource forbid. `false` as the value of MonitorDisable says that it is monitored. Pure. */
export function optOutOf(id: string, body: JsonObject): ProtectedScope | undefined {
  const tags = isJsonObject(body.tags) ? Object.entries(body.tags) : [];
  const tagged = (tag: string) => tags.find(([name]) => name.toLowerCase() === tag.toLowerCase())?.[1];
  if (tagged(OPT_OUT_TAG) !== undefined) return { id, why: `it carries the tag ${OPT_OUT_TAG}`, deleteOnly: false };
  const value = tagged(MONITORING_OPT_OUT_TAG);
  if (value === undefined || String(value).trim().toLowerCase() === 'false') return undefined;
  return { id, why: `it carries the tag ${MONITORING_OPT_OUT_TAG}`, deleteOnly: false, unattendedOnly: true };
}

/** What the tags of resources that were read forbid. Pure. */
export function optOutsOf(observed: Observed): readonly ProtectedScope[] {
  return [...observed].flatMap(([id, body]) => (body === null ? [] : (optOutOf(id, body) ?? [])));
}

/**
 * What the tags forbid of all that these resources are in: their groups, and the resources that they hang on. Reads what
 * is not `known`, with as few calls as lists allow, however many resources there are in it; what a list lacks is asked for
 * by its id, since lists may be behind and a tag binds at once.
 * @throws as `observe`.
 */
export async function readOptOutsAround(
  arm: Arm,
  ids: readonly string[],
  known: Observed = new Map(),
): Promise<readonly ProtectedScope[]> {
  const around = new Map(ids.flatMap(resourcesAround).map((id) => [normaliseId(id), id]));
  const references = [...around].flatMap(([key, id]) => {
    const kind = known.has(key) ? undefined : kindOfType(parseResourceId(id).type);
    return kind === undefined ? [] : [{ id, kind: kind.name }];
  });
  const wasThere = new Set(references.map(({ id }) => normaliseId(id)));
  return optOutsOf(await observe(arm, references, kindOf, { isFew: true, wasThere }));
}

/**
 * Whether what these resources are in lets them be written, as far as tags say. What cannot be read now does not: a new
 * plan reads it again, with the pauses that this takes.
 */
export async function mayWriteIn(arm: Arm, ids: readonly string[], unattended: boolean): Promise<boolean> {
  try {
    const optOuts = await readOptOutsAround(arm, ids);
    return optOuts.every(({ unattendedOnly }) => unattendedOnly === true && !unattended);
  } catch (error) {
    if (error instanceof ArmRefusalError || error instanceof ArmUnreachableError) return false;
    throw error;
  }
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
