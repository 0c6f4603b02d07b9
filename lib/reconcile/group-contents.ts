import { ArmRefusalError, readRefusal } from '../azure/arm-answer.ts';
import { ArmListError } from '../azure/arm-errors.ts';
import { readEach } from '../azure/observe.ts';
import { kindOfType } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';

const RESOURCES_API_VERSION = '2025-04-01';

/** What a resource group, or a subscription, holds: one paged list. @throws ArmRefusalError; ArmUnreachableError. */
export async function readContents(
  { arm }: Pick<Dependencies, 'arm'>,
  groupId: string,
): Promise<readonly JsonObject[]> {
  try {
    return await arm.list(`${groupId}/resources`, RESOURCES_API_VERSION);
  } catch (error) {
    if (!(error instanceof ArmListError)) throw error;
    // It was deleted since it was looked at.
    if (error.response.status === 404) return [];
    throw new ArmRefusalError(readRefusal(error.response, groupId));
  }
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
