import type { WriteIds } from '../plan/ledger.ts';
import { comparableId, type ResourceEvent } from './resource-event.ts';

/** Ids of the app's own identity; `null` where it has none. */
export interface OwnIds {
  readonly objectId: string | null;
  readonly appId: string | null;
}

/** Whether the caller of an event goes by an id of the app's own. A managed identity's events may lack the app id. Pure. */
export function isOwnIdentity({ callerIds }: Pick<ResourceEvent, 'callerIds'>, { objectId, appId }: OwnIds): boolean {
  return [objectId, appId].some((id) => id !== null && id !== '' && callerIds.includes(comparableId(id)));
}

/**
 * Whether an event tells of a write of ours: its caller is the app's identity, and the ledger has noted exactly that
 * write. The identity alone would hide a person who uses it; the ids alone, whoever sends the same ones. Pure.
 */
export function isOwnWrite(
  event: Pick<ResourceEvent, 'callerIds' | 'correlationId' | 'clientRequestId'>,
  own: OwnIds,
  writes: readonly WriteIds[],
): boolean {
  return isOwnIdentity(event, own) && writes.some((write) => isNoted(event, write));
}

function isNoted(
  { correlationId, clientRequestId }: Pick<ResourceEvent, 'correlationId' | 'clientRequestId'>,
  write: WriteIds,
): boolean {
  if (correlationId !== null && comparableId(correlationId) === comparableId(write.correlationId)) return true;
  return clientRequestId !== null && clientRequestId.toLowerCase() === write.clientRequestId.toLowerCase();
}
