import { isJsonObject, type JsonObject } from '../json.ts';
import type { Arm, ArmResponse } from './arm.ts';
import { ArmRefusalError, readRefusal, saysAbsent } from './arm-answer.ts';

/** A resource that is asked for by its id. */
export interface SingleRead {
  readonly id: string;
  readonly apiVersion: string;
}

/** The body of a resource, or `null` when it is not there. @throws ProblemError for any other refusal. */
export async function readResourceBody(arm: Arm, { id, apiVersion }: SingleRead): Promise<JsonObject | null> {
  return bodyOf(await arm.send({ method: 'GET', target: id, apiVersion }), id);
}

/** What an answer to such a GET says. @throws as `readResourceBody`. */
export function bodyOf(response: ArmResponse, id: string): JsonObject | null {
  if (saysAbsent(response)) return null;
  if (response.status !== 200 || !isJsonObject(response.body)) throw new ArmRefusalError(readRefusal(response, id));
  return response.body;
}
