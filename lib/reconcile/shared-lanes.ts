import { type ArmRefusal, saysAbsent } from '../azure/arm-answer.ts';
import { pollOperation } from '../azure/long-operation.ts';
import type { Dependencies } from '../dependencies.ts';
import { isJsonObject } from '../json.ts';
import { type DesiredNode, normaliseId, sameId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Change } from '../plan/plan.ts';
import { conditionOf } from '../plan/provisioning-state.ts';
import type { HeldLane, LaneHolder } from '../state/shared-lane-store.ts';

/**
 * A holder that has noted no operation may be just about to write: an activity lives 10 minutes at most, so after this
 * time its write is either in Azure or never comes.
 */
const UNNOTED_HOLDER_MINUTES = 15;
/** How soon a lane that another baseline holds is looked at again. */
const LOOK_AGAIN_SECONDS = 15;

/**
 * Lanes of resources that other baselines may refer to by id. Who made the resource does not matter: its owner and
 * those that link to it, put networks under it or inherit from it keep one another out.
 */
const SHARED_KINDS: readonly string[] = ['privatednszone', 'ddosprotectionplan', 'firewallpolicy'];

/**
 * Lanes of a plan's changes that other baselines may write in too: those of the kinds above, and those of what this
 * baseline only adopts or refers to. A lane is named after its resource: `privateDnsZone:/subscriptions/…`.
 * A write in one costs five storage calls more: two to take it, one to note the operation, two to free it.
 */
export function sharedLanesOf(
  changes: readonly Pick<Change, 'lanes'>[],
  nodes: Iterable<Pick<DesiredNode, 'id' | 'presence'>>,
  ledger: Iterable<Pick<LedgerEntry, 'id' | 'created'>>,
): readonly string[] {
  const foreign = new Set<string>();
  for (const { id, presence } of nodes) if (presence !== 'create') foreign.add(normaliseId(id));
  for (const { id, created } of ledger) if (!created) foreign.add(normaliseId(id));
  const isShared = (lane: string): boolean => {
    const at = lane.indexOf(':');
    return SHARED_KINDS.includes(lane.slice(0, at).toLowerCase()) || foreign.has(normaliseId(lane.slice(at + 1)));
  };
  return [...new Set(changes.flatMap(({ lanes }) => lanes))].filter(isShared).sort();
}

/**
 * Takes the shared lanes of a write, in sorted order. Another holder is followed to the end of its operation in Azure
 * first, be it of this baseline or not; that its time is long over is never enough.
 * @returns the lanes held, or why the write has to wait.
 */
export async function takeSharedLanes(
  dependencies: Dependencies,
  lanes: readonly string[],
  wanted: Omit<LaneHolder, 'lane'>,
): Promise<{ readonly held: readonly HeldLane[] } | { readonly refusal: ArmRefusal }> {
  const held: HeldLane[] = [];
  for (const lane of lanes) {
    const mine: LaneHolder = { ...wanted, lane };
    let now = await dependencies.lanes.take(mine);
    if (!isSameStart(now.holder, mine)) {
      // An earlier start of the same write has ended or died: the scheduler starts none beside another.
      const isEarlier = now.holder.baseline === mine.baseline && sameId(now.holder.resource, mine.resource);
      if (isEarlier || (await isOver(dependencies, now.holder, mine))) now = await dependencies.lanes.take(mine, now);
    }
    if (!isSameStart(now.holder, mine)) {
      for (const one of held)
        await dependencies.lanes.release(one.holder.lane, wanted.baseline, wanted.resource, wanted.since);
      return { refusal: heldByAnother(now.holder, wanted.resource) };
    }
    held.push(now);
  }
  return { held };
}

function isSameStart(holder: LaneHolder, mine: LaneHolder): boolean {
  return (
    holder.baseline === mine.baseline &&
    holder.operationId === mine.operationId &&
    holder.since === mine.since &&
    sameId(holder.resource, mine.resource)
  );
}

/** Whether the write that holds a lane has ended in Azure for certain: an answer that says nothing of it does not count. */
async function isOver(dependencies: Dependencies, holder: LaneHolder, wanted: LaneHolder): Promise<boolean> {
  const { handle } = holder;
  if (handle === undefined && !isPastItsWrite(holder, wanted)) return false;
  if (handle !== undefined && handle.by !== 'resource') {
    const outcome = await pollOperation(dependencies.arm, handle, {
      id: holder.resource,
      apiVersion: holder.apiVersion,
      expect: holder.action === 'delete' ? 'absent' : 'present',
    });
    return outcome.state === 'succeeded' || (outcome.state === 'refused' && outcome.refusal.failedOperation === true);
  }
  const response = await dependencies.arm.send({
    method: 'GET',
    target: holder.resource,
    apiVersion: holder.apiVersion,
  });
  if (saysAbsent(response)) return true;
  const { status, body } = response;
  if (status !== 200 || !isJsonObject(body)) return false;
  const { condition } = conditionOf(body);
  // A delete that Azure has accepted may not show yet.
  if (holder.action === 'delete' && handle !== undefined) return condition === 'failed';
  return condition === 'settled' || condition === 'failed';
}

/** Whether a holder that noted no operation is past the moment of its write. */
function isPastItsWrite(holder: LaneHolder, wanted: LaneHolder): boolean {
  // Inside a baseline the scheduler starts nothing in the lane of a start that has not answered.
  if (holder.baseline === wanted.baseline) return true;
  return Date.parse(wanted.since) - Date.parse(holder.since) >= UNNOTED_HOLDER_MINUTES * 60_000;
}

function heldByAnother(holder: LaneHolder, resource: string): ArmRefusal {
  return {
    disposition: 'wait',
    retryAfterSeconds: LOOK_AGAIN_SECONDS,
    problem: {
      code: 'LaneHeldByAnotherBaseline',
      actor: 'azure-temporary',
      message: `The baseline '${holder.baseline}' (operation ${holder.operationId}) is writing ${holder.resource}, which shares a resource with this one.`,
      remedy: 'Let its write end; Hubkeeper tries again by itself.',
      resource,
    },
  };
}
