import { adjusted } from '../../baseline/adjustments.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { SnatChange } from '../../egress/snat-decision.ts';
import { normaliseId, sameId } from '../../plan/graph.ts';
import type { Refusal } from '../../plan/plan.ts';
import { touches } from '../../plan/property-path.ts';
import { type Foreseen, foresee } from '../../reconcile/foresee.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import { egressRequest } from './egress-request.ts';
import { attachedNames, type ObservedFirewall } from './observe-egress.ts';
import type { ReliefRequest } from './relief-step.ts';

/** What is known of a step before anybody is told that it is coming. */
export interface ForeseenStep {
  /** Why nothing of it would be written; absent: nothing is known to keep it. */
  readonly refusal?: Refusal;
  /** Normalised ids of what else would be refused. */
  readonly refusedIds: ReadonlySet<string>;
}

const nameOf = (id: string) => id.slice(id.lastIndexOf('/') + 1);

/**
 * What would be refused of a step for certain, by the plan and the guard of the run that would write it. What only delays
 * it refuses nothing. `head`: with the step recorded. @throws as `foresee`.
 */
export async function foreseeStep(
  dependencies: Dependencies,
  seen: ObservedFirewall,
  head: BaselineHead,
  change: SnatChange,
  { target, nowIso }: ReliefRequest,
): Promise<ForeseenStep> {
  const attached = new Set(attachedNames(seen.body));
  const declared = adjusted(seen.declared, head.adjustments, nowIso).firewall?.publicIps ?? [];
  const added = declared.map(({ id }) => id).filter((id) => !attached.has(nameOf(id).toLowerCase()));
  const names = change.removedName === undefined ? added.map(nameOf) : [change.removedName];
  const foreseen = await foresee(dependencies, head, egressRequest('', { nowIso }), [target, ...added], nowIso);
  const refusal = refusalOfStep(foreseen, target, names);
  const refusedIds = new Set(foreseen.refused.map(({ id }) => normaliseId(id)));
  return { refusedIds, ...(refusal === undefined ? {} : { refusal }) };
}

/**
 * Why a firewall would not get, or lose, any of these addresses: its write is refused, or they are not in it. Undefined:
 * nothing says so. Pure.
 */
export function refusalOfStep(
  { plan, refused }: Foreseen,
  target: string,
  names: readonly string[],
): Refusal | undefined {
  const own = refused.find(({ id }) => sameId(id, target));
  if (own !== undefined) return firstCause(own, refused);
  const paths = names.map((name) => `properties.ipConfigurations[${name}]`);
  const update = plan.changes.find(({ id }) => sameId(id, target));
  if (update?.diff.some((one) => paths.some((path) => touches(one.path, path))) === true) return undefined;
  return plan.refused.find(({ id }) => sameId(id, target));
}

/** What a refusal goes back to through whatever shares its fate. */
function firstCause(refusal: Refusal, refused: readonly Refusal[]): Refusal {
  const { cause } = refusal;
  // What has been looked at is left out: nothing goes round in circles.
  const others = refused.filter((one) => one !== refusal);
  const next = cause === undefined ? undefined : others.find(({ id }) => sameId(id, cause));
  return next === undefined ? refusal : firstCause(next, others);
}
