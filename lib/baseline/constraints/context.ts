import { type AddressPlan, type NetworkRequest, planAddresses } from '../address-plan.ts';
import { type AddressPrefix, parsePrefix } from '../address-space.ts';
import { hasReservedSubnet, networkRequests, RESERVED_SUBNET_NAMES, type ReservedSubnet } from '../network-requests.ts';
import type { BaselineSpec, NetworkSpec, SpokeSpec, SubnetPurpose, SubnetSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';

/** A subnet with the place that the plan gave it. */
export interface PlannedSubnet {
  readonly name: string;
  readonly purpose: SubnetPurpose | 'reserved';
  /** Which of the subnets with fixed names it is. */
  readonly reserved?: ReservedSubnet;
  /** Place of the subnet in the document. */
  readonly path: string;
  /** IPv4; absent when the prefix cannot be read or found no room. */
  readonly prefix?: AddressPrefix;
  readonly given: Pick<SubnetSpec, 'addressPrefix' | 'prefixLength' | 'ipv6AddressPrefix'>;
  /** What the author wrote; absent for subnets with fixed names. */
  readonly spec?: SubnetSpec;
}

/** A virtual network of the spec with its subnets placed. */
export interface PlannedNetwork {
  readonly role: 'hub' | 'spoke';
  /** `hub`, or the name of the spoke. */
  readonly name: string;
  /** For messages: `the hub` or `spoke b`. */
  readonly label: string;
  /** `hub` or `spokes[1]`. */
  readonly path: string;
  readonly network: NetworkSpec;
  readonly spoke?: SpokeSpec;
  /** Prefixes of the address space that can be read, with their index in the document. */
  readonly space: readonly { readonly index: number; readonly prefix: AddressPrefix }[];
  readonly subnets: readonly PlannedSubnet[];
  readonly plan: AddressPlan;
}

/** What a constraint looks at. */
export interface ConstraintContext {
  readonly spec: BaselineSpec;
  /** Today as YYYY-MM-DD: features past their end are violations, features near it are warnings. */
  readonly todayIso: string;
  /** The hub first, then the spokes in their order. */
  readonly networks: readonly PlannedNetwork[];
}

/** A group of rules: everything it finds, violations and warnings alike; the code tells which. */
export type Constraint = (context: ConstraintContext) => Iterable<Violation>;

const reservedKeys: ReadonlyMap<string, ReservedSubnet> = new Map(
  (Object.keys(RESERVED_SUBNET_NAMES) as ReservedSubnet[]).map((key) => [RESERVED_SUBNET_NAMES[key], key]),
);

function plannedNetwork(spec: BaselineSpec, request: NetworkRequest, spoke: SpokeSpec | undefined): PlannedNetwork {
  const network = spoke?.network ?? spec.hub.network;
  const plan = planAddresses(request);
  const own = spoke?.subnets ?? spec.hub.subnets.additional;
  const ownAt = request.subnets.length - own.length;
  const subnets = request.subnets.flatMap((wanted, index): PlannedSubnet[] => {
    const text = plan.prefixes.get(wanted.name);
    const prefix = parsePrefix(wanted.addressPrefix ?? text ?? '');
    const placed = prefix?.family === 4 ? { prefix } : {};
    const subnet = own[index - ownAt];
    if (subnet !== undefined) {
      const { name, purpose } = subnet;
      return [{ name, purpose, path: wanted.path, given: subnet, spec: subnet, ...placed }];
    }
    const reserved = reservedKeys.get(wanted.name);
    if (reserved === undefined || !hasReservedSubnet(spec.hub, reserved)) return [];
    const given = spec.hub.subnets[reserved] ?? {};
    return [{ name: wanted.name, purpose: 'reserved', reserved, path: wanted.path, given, ...placed }];
  });
  const space = network.addressPrefixes.flatMap((text, index) => {
    const prefix = parsePrefix(text);
    return prefix === undefined ? [] : [{ index, prefix }];
  });
  const role = spoke === undefined ? 'hub' : 'spoke';
  const label = spoke === undefined ? 'the hub' : `spoke ${spoke.name}`;
  const base = { role, name: request.name, label, path: request.path, network, space, subnets, plan } as const;
  return spoke === undefined ? base : { ...base, spoke };
}

/** Places all subnets of a spec and lays out what the constraints look at. */
export function constraintContext(spec: BaselineSpec, todayIso: string): ConstraintContext {
  const [hubRequest, ...spokeRequests] = networkRequests(spec);
  const networks = hubRequest === undefined ? [] : [plannedNetwork(spec, hubRequest, undefined)];
  for (const [index, request] of spokeRequests.entries()) {
    const spoke = spec.spokes[index];
    if (spoke !== undefined) networks.push(plannedNetwork(spec, request, spoke));
  }
  return { spec, todayIso, networks };
}

/** Whether something in the hub takes the spokes' 0.0.0.0/0. */
export function hasEgressHop(spec: BaselineSpec): boolean {
  return spec.hub.firewall !== undefined || spec.hub.virtualAppliance !== undefined;
}

/** Whether the firewall answers DNS: on by default, off with Basic. */
export function hasDnsProxy(spec: BaselineSpec): boolean {
  const { firewall } = spec.hub;
  return firewall !== undefined && (firewall.policy.dnsProxy ?? firewall.tier !== 'Basic');
}
