import type { JsonObject } from '../json.ts';
import type { Arm } from './arm.ts';
import { ArmRefusalError, readListRefusal, saysAbsent } from './arm-answer.ts';
import { ArmListError } from './arm-errors.ts';
import { readResourceBody, type SingleRead } from './read-resource.ts';

/** All pages of a list that is always there, such as one of a subscription. @throws ArmRefusalError; ArmUnreachableError. */
export async function listWhole(arm: Arm, path: string, apiVersion: string): Promise<readonly JsonObject[]> {
  try {
    return await arm.list(path, apiVersion);
  } catch (error) {
    throw error instanceof ArmListError ? new ArmRefusalError(readListRefusal(error)) : error;
  }
}

/**
 * All pages of a list of what is in or below a resource; `null` when that one is not there. A list that is not found says
 * so only if the resource itself is not found either, right after: what a failing list lacks would count as deleted.
 * @throws ArmRefusalError; ArmUnreachableError.
 */
export async function listBelow(
  arm: Arm,
  parent: SingleRead,
  path: string,
  apiVersion: string,
): Promise<readonly JsonObject[] | null> {
  try {
    return await arm.list(path, apiVersion);
  } catch (error) {
    if (!(error instanceof ArmListError)) throw error;
    const mayBeGone = error.page === 0 && saysAbsent(error.response);
    if (mayBeGone && (await readResourceBody(arm, parent)) === null) return null;
    throw new ArmRefusalError(readListRefusal(error));
  }
}
