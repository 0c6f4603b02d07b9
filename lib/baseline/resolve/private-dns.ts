import type { ResolvedEgressHop, ResolvedNetwork, ResolvedPrivateDnsZoneLink, ResolvedResource } from '../resolved.ts';
import type { PrivateDnsZoneSpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';
import { existing, made, type Place } from './place.ts';

export interface PrivateDnsParts {
  readonly zones: readonly ResolvedResource[];
  readonly links: readonly ResolvedPrivateDnsZoneLink[];
}

function isLinked(zone: PrivateDnsZoneSpec, network: ResolvedNetwork, hop: ResolvedEgressHop | undefined): boolean {
  if (network.role === 'hub') return zone.linkHub ?? hop?.dnsProxy ?? false;
  const spokes = zone.linkSpokes ?? 'all';
  if (spokes === 'all' || spokes === 'none') return spokes === 'all';
  return spokes.includes(network.spoke ?? '');
}

/** Private DNS zones and the networks that resolve them. Zones and links are global resources. */
export function resolvePrivateDns(
  baseline: string,
  specs: readonly PrivateDnsZoneSpec[],
  hub: Place,
  names: NameBook,
  networks: readonly ResolvedNetwork[],
  hop: ResolvedEgressHop | undefined,
): PrivateDnsParts {
  const resolved = specs.map((spec, index) => {
    const place = { ...hub, location: 'global', path: `hub.privateDnsZones[${index}]` };
    const zone =
      spec.id === undefined
        ? made(place, 'Microsoft.Network/privateDnsZones', spec.name ?? '')
        : existing(spec.id, 'reference', place);
    const links = networks
      .filter((network) => isLinked(spec, network, hop))
      .map((network): ResolvedPrivateDnsZoneLink => {
        const to = network.spoke === undefined ? 'to-hub' : `to-spoke-${network.spoke}`;
        // A zone that is not ours may have links of other baselines with spokes of the same name.
        const conventional = spec.id === undefined ? to : `${baseline}-${to}`;
        const name = names.name('privateDnsZoneLink', conventional, undefined, zone.name);
        return {
          ...zone,
          id: `${zone.id}/virtualNetworkLinks/${name}`,
          name,
          presence: 'create',
          scope: network.scope,
          zoneId: zone.id,
          networkId: network.id,
        };
      });
    return { zone, links };
  });
  return { zones: resolved.map(({ zone }) => zone), links: resolved.flatMap(({ links }) => links) };
}
