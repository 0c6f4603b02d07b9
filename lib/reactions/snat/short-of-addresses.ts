import {
  type FirewallPublicIpValue,
  readFirewallPublicIpValue,
  writeFirewallPublicIpValue,
} from '../../baseline/firewall-public-ip-value.ts';
import type { Dependencies } from '../../dependencies.ts';
import { withoutEnded } from '../../egress/public-ip-adjustment.ts';
import type { JsonObject } from '../../json.ts';
import { normaliseId } from '../../plan/graph.ts';
import { flushOutbox } from '../../reconcile/conclude.ts';
import { QUOTA_EXCEEDED, quotaRoom } from '../../reconcile/preflight-rules.ts';
import {
  type Adjustment,
  type BaselineHead,
  withGeneration,
  withNextOperation,
  withRequest,
} from '../../state/baseline-head.ts';
import { reactionOf, reliefOf, withRelief } from '../../state/reactions.ts';
import type { RunDocument } from '../../state/run.ts';
import type { ReliefAction } from '../../state/snat-relief.ts';
import { egressRequest } from './egress-request.ts';
import { withReliefLine } from './end-relief.ts';
import { attachedNames, type ObservedFirewall, provisioningStateOf } from './observe-egress.ts';
import { personsAdjustments } from './persons-adjustment.ts';
import { tellWorld } from './relief-events.ts';
import { RELIEF_ADJUSTMENT, RELIEF_KIND } from './relief-names.ts';
import type { ReliefRequest, ReliefStep } from './relief-step.ts';

/** Code of a step for which Azure does not give all addresses. */
export const SHORT_OF_ADDRESSES = 'AddressesNotAvailable';
const PUBLIC_IP = 'Microsoft.Network/publicIPAddresses';

/** One of the addresses that a step out declares. */
export interface WantedAddress {
  /** Name of the public IP resource. */
  readonly name: string;
  /** The spec declares it: no adjustment can leave it off. */
  readonly ofSpec: boolean;
  readonly isAttached: boolean;
  /** Azure has it, ready to be attached. */
  readonly isMade: boolean;
  /** It could not be made: refused, or out of its prefix. */
  readonly isRefused: boolean;
}

/** What a step out comes to when Azure does not give all of its addresses. */
export interface Shortage {
  /** Addresses that are attached after all; 0: none is left to attach. */
  readonly usable: number;
  readonly value: FirewallPublicIpValue;
}

/**
 * The step that is left with the addresses that there are, and with the first `room` of those that nobody has tried to
 * make yet. Refused ones are passed over where others come behind them. Null: no address is what was short. Pure.
 */
export function shortageOf(
  wanted: readonly WantedAddress[],
  value: FirewallPublicIpValue,
  room: number | null,
): Shortage | null {
  const refused = wanted.filter(({ isAttached, isRefused }) => isRefused && !isAttached);
  if (refused.some(({ ofSpec }) => ofSpec) || (refused.length === 0 && room === null)) return null;
  const untried = wanted.filter((one) => !one.isAttached && !one.isMade && !one.isRefused).slice(0, room ?? 0);
  const usable = wanted.filter((one) => !one.isAttached && !one.isRefused && (one.isMade || untried.includes(one)));
  const kept = wanted.filter((one) => one.isAttached || usable.includes(one));
  const last = wanted.findLastIndex((one) => kept.includes(one));
  const passedOver = wanted.slice(0, last).filter((one) => !kept.includes(one));
  const isWanted = (name: string) => wanted.some((one) => one.name.toLowerCase() === name.toLowerCase());
  return {
    usable: usable.length,
    value: {
      ...value,
      count: Math.max(1, kept.length),
      detached: [...value.detached.filter((name) => !isWanted(name)), ...passedOver.map(({ name }) => name)],
    },
  };
}

/** The adjustment that a step was recorded as, unless a person's holds instead by now. */
function adjustmentOf(head: BaselineHead, { decidedAt }: ReliefAction, request: ReliefRequest): Adjustment | undefined {
  const isReplaced = personsAdjustments(head, request.target, request.nowIso).some(({ since }) => since > decidedAt);
  return isReplaced
    ? undefined
    : head.adjustments.find(({ id, since }) => id === RELIEF_ADJUSTMENT && since === decidedAt);
}

/**
 * What is left of a step out that has ended short, by what Azure has and by what the run says. Null: addresses are not
 * what it failed for. @throws ArmRefusalError and ArmUnreachableError where quotas cannot be read.
 */
