import type {
  ResolvedEgressHop,
  ResolvedNatGateway,
  ResolvedNetwork,
  ResolvedNetworkSecurityGroup,
  ResolvedPublicIpAddress,
  ResolvedPublicIpPrefix,
  ResolvedResource,
  ResolvedRouteTable,
} from '../resolved.ts';
import type { BaselineSpec, NetworkSpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';
import { existing, made, type Place } from './place.ts';
import type { Prefixes } from './subnet-prefixes.ts';

/** Networks and everything that their subnets name. */
export interface NetworkParts {
  readonly networks: readonly ResolvedNetwork[];
  readonly networkSecurityGroups: readonly ResolvedNetworkSecurityGroup[];
  readonly routeTables: readonly ResolvedRouteTable[];
  readonly natGateways: readonly ResolvedNatGateway[];
  readonly publicIpAddresses: readonly ResolvedPublicIpAddress[];
  readonly publicIpPrefixes: readonly ResolvedPublicIpPrefix[];
}

/** What all networks of a spec are resolved from. */
export interface NetworkInput {
  readonly spec: BaselineSpec;
  readonly names: NameBook;
  readonly hub: Place;
  readonly ddosProtectionPlanId?: string;
  readonly hubPrefixes: Prefixes;
  readonly hop: ResolvedEgressHop | undefined;
}

/** A network that is made, or adopted by its id. */
export function networkResource(
  place: Place,
  names: NameBook,
  conventional: string,
  spec: NetworkSpec,
): ResolvedResource {
  if (spec.id !== undefined) return existing(spec.id, 'adopt', place);
  return made(place, 'Microsoft.Network/virtualNetworks', names.name('virtualNetwork', conventional, spec.name));
}
