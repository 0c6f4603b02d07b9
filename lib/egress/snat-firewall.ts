import { type DnatDestination, dnatDestinations, mayMean } from '../baseline/kind-support/dnat-destinations.ts';
import { valuesAt } from '../baseline/kind-support/references.ts';
import type { ResolvedBaseline, ResolvedFirewall } from '../baseline/resolved.ts';
import type { Json, JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { originOf } from './egress-addresses.ts';
import type { MissingAddress, SnatAddress, SnatFirewall } from './snat-decision.ts';

export interface SnatFirewallInput {
  /** With its adjustments (`adjusted`). */
  readonly baseline: ResolvedBaseline;
  /** Without them: what the spec says by itself. */
  readonly declared: ResolvedBaseline;
  /**
   * Of a spec that is called off, the same of the one brought about before; null: none was. What only the spec declares has
   * not been there yet, and what only the one before declares is the spec's still. Absent: the spec is not called off.
   */
  readonly before?: Pick<SnatFirewallInput, 'baseline' | 'declared'> | null;
  /** The firewall as Azure answered it. */
  readonly firewall: JsonObject;
  /** Every rule collection group of its policy, others' included. Those of a base policy hold no DNAT rules for it. */
  readonly ruleCollectionGroups: readonly JsonObject[];
  /** AzureFirewallSubnet as Azure answered it; null: not known. */
  readonly subnet: JsonObject | null;
  /** Public IP addresses as Azure answered them, by normalised id. */
  readonly publicIpAddresses: ReadonlyMap<string, JsonObject | null>;
  readonly ledger: readonly LedgerEntry[];
  /** The metric Observed Capacity; null: not known. */
  readonly instances: number | null;
  /** When addresses were attached, by name in lower case. */
  readonly attachedAtMs: ReadonlyMap<string, number>;
}

const texts = (value: Json, path: string): readonly string[] =>
  valuesAt(value, path).filter((text) => typeof text === 'string');

function addressesOf(input: SnatFirewallInput, destinations: readonly DnatDestination[]): readonly SnatAddress[] {
  const { baseline, declared, before, firewall, publicIpAddresses, ledger, attachedAtMs } = input;
  // Partners may have allow-listed what the spec declares; only what was added to it is taken away again.
  const ofSpec = [...publicIpsOf(declared), ...publicIpsOf(before?.declared)].map(({ id }) => nameOf(id));
  const named = baseline.spec.hub.firewall?.publicIps.pinned ?? [];
  const pinned = new Set([...ofSpec, ...named].map((name) => name.toLowerCase()));
  return valuesAt(firewall, 'properties.ipConfigurations[]').map((configuration): SnatAddress => {
    const [id = ''] = texts(configuration, 'properties.publicIPAddress.id');
    const name = id.slice(id.lastIndexOf('/') + 1);
    const body = publicIpAddresses.get(normaliseId(id));
    const [address] = body ? texts(body, 'properties.ipAddress') : [];
    return {
      name,
      origin: originOf(id, baseline, ledger),
      carriesSubnet: texts(configuration, 'properties.subnet.id').length > 0,
      pinned: pinned.has(name.toLowerCase()),
      dnatReferenced: destinations.some((destination) => mayMean(destination, address)),
      attachedAtMs: attachedAtMs.get(name.toLowerCase()) ?? null,
    };
  });
}

/** Attached addresses that Azure calls IPv6. */
function ipv6Of({ firewall, publicIpAddresses }: SnatFirewallInput): readonly string[] {
  return texts(firewall, 'properties.ipConfigurations[].properties.publicIPAddress.id').flatMap((id) => {
    const body = publicIpAddresses.get(normaliseId(id));
    const [version = ''] = body ? texts(body, 'properties.publicIPAddressVersion') : [];
    return version.toLowerCase() === 'ipv6' ? [id.slice(id.lastIndexOf('/') + 1)] : [];
  });
}

const nameOf = (id: string) => id.slice(id.lastIndexOf('/') + 1);

function publicIpsOf(baseline: ResolvedBaseline | undefined): ResolvedFirewall['publicIps'] {
  return baseline?.firewall?.publicIps ?? [];
}

function idsOf(publicIps: ResolvedFirewall['publicIps']): ReadonlySet<string> {
  return new Set(publicIps.map(({ id }) => normaliseId(id)));
}

function missingOf({ baseline, declared, before, firewall }: SnatFirewallInput): readonly MissingAddress[] {
  const attached = new Set(
    texts(firewall, 'properties.ipConfigurations[].properties.publicIPAddress.id').map(normaliseId),
  );
  const ofSpec = idsOf(publicIpsOf(before === undefined ? declared : before?.declared));
  const ofBefore = idsOf(publicIpsOf(before?.baseline));
  return publicIpsOf(baseline)
    .filter(({ id }) => !attached.has(normaliseId(id)))
    .filter(({ id, owner }) => before === undefined || owner === 'adjustment' || ofBefore.has(normaliseId(id)))
    .map(({ id }) => ({ name: nameOf(id), ofSpec: ofSpec.has(normaliseId(id)) }));
}

function numberAt(body: JsonObject, path: string): number | null {
  const [value] = valuesAt(body, path);
  return typeof value === 'number' ? value : null;
}

/** A firewall as the SNAT policy looks at it, from what Azure answered. The management configuration is no part of it. */
export function snatFirewallOf(input: SnatFirewallInput): SnatFirewall {
  const { baseline, firewall, subnet, instances } = input;
  const destinations = dnatDestinations(firewall, input.ruleCollectionGroups);
  const [natGatewayId = null] = subnet === null ? [] : texts(subnet, 'properties.natGateway.id');
  // ARM leaves the state out of what has none to tell.
  const [state = 'Succeeded'] = texts(firewall, 'properties.provisioningState');
  const [id = baseline.firewall?.id ?? ''] = texts(firewall, 'id');
  return {
    id,
    provisioningState: state,
    addresses: addressesOf(input, destinations),
    instances,
    minimumInstances: numberAt(firewall, 'properties.autoscaleConfiguration.minCapacity'),
    maximumInstances: numberAt(firewall, 'properties.autoscaleConfiguration.maxCapacity'),
    natGatewayId,
    dnatDestinations: new Set(destinations.map(({ key }) => key)).size,
    ipv6Addresses: ipv6Of(input),
    missing: missingOf(input),
  };
}