export async function readShortage(
  dependencies: Pick<Dependencies, 'networkUsages'>,
  head: BaselineHead,
  seen: ObservedFirewall,
  action: ReliefAction,
  run: RunDocument,
  request: ReliefRequest,
): Promise<Shortage | null> {
  const value = readFirewallPublicIpValue(adjustmentOf(head, action, request)?.value);
  const failed = Object.values(run.rows).filter(({ state }) => state.name === 'failed');
  const isFirewallAtFault = failed.some(({ id }) => normaliseId(id) === normaliseId(request.target));
  if (action.direction !== 'out' || value === undefined || isFirewallAtFault) return null;
  const problems = [...run.problems, ...failed.map(({ id, problem }) => ({ code: problem?.code ?? '', resource: id }))];
  const isOverQuota = problems.some(({ code }) => code === QUOTA_EXCEEDED);
  // What a quota has no room for as a whole was not tried one by one.
  const refused = problems.flatMap(({ code, resource }) =>
    code === QUOTA_EXCEEDED || resource === undefined ? [] : [normaliseId(resource)],
  );
  const [, , subscriptionId = ''] = request.target.split('/');
  const usages = isOverQuota ? await dependencies.networkUsages(subscriptionId, seen.location) : [];
  const room = isOverQuota ? (quotaRoom(PUBLIC_IP, usages) ?? 0) : null;
  return shortageOf(wantedOf(seen, new Set(refused)), withoutEnded(value, Date.parse(request.nowIso)), room);
}

/**
 * Goes on with the addresses that Azure gives: the adjustment is corrected to them, so that the next run attaches those
 * and deletes what was made and cannot be used. People hear what was short; for the firewall it is no failure.
 */
export async function goOnWith(
  dependencies: Dependencies,
  request: ReliefRequest,
  action: ReliefAction,
  shortage: Shortage,
  attached: number,
  why: string,
): Promise<ReliefStep> {
  const toAddresses = attached + shortage.usable;
  const reason = `Azure does not give all of the addresses that were asked for: ${toAddresses} instead of ${action.toAddresses} are attached. ${why}`;
  const changed = await dependencies.baselines.change<ReliefStep>(request.baseline, (head) => {
    const reaction = reactionOf(head, RELIEF_KIND, request.target);
    if (reaction?.instance?.id !== request.instanceId) return { head: null, result: { next: 'end' } };
    const relief = reliefOf(reaction);
    const current = relief.action;
    const ours = adjustmentOf(head, action, request);
    // Somebody was faster: what is recorded now is looked at.
    if (current?.operationId !== action.operationId || ours === undefined)
      return { head: null, result: { next: 'follow', seconds: 1 } };
    const numbered = withNextOperation(
      withGeneration({
        ...head,
        adjustments: head.adjustments.map((one) =>
          one === ours ? { ...ours, value: writeFirewallPublicIpValue(shortage.value) } : one,
        ),
      }),
    );
    const { operationId } = numbered;
    const told = withReliefLine(numbered.head, reaction, request, action, {
      decision: 'help needed',
      reason,
      before: action.toAddresses,
      after: toAddresses,
      discriminator: SHORT_OF_ADDRESSES,
    });
    const next = { ...relief, action: { ...current, operationId, toAddresses } };
    const requested = withRequest(withRelief(told, reaction, next), egressRequest(operationId, request));
    return { head: requested.head, result: { next: 'poke', instanceId: requested.start ?? null } };
  });
  await flushOutbox(dependencies, changed.head);
  const data: JsonObject = { code: SHORT_OF_ADDRESSES, reason };
  await tellWorld(dependencies, request, 'helpNeeded', action, data, SHORT_OF_ADDRESSES);
  return changed.result;
}

function wantedOf(
  { resolved, body, observed }: ObservedFirewall,
  refused: ReadonlySet<string>,
): readonly WantedAddress[] {
  const attached = new Set(attachedNames(body));
  return resolved.publicIps.map(({ id, owner }) => {
    const found = observed.get(normaliseId(id));
    const isMade = found ? /^succeeded$/i.test(provisioningStateOf(found)) : false;
    const name = id.slice(id.lastIndexOf('/') + 1);
    return {
      name,
      ofSpec: owner === 'spec',
      isAttached: attached.has(name.toLowerCase()),
      isMade,
      isRefused: refused.has(normaliseId(id)),
    };
  });
}
