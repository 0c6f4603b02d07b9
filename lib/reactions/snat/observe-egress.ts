import { ArmListError, ArmUnreachableError } from '../../azure/arm.ts';
import { ArmRefusalError, readListRefusal } from '../../azure/arm-answer.ts';
import { observe } from '../../azure/observe.ts';
import { parseResourceId } from '../../azure/resource-id.ts';
import { adjusted, type PublicIpsInForce, publicIpsInForce } from '../../baseline/adjustments.ts';
import { parentId } from '../../baseline/arm-id.ts';
import { valuesAt } from '../../baseline/kind-support/references.ts';
import { kindOf } from '../../baseline/kinds/index.ts';
import type { ResolvedBaseline, ResolvedFirewall } from '../../baseline/resolved.ts';
import type { BaselineSpec } from '../../baseline/spec.ts';
import type { Dependencies } from '../../dependencies.ts';
import {
  type EgressAddresses,
  egressAddresses,
  type ObservedBodies,
  prefixRoomOf,
} from '../../egress/egress-addresses.ts';
import type { SnatFirewall } from '../../egress/snat-decision.ts';
import { snatFirewallOf } from '../../egress/snat-firewall.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { normaliseId } from '../../plan/graph.ts';
import { idsThatWereThere, type LedgerEntry } from '../../plan/ledger.ts';
import { isAtOrIn } from '../../plan/scope.ts';
import { type Problem, ProblemError } from '../../problem.ts';
import { isCalledOff, readBeforeCallOff } from '../../reconcile/called-off.ts';
import { optOutOf, readManagementLocks } from '../../reconcile/protection.ts';
import { readResolved } from '../../reconcile/read-spec.ts';
import type { Adjustment, BaselineHead } from '../../state/baseline-head.ts';

/** The egress of a baseline as it is declared and as Azure has it. */
export interface ObservedEgress {
  readonly spec: BaselineSpec;
  /** Without adjustments. */
  readonly declared: ResolvedBaseline;
  readonly baseline: ResolvedBaseline;
  /** Where the spec is called off, the same of the one that was brought about before; null: none was. */
  readonly before?: Pick<ObservedEgress, 'declared' | 'baseline'> | null;
  readonly observed: ObservedBodies;
  readonly ledger: readonly LedgerEntry[];
}

/** One firewall of it. */
export interface ObservedFirewall extends ObservedEgress {
  readonly resolved: ResolvedFirewall;
  readonly body: JsonObject;
  /** Its region as Azure Monitor names it, such as `westeurope`. */
  readonly location: string;
  /** Why nothing may be written to it, by a tag or a lock; null: nothing says so. */
  readonly leftAlone: string | null;
  readonly prefixRoom: number | null;
  readonly publicIps: PublicIpsInForce;
  readonly ruleCollectionGroups: readonly JsonObject[];
}

type Reads = Pick<Dependencies, 'arm' | 'baselines' | 'ledger'>;

const ADDRESSES = 'properties.ipConfigurations[].properties.publicIPAddress.id';

/** Reads what the egress of a baseline consists of. @throws as `readResolved` and `observe`. */
export async function observeEgress(
  dependencies: Reads,
  head: BaselineHead,
  adjustments: readonly Adjustment[],
  nowIso: string,
): Promise<ObservedEgress> {
  const { spec, resolved: declared } = await readResolved(dependencies, head);
  const baseline = adjusted(declared, adjustments, nowIso);
  const ledger = await dependencies.ledger.all(head.name);
  const { firewall } = baseline;
  const carriers = [
    ...(firewall === undefined ? [] : [{ id: firewall.id, kind: 'azureFirewall' }]),
    ...baseline.natGateways.map(({ id }) => ({ id, kind: 'natGateway' })),
  ];
  const wasThere = idsThatWereThere(ledger);
  const first = await observe(dependencies.arm, carriers, kindOf, { wasThere });
  const attached = [...first.values()].flatMap((body) =>
    body === null
      ? []
      : [ADDRESSES, 'properties.publicIpAddresses[].id']
          .flatMap((path) => valuesAt(body, path))
          .filter((id) => typeof id === 'string'),
  );
  const kept = ledger.filter(({ kind, scope }) => kind === 'publicIPAddress' && scope === 'egress').map(({ id }) => id);
  const addresses = [...attached, ...baseline.publicIpAddresses.map(({ id }) => id), ...kept];
  const rest = await observe(
    dependencies.arm,
    [
      ...unique(addresses).map((id) => ({ id, kind: 'publicIPAddress' })),
      ...baseline.publicIpPrefixes.map(({ id }) => ({ id, kind: 'publicIPPrefix' })),
      ...(firewall === undefined ? [] : [{ id: parentId(firewall.subnetId), kind: 'virtualNetwork' }]),
    ],
    kindOf,
    { wasThere },
  );
  const before = await readBefore(dependencies, head, adjustments, nowIso);
  return { spec, declared, baseline, ...before, observed: new Map([...first, ...rest]), ledger };
}

