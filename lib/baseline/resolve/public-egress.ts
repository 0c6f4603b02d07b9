import type { Owner } from '../../plan/graph.ts';
import type { ResolvedNatGateway, ResolvedPublicIpAddress, ResolvedPublicIpPrefix } from '../resolved.ts';
import type { FirewallSpec, NatGatewaySpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';
import { existing, made, type Place } from './place.ts';

const ADDRESS = 'Microsoft.Network/publicIPAddresses';
const PREFIX = 'Microsoft.Network/publicIPPrefixes';
/** Azure's own prefixes hold at most 16 addresses: the size assumed of an existing one whose size is not told. */
const ASSUMED_PREFIX_LENGTH = 28;

/** Public addresses of a resource and the prefixes that they come from. */
export interface PublicEgress {
  readonly addresses: readonly ResolvedPublicIpAddress[];
  readonly prefixes: readonly ResolvedPublicIpPrefix[];
}

const ordinal = (index: number): string => String(index).padStart(2, '0');

export function firewallZones(firewall: FirewallSpec): readonly string[] {
  return firewall.zones ?? ['1', '2', '3'];
}

function firewallPrefixes(firewall: FirewallSpec, place: Place, names: NameBook): readonly ResolvedPublicIpPrefix[] {
  const zones = firewallZones(firewall);
  const { prefixIds, prefixIdLengths, prefixLengths } = firewall.publicIps;
  return [
    ...prefixIds.map((id, index) => ({
      ...existing(id, 'reference', place),
      prefixLength: prefixIdLengths[index] ?? ASSUMED_PREFIX_LENGTH,
      sku: 'Standard' as const,
      zones,
    })),
    ...prefixLengths.map((prefixLength, index) => ({
      ...made(place, PREFIX, names.name('publicIPPrefix', `ippre-fw-${place.location}-${ordinal(index)}`)),
      prefixLength,
      sku: 'Standard' as const,
      zones,
    })),
  ];
}

/**
 * The first `count` public addresses of a firewall: existing ones, then made ones, which fill the prefixes in their
 * order and stand alone after that. A smaller count is always a beginning of a larger one, so that growing and
 * shrinking touch the end only; the place of an address in a prefix follows from its number alone.
 */
export function firewallPublicEgress(
  firewall: FirewallSpec,
  place: Place,
  names: NameBook,
  count: number,
): PublicEgress {
  const zones = firewallZones(firewall);
  const prefixes = firewallPrefixes(firewall, place, names);
  const slots = prefixes.flatMap((prefix) => Array<string>(2 ** (32 - prefix.prefixLength)).fill(prefix.id));
  const existingIds = firewall.publicIps.ids.slice(0, count);
  const ownerAt = (index: number): Owner => (index < firewall.publicIps.count ? 'spec' : 'adjustment');
  const shared = { purpose: 'firewall', sku: 'Standard', zones } as const;
  const adopted = existingIds.map((id) => ({ ...existing(id, 'reference', place), ...shared, owner: 'spec' as const }));
  const own = Array.from({ length: Math.max(0, count - adopted.length) }, (_, index) => ({
    ...made(place, ADDRESS, names.name('publicIPAddress', `pip-fw-${place.location}-${ordinal(index)}`)),
    ...shared,
    ...(slots[index] === undefined ? {} : { prefixId: slots[index] }),
    owner: ownerAt(adopted.length + index),
  }));
  return { addresses: [...adopted, ...own], prefixes };
}

/** A NAT gateway with its addresses. `label` tells it from others: `fw-westeurope`, the name of a spoke. */
export function natGateway(
  spec: NatGatewaySpec,
  place: Place,
  names: NameBook,
  label: string,
  networkIds: readonly string[],
): PublicEgress & { readonly gateway: ResolvedNatGateway } {
  // StandardV2 spans all zones by itself and takes only addresses of its own kind.
  const zones = spec.zones ?? [];
  const shared = { sku: spec.sku, zones } as const;
  const madePrefix =
    spec.publicIpPrefixLength === undefined
      ? []
      : [
          {
            ...made(place, PREFIX, names.name('publicIPPrefix', `ippre-nat-${label}`)),
            ...shared,
            prefixLength: spec.publicIpPrefixLength,
          },
        ];
  const prefixes = [
    ...spec.publicIpPrefixIds.map((id) => ({
      ...existing(id, 'reference', place),
      ...shared,
      prefixLength: ASSUMED_PREFIX_LENGTH,
    })),
    ...madePrefix,
  ];
  const addresses = Array.from({ length: spec.publicIpCount ?? (prefixes.length > 0 ? 0 : 1) }, (_, index) => ({
    ...made(place, ADDRESS, names.name('publicIPAddress', `pip-nat-${label}-${ordinal(index)}`)),
    ...shared,
    purpose: 'natGateway' as const,
    owner: 'spec' as const,
  }));
  const name = names.name('natGateway', `nat-${label}`, spec.name);
  const gateway: ResolvedNatGateway = {
    ...made(place, 'Microsoft.Network/natGateways', name),
    ...shared,
    idleTimeoutInMinutes: spec.idleTimeoutInMinutes,
    publicIpAddressIds: addresses.map(({ id }) => id),
    publicIpPrefixIds: prefixes.map(({ id }) => id),
    networkIds,
  };
  return { gateway, addresses, prefixes };
}
