import {
  ADDRESSES_ADDED_WHEN_SATURATED,
  ceilTolerant,
  instancesFor,
  MAXIMUM_INSTANCES,
  MINIMUM_INSTANCES,
  NAT_GATEWAY_MAXIMUM_ADDRESSES,
  NAT_GATEWAY_PORTS_PER_ADDRESS,
  SNAT_PORTS_PER_ADDRESS_AND_INSTANCE,
  snatPorts,
} from './snat-capacity.ts';
import type { Recommendation, SnatFirewall } from './snat-decision.ts';

/** Thousands apart, as people read them. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

const atLeast = (isLowerBound: boolean) => (isLowerBound ? 'at least ' : '');

/**
 * Prescaling in place of more addresses: every instance multiplies the ports of every address. Undefined where it would
 * not help: the demand fits the configured minimum, or no number of instances suffices.
 */
export function prescaling(
  firewall: SnatFirewall,
  demand: number,
  isLowerBound: boolean,
  targetPercent: number,
): Recommendation | undefined {
  const addresses = firewall.addresses.length;
  if (addresses === 0) return undefined;
  const configured = firewall.minimumInstances ?? MINIMUM_INSTANCES;
  const instances = instancesFor(demand, addresses, targetPercent);
  if (instances <= configured || instances > MAXIMUM_INSTANCES) return undefined;
  // Azure takes two equal bounds, or bounds that are more than 1 apart.
  const highest = firewall.maximumInstances;
  const fits = highest === null || highest === instances || highest - instances > 1;
  const maximumInstances = fits
    ? highest
    : instances >= MAXIMUM_INSTANCES - 1
      ? instances
      : Math.max(instances + 2, highest);
  const ports = snatPorts(addresses, instances);
  const bounds =
    maximumInstances === null || maximumInstances === highest ? '' : ` and maxCapacity ${maximumInstances}`;
  return {
    code: 'PrescaleFirewall',
    message:
      `hub.firewall.autoscale.minCapacity ${instances}${bounds} gives ${grouped(SNAT_PORTS_PER_ADDRESS_AND_INSTANCE)} × ${addresses} × ${instances} = ` +
      `${grouped(ports)} ports without a new address, and ${atLeast(isLowerBound)}${grouped(demand)} are wanted at ${targetPercent} %.`,
    figures: {
      minimumInstances: instances,
      ...(maximumInstances === null ? {} : { maximumInstances }),
      addresses,
      ports,
      demandPorts: demand,
    },
  };
}

/** What a NAT gateway on the firewall's subnet would carry. */
export function natGateway(demand: number, isLowerBound: boolean): Recommendation {
  const wanted = Math.max(1, ceilTolerant(demand / NAT_GATEWAY_PORTS_PER_ADDRESS));
  const addresses = Math.min(wanted, NAT_GATEWAY_MAXIMUM_ADDRESSES);
  const ports = addresses * NAT_GATEWAY_PORTS_PER_ADDRESS;
  const short = wanted > addresses ? ', which is still too little' : '';
  return {
    code: 'UseNatGateway',
    message:
      `A NAT gateway on AzureFirewallSubnet gives ${grouped(NAT_GATEWAY_PORTS_PER_ADDRESS)} ports for each of up to ${NAT_GATEWAY_MAXIMUM_ADDRESSES} addresses; ` +
      `${atLeast(isLowerBound)}${grouped(demand)} ports in use need ${addresses} (${grouped(ports)} ports)${short}. ` +
      'All egress then leaves from its addresses.',
    figures: { addresses, ports, maximumAddresses: NAT_GATEWAY_MAXIMUM_ADDRESSES, demandPorts: demand },
  };
}

/** What to say where a NAT gateway already carries the egress. */
export function growNatGateway(): Recommendation {
  return {
    code: 'GrowNatGateway',
    message: `Give the NAT gateway more addresses: ${grouped(NAT_GATEWAY_PORTS_PER_ADDRESS)} ports each, ${NAT_GATEWAY_MAXIMUM_ADDRESSES} at most.`,
    figures: { portsPerAddress: NAT_GATEWAY_PORTS_PER_ADDRESS, maximumAddresses: NAT_GATEWAY_MAXIMUM_ADDRESSES },
  };
}

export function raiseMaximum(maximum: number, wanted: number): Recommendation {
  return {
    code: 'RaiseMaximum',
    message: `Raise hub.firewall.publicIps.maximum from ${maximum} to ${wanted}.`,
    figures: { maximumAddresses: maximum, wantedAddresses: wanted },
  };
}

export function addPrefix(room: number, missing: number): Recommendation {
  return {
    code: 'AddPublicIpPrefix',
    message: `The public IP prefixes have room for ${room} more; add to hub.firewall.publicIps.prefixLengths (28 gives 16) for ${missing}, and let partners allow it first.`,
    figures: { prefixRoomAddresses: room, missingAddresses: missing },
  };
}

export function shortenConnections(): Recommendation {
  return {
    code: 'ShortenConnections',
    message:
      'Ports count for each destination: where one destination takes nearly all flows, connection pooling or a private endpoint for it is the cure.',
    figures: {},
  };
}

export function repairFirewall(): Recommendation {
  return {
    code: 'RepairFirewall',
    message: 'Look at the activity log of the firewall, put right what made its last operation fail, and reconcile.',
    figures: {},
  };
}

export function reconcileBaseline(missing: number): Recommendation {
  return {
    code: 'ReconcileBaseline',
    message: 'Apply the baseline, which attaches them again, or take them out of the spec.',
    figures: { missingAddresses: missing },
  };
}

/**
 * Whether new addresses are dear enough to name prescaling beside them: none is left of what partners allow, or several
 * would be new to them at once.
 */
export function newAddressesAreDear(added: number, prefixRoom: number | null): boolean {
  return prefixRoom === null && added >= ADDRESSES_ADDED_WHEN_SATURATED;
}
