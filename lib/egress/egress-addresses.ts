import { parentId } from '../baseline/arm-id.ts';
import { valuesAt } from '../baseline/kind-support/references.ts';
import type { ResolvedBaseline, ResolvedPublicIpPrefix } from '../baseline/resolved.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { normaliseId, sameId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';

/**
 * `inUse`: egress leaves from it now. `aboutToBeUsed`: declared, and used as soon as it is attached. `reserved`: ours,
 * attached to nothing, kept for those who allow it.
 */
export type EgressAddressState = 'inUse' | 'aboutToBeUsed' | 'reserved';

/** One public address from which egress leaves, or may leave. */
export interface EgressAddress {
  /** ARM id of the public IP address. */
  readonly id: string;
  readonly name: string;
  /** Null: Azure has not given one yet; the prefix says where it will come from. */
  readonly address: string | null;
  readonly state: EgressAddressState;
  /** `made`: Hubkeeper makes it. `existing`: the spec names it by its id. `foreign`: somebody else attached it. */
  readonly origin: 'made' | 'existing' | 'foreign';
  /** The firewall or NAT gateway that it belongs to. */
  readonly through: string;
  readonly prefixId?: string;
  /** ISO time, of one that an adjustment keeps: it may be deleted from then on. */
  readonly reservedUntil?: string;
}

/** A public IP prefix: what partners allow as a whole, ahead of time. */
export interface EgressPrefix {
  readonly id: string;
  readonly name: string;
  /** Such as `203.0.113.0/28`; null: Azure has not given one yet. */
  readonly prefix: string | null;
  readonly addresses: number;
  /** Addresses of it that exist, ours and others'; null: not known yet. */
  readonly taken: number | null;
  readonly origin: 'made' | 'existing';
  readonly through: string;
}

export interface EgressAddresses {
  readonly addresses: readonly EgressAddress[];
  readonly prefixes: readonly EgressPrefix[];
}

/** Bodies as Azure answered them, by normalised id; null: known not to be there. */
export type ObservedBodies = ReadonlyMap<string, JsonObject | null>;

const FIREWALL_ADDRESSES = 'properties.ipConfigurations[].properties.publicIPAddress.id';
/** Place of the spec that the firewall's prefixes come from. */
const FIREWALL_PREFIXES = 'hub.firewall.publicIps';
const GATEWAY_ADDRESSES = 'properties.publicIpAddresses[].id';

