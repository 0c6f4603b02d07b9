import { listBelow, listWhole } from '../azure/lists.ts';
import { readEach } from '../azure/observe.ts';
import { kindOf, kindOfType } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { isGroup } from '../plan/deletions.ts';
import { normaliseId } from '../plan/graph.ts';

const RESOURCES_API_VERSION = '2025-04-01';

/** What a resource group, or a subscription, holds: one paged list. @throws ArmRefusalError; ArmUnreachableError. */
export async function readContents(
  { arm }: Pick<Dependencies, 'arm'>,
  scopeId: string,
): Promise<readonly JsonObject[]> {
  const path = `${scopeId}/resources`;
  if (!isGroup(scopeId)) return listWhole(arm, path, RESOURCES_API_VERSION);
  const { apiVersion } = kindOf('resourceGroup');
  return (await listBelow(arm, { id: scopeId, apiVersion }, path, RESOURCES_API_VERSION)) ?? [];
}

/**
 * Ids of what is in a resource group at this moment. Its list goes on showing for a while what has been deleted, so
 * what a baseline may have had there is asked for by its id; of any other type the list is believed.
 * @throws ArmRefusalError; ArmUnreachableError.
 */
export async function readMembers(
  dependencies: Pick<Dependencies, 'arm'>,
  groupId: string,
): Promise<readonly string[]> {
  const listed = await readContents(dependencies, groupId);
  const askable = listed.flatMap(({ id, type }) => {
    const kind = kindOfType(String(type));
    return kind === undefined ? [] : [{ id: String(id), apiVersion: kind.apiVersion }];
  });
  const bodies = await readEach(dependencies.arm, askable);
  return listed.map(({ id }) => String(id)).filter((id) => bodies.get(normaliseId(id)) !== null);
}