async function readBefore(
  dependencies: Reads,
  head: BaselineHead,
  adjustments: readonly Adjustment[],
  nowIso: string,
): Promise<Pick<ObservedEgress, 'before'>> {
  if (!isCalledOff(head)) return {};
  const declared = await readBeforeCallOff(dependencies, head);
  return { before: declared === undefined ? null : { declared, baseline: adjusted(declared, adjustments, nowIso) } };
}

/** Reads a firewall. Null: the baseline has none there, or Azure has none. @throws as above. */
export async function observeFirewall(
  dependencies: Reads,
  head: BaselineHead,
  target: string,
  nowIso: string,
): Promise<ObservedFirewall | null> {
  const egress = await observeEgress(dependencies, head, head.adjustments, nowIso);
  const resolved = egress.baseline.firewall;
  if (resolved === undefined || normaliseId(resolved.id) !== normaliseId(target)) return null;
  const body = egress.observed.get(normaliseId(resolved.id));
  if (!body) return null;
  const [policyId] = valuesAt(body, 'properties.firewallPolicy.id');
  const groups = kindOf('firewallPolicyRuleCollectionGroup');
  return {
    ...egress,
    resolved,
    body,
    location: String(body.location ?? resolved.location)
      .replaceAll(' ', '')
      .toLowerCase(),
    leftAlone: optOutOf(resolved.id, body)?.why ?? (await lockOn(dependencies, resolved.id)) ?? null,
    prefixRoom: prefixRoomOf(egress.baseline, egress.observed),
    publicIps: publicIpsInForce(egress.baseline, head.adjustments, nowIso),
    ruleCollectionGroups:
      typeof policyId === 'string'
        ? await dependencies.arm.list(`${policyId}/ruleCollectionGroups`, groups.apiVersion)
        : [],
  };
}

/** The management lock that lets nothing be written to a resource; one against deletes does not count. */
async function lockOn({ arm }: Reads, id: string): Promise<string | undefined> {
  const locks = await readManagementLocks(arm, [parseResourceId(id).subscriptionId]);
  return locks.find((lock) => !lock.deleteOnly && isAtOrIn(id, lock.id))?.why;
}

/** The firewall as the SNAT policy looks at it. Pure. */
export function snatOf(
  seen: ObservedFirewall,
  instances: number | null,
  attachedAtMs: ReadonlyMap<string, number>,
): SnatFirewall {
  return snatFirewallOf({
    baseline: seen.baseline,
    declared: seen.declared,
    ...(seen.before === undefined ? {} : { before: seen.before }),
    firewall: seen.body,
    ruleCollectionGroups: seen.ruleCollectionGroups,
    subnet: subnetOf(seen),
    publicIpAddresses: seen.observed,
    ledger: seen.ledger,
    instances,
    attachedAtMs,
  });
}

function subnetOf({ resolved, observed }: ObservedFirewall): JsonObject | null {
  const network = observed.get(normaliseId(parentId(resolved.subnetId)));
  if (!network) return null;
  const name = resolved.subnetId.slice(resolved.subnetId.lastIndexOf('/') + 1).toLowerCase();
  const found = valuesAt(network, 'properties.subnets[]').find(
    (subnet) => isJsonObject(subnet) && String(subnet.name).toLowerCase() === name,
  );
  return isJsonObject(found) ? found : null;
}

/** Addresses and prefixes as they would be under these adjustments. @throws as above. */
export async function readEgressAddresses(
  dependencies: Reads,
  head: BaselineHead,
  adjustments: readonly Adjustment[],
  nowIso: string,
): Promise<EgressAddresses> {
  const { baseline, observed, ledger } = await observeEgress(dependencies, head, adjustments, nowIso);
  return egressAddresses(baseline, observed, ledger);
}

/** Names of the public addresses on a firewall, in lower case. */
export function attachedNames(body: JsonObject): readonly string[] {
  return valuesAt(body, ADDRESSES)
    .filter((id) => typeof id === 'string')
    .map((id) => id.slice(id.lastIndexOf('/') + 1).toLowerCase());
}

/** ARM leaves the state out of what has none to tell. */
export function provisioningStateOf(body: JsonObject): string {
  const [state = 'Succeeded'] = valuesAt(body, 'properties.provisioningState');
  return String(state);
}

/** Who must act when something could not be read. @throws what is no problem of Azure's, the operator's or the caller's. */
export function problemOfReading(error: unknown, resource: string): Problem {
  if (error instanceof ArmRefusalError) return error.refusal.problem;
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof ArmListError) return readListRefusal(error).problem;
  if (error instanceof ArmUnreachableError) {
    return {
      code: 'AzureUnreachable',
      actor: 'azure-temporary',
      message: `Azure Resource Manager gave no answer (${error.message.slice(0, 200)}).`,
      remedy: 'Hubkeeper tries again by itself; check the network of the app if it lasts.',
      resource,
    };
  }
  throw error;
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Map(ids.map((id) => [normaliseId(id), id])).values()];
}
