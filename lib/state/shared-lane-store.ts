import { createHash } from 'node:crypto';
import type { OperationHandle } from '../azure/long-operation.ts';
import type { JsonObject } from '../json.ts';
import type { DocumentStore } from './storage.ts';

/** Who writes in a lane that several baselines share, and how far that write is. */
export interface LaneHolder {
  readonly lane: string;
  readonly baseline: string;
  readonly operationId: string;
  /** ARM id of the resource being written. */
  readonly resource: string;
  readonly apiVersion: string;
  readonly action: 'put' | 'delete';
  /** The operation in Azure; absent until the write has answered. */
  readonly handle?: OperationHandle;
  readonly since: string;
}

/** A lane as it was read. */
export interface HeldLane {
  readonly holder: LaneHolder;
  readonly etag: string;
}

/** Lanes that belong to no single baseline: a DNS zone, a DDoS plan, a base policy that several of them use. */
export interface SharedLaneStore {
  /** Takes a lane that is free or was `seen` as it still is. @returns who holds it afterwards. */
  take(holder: LaneHolder, seen?: HeldLane): Promise<HeldLane>;
  /** Notes how far the own write is. */
  note(held: HeldLane, handle: OperationHandle): Promise<void>;
  read(lane: string): Promise<HeldLane | null>;
  /** Frees a lane that this baseline holds for this resource, and for the start at `since` if given; else nothing happens. */
  release(lane: string, baseline: string, resource: string, since?: string): Promise<void>;
}

export function createSharedLaneStore(documents: DocumentStore): SharedLaneStore {
  const pathOf = (lane: string) => `lanes/${createHash('sha256').update(lane).digest('hex')}.json`;
  const jsonOf = (holder: LaneHolder) => JSON.parse(JSON.stringify(holder)) as JsonObject;

  async function read(lane: string): Promise<HeldLane | null> {
    const stored = await documents.read(pathOf(lane));
    if (stored === null || stored.value.baseline === '') return null;
    return { holder: stored.value as unknown as LaneHolder, etag: stored.etag };
  }

  return {
    read,
    async take(holder, seen) {
      const path = pathOf(holder.lane);
      for (;;) {
        const stored = await documents.read(path);
        const isFree = stored === null || stored.value.baseline === '' || stored.etag === seen?.etag;
        if (!isFree) return { holder: stored.value as unknown as LaneHolder, etag: stored.etag };
        const written = await documents.write(
          path,
          jsonOf(holder),
          stored === null ? { if: 'new' } : { if: 'unchanged', etag: stored.etag },
        );
        if (written !== 'conflict') return { holder, etag: written.etag };
      }
    },
    async note(held, handle) {
      await documents.write(pathOf(held.holder.lane), jsonOf({ ...held.holder, handle }), {
        if: 'unchanged',
        etag: held.etag,
      });
    },
    async release(lane, baseline, resource, since) {
      const held = await read(lane);
      if (
        held === null ||
        held.holder.baseline !== baseline ||
        held.holder.resource.toLowerCase() !== resource.toLowerCase() ||
        (since !== undefined && held.holder.since !== since)
      )
        return;
      // An emptied document keeps its ETag chain, so that nobody who read the old one can write over a newer holder.
      await documents.write(pathOf(lane), { lane, baseline: '' }, { if: 'unchanged', etag: held.etag });
    },
  };
}
