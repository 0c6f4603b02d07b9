import type { ArmRefusal } from '../azure/arm-answer.ts';
import { pollOperation } from '../azure/long-operation.ts';
import type { Dependencies } from '../dependencies.ts';
import type { DesiredNode } from '../plan/graph.ts';
import type { HeldLane, LaneHolder } from '../state/shared-lane-store.ts';

/**
 * A holder that has noted no operation may be just about to write: an activity lives 10 minutes at most, so after this
 * time its write is either in Azure or never comes.
 */
const UNNOTED_HOLDER_MINUTES = 15;
/** How soon a lane that another baseline holds is looked at again. */
const LOOK_AGAIN_SECONDS = 15;

/**
 * Lanes of a graph that other baselines may write in too: those of resources that this baseline only adopts or refers
 * to. A lane is named after its resource: `privateDnsZone:/subscriptions/…`.
 */
export function sharedLanesOf(nodes: Iterable<DesiredNode>): readonly string[] {
  const all = [...nodes];
  const foreign = new Set(all.filter((node) => node.presence !== 'create').map((node) => node.id.toLowerCase()));
  const lanes = new Set(all.flatMap((node) => node.lanes));
  return [...lanes].filter((lane) => foreign.has(lane.slice(lane.indexOf(':') + 1))).sort();
}

/**
 * Takes the shared lanes of a write, in sorted order. A holder of another baseline is followed to the end of its
 * operation in Azure first; that its time is long over is never enough.
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
    if (
      now.holder.baseline === wanted.baseline &&
      now.holder.resource.toLowerCase() !== wanted.resource.toLowerCase()
    ) {
      // Inside a baseline the scheduler keeps lanes apart: a row of our own for another resource is left over.
      now = await dependencies.lanes.take(mine, now);
    }
    if (now.holder.baseline !== wanted.baseline && (await isOver(dependencies, now.holder, wanted.since)))
      now = await dependencies.lanes.take(mine, now);
    if (now.holder.baseline !== wanted.baseline) {
      for (const one of held) await dependencies.lanes.release(one.holder.lane, wanted.baseline, wanted.resource);
      return { refusal: heldByAnother(now.holder, wanted.resource) };
    }
    held.push(now);
  }
  return { held };
}

/** Whether the write that holds a lane has ended in Azure. */
async function isOver(dependencies: Dependencies, holder: LaneHolder, nowIso: string): Promise<boolean> {
  const heldMinutes = (Date.parse(nowIso) - Date.parse(holder.since)) / 60_000;
  if (holder.handle === undefined && heldMinutes < UNNOTED_HOLDER_MINUTES) return false;
  const expect = holder.action === 'delete' ? 'absent' : 'present';
  const handle = holder.handle ?? ({ by: 'resource', expect } as const);
  const outcome = await pollOperation(dependencies.arm, handle, {
    id: holder.resource,
    apiVersion: holder.apiVersion,
    expect,
  });
  return outcome.state !== 'running';
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