function textAt(body: JsonObject | null | undefined, path: string): string | undefined {
  if (!body) return undefined;
  const [value] = valuesAt(body, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function idsAt(body: JsonObject | null | undefined, path: string): readonly string[] {
  return body ? valuesAt(body, path).filter((value) => typeof value === 'string') : [];
}

interface Carrier {
  readonly id: string;
  /** Ids that it has now, by what Azure says. */
  readonly attached: readonly string[];
  /** Ids that it is to have. */
  readonly declared: readonly string[];
  /** Ours that it neither has nor is to have. */
  readonly idle: readonly string[];
  readonly prefixIds: readonly string[];
  /** Another way out carries the egress of its subnet. */
  readonly bypassed: boolean;
}

/** The NAT gateway on AzureFirewallSubnet: then nothing leaves from the firewall's own addresses. */
function isBypassed({ firewall, networks }: ResolvedBaseline, observed: ObservedBodies): boolean {
  if (firewall === undefined) return false;
  const declared = networks.flatMap(({ subnets }) => subnets).find(({ id }) => sameId(id, firewall.subnetId));
  if (declared?.natGatewayId !== undefined) return true;
  const network = observed.get(normaliseId(parentId(firewall.subnetId)));
  const subnets = network ? valuesAt(network, 'properties.subnets[]') : [];
  const name = firewall.subnetId.slice(firewall.subnetId.lastIndexOf('/') + 1).toLowerCase();
  const found = subnets.find((subnet) => isJsonObject(subnet) && String(subnet.name).toLowerCase() === name);
  return isJsonObject(found) && textAt(found, 'properties.natGateway.id') !== undefined;
}

function carriersOf(
  baseline: ResolvedBaseline,
  observed: ObservedBodies,
  ledger: readonly LedgerEntry[],
): readonly Carrier[] {
  const { firewall, natGateways, publicIpAddresses, publicIpPrefixes } = baseline;
  const gateways = natGateways.map(
    (gateway): Carrier => ({
      id: gateway.id,
      attached: idsAt(observed.get(normaliseId(gateway.id)), GATEWAY_ADDRESSES),
      declared: gateway.publicIpAddressIds,
      idle: [],
      prefixIds: gateway.publicIpPrefixIds,
      bypassed: false,
    }),
  );
  if (firewall === undefined) return gateways;
  const declared = firewall.publicIps.map(({ id }) => id);
  const attached = idsAt(observed.get(normaliseId(firewall.id)), FIREWALL_ADDRESSES);
  const others = new Set(
    [
      ...declared,
      ...attached,
      ...publicIpAddresses.filter(({ purpose }) => purpose !== 'firewall').map(({ id }) => id),
    ].map(normaliseId),
  );
  const kept = publicIpAddresses.filter(({ purpose }) => purpose === 'firewall').map(({ id }) => id);
  // What an adjustment gave back and is not deleted yet is still ours.
  const released = ledger.filter(
    ({ kind, scope, created }) => kind === 'publicIPAddress' && scope === 'egress' && created,
  );
  const idle = new Map(
    [...kept, ...released.map(({ id }) => id)]
      .filter((id) => !others.has(normaliseId(id)))
      .map((id) => [normaliseId(id), id]),
  );
  return [
    {
      id: firewall.id,
      attached,
      declared,
      idle: [...idle.values()],
      prefixIds: publicIpPrefixes.filter(({ path }) => path === FIREWALL_PREFIXES).map(({ id }) => id),
      bypassed: isBypassed(baseline, observed),
    },
    ...gateways,
  ];
}

/** Who put a public address there, by the spec and by the ledger. */
export function originOf(
  id: string,
  baseline: ResolvedBaseline,
  ledger: readonly LedgerEntry[],
): EgressAddress['origin'] {
  const declared = baseline.publicIpAddresses.find((address) => sameId(address.id, id));
  if (declared !== undefined) return declared.presence === 'create' ? 'made' : 'existing';
  return ledger.some((entry) => entry.created && sameId(entry.id, id)) ? 'made' : 'foreign';
}

function addressesOf(
  carrier: Carrier,
  baseline: ResolvedBaseline,
  observed: ObservedBodies,
  ledger: readonly LedgerEntry[],
): readonly EgressAddress[] {
  const attached = new Set(carrier.attached.map(normaliseId));
  const waiting = carrier.declared.filter((id) => !attached.has(normaliseId(id)));
  const told = (id: string, state: EgressAddressState): EgressAddress => {
    const body = observed.get(normaliseId(id));
    const declared = baseline.publicIpAddresses.find((address) => sameId(address.id, id));
    const prefixId = declared?.prefixId ?? textAt(body, 'properties.publicIPPrefix.id');
    return {
      id,
      name: id.slice(id.lastIndexOf('/') + 1),
      address: textAt(body, 'properties.ipAddress') ?? null,
      state,
      origin: originOf(id, baseline, ledger),
      through: carrier.id,
      ...(prefixId === undefined ? {} : { prefixId }),
      ...(state !== 'reserved' || declared?.keptUntil === undefined ? {} : { reservedUntil: declared.keptUntil }),
    };
  };
  return [
    ...carrier.attached.map((id) => told(id, carrier.bypassed ? 'reserved' : 'inUse')),
    ...waiting.map((id) => told(id, carrier.bypassed ? 'reserved' : 'aboutToBeUsed')),
    // One that Azure does not have is no address that anybody could allow.
    ...carrier.idle.filter((id) => observed.get(normaliseId(id))).map((id) => told(id, 'reserved')),
  ];
}

function prefixOf(prefix: ResolvedPublicIpPrefix, through: string, observed: ObservedBodies): EgressPrefix {
  const body = observed.get(normaliseId(prefix.id));
  const text = textAt(body, 'properties.ipPrefix') ?? null;
  const length = text === null ? prefix.prefixLength : Number(text.slice(text.indexOf('/') + 1));
  return {
    id: prefix.id,
    name: prefix.name,
    prefix: text,
    addresses: 2 ** (32 - length),
    taken: body ? idsAt(body, 'properties.publicIPAddresses[].id').length : null,
    origin: prefix.presence === 'create' ? 'made' : 'existing',
    through,
  };
}

/**
 * From which public addresses the egress of a baseline leaves, may leave soon, or left until lately, so that partners
 * allow them, prefixes above all, ahead of time. `baseline` with its adjustments (`adjusted`). Pure.
 */
export function egressAddresses(
  baseline: ResolvedBaseline,
  observed: ObservedBodies,
  ledger: readonly LedgerEntry[],
): EgressAddresses {
  const carriers = carriersOf(baseline, observed, ledger);
  return {
    addresses: carriers.flatMap((carrier) => addressesOf(carrier, baseline, observed, ledger)),
    prefixes: carriers.flatMap(({ id, prefixIds }) =>
      prefixIds.flatMap((prefixId) => {
        const prefix = baseline.publicIpPrefixes.find((candidate) => sameId(candidate.id, prefixId));
        return prefix === undefined ? [] : [prefixOf(prefix, id, observed)];
      }),
    ),
  };
}

/** How many more of the firewall's addresses can come from its prefixes; null: the spec has no prefixes. */
export function prefixRoomOf(baseline: ResolvedBaseline, observed: ObservedBodies): number | null {
  const { firewall } = baseline;
  if (firewall === undefined) return null;
  const { prefixes, addresses } = egressAddresses(baseline, observed, []);
  const own = prefixes.filter(({ through }) => sameId(through, firewall.id));
  if (own.length === 0) return null;
  const ids = new Set(own.map(({ id }) => normaliseId(id)));
  const isIn = ({ prefixId }: { readonly prefixId?: string }) =>
    prefixId !== undefined && ids.has(normaliseId(prefixId));
  const size = own.reduce((sum, prefix) => sum + prefix.addresses, 0);
  const used = addresses.filter((one) => isIn(one) && one.state !== 'reserved').length;
  const known = new Set(addresses.filter(isIn).map(({ id }) => normaliseId(id)));
  const foreign = own
    .flatMap(({ id }) => idsAt(observed.get(normaliseId(id)), 'properties.publicIPAddresses[].id'))
    .filter((id) => !known.has(normaliseId(id))).length;
  return Math.max(0, size - used - foreign);
}
