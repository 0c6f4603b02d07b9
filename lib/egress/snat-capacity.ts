/** Microsoft documents 2,496 SNAT ports for each public IP address on each backend instance of Azure Firewall. */
export const SNAT_PORTS_PER_ADDRESS_AND_INSTANCE = 2_496;
/** Microsoft documents at least two instances of a firewall at any time. */
export const MINIMUM_INSTANCES = 2;
/** Microsoft documents prescaling (`autoscaleConfiguration`) from 2 to 50 instances. */
export const MAXIMUM_INSTANCES = 50;
/** Microsoft documents 250 public IP addresses, shared with the unique destinations of DNAT rules. */
export const MAXIMUM_ADDRESSES_AND_DNAT_DESTINATIONS = 250;
/** Microsoft documents 64,512 ports for each public IP address of a NAT gateway, and at most 16 of them. */
export const NAT_GATEWAY_PORTS_PER_ADDRESS = 64_512;
export const NAT_GATEWAY_MAXIMUM_ADDRESSES = 16;
/** Above 95 % Microsoft documents a degraded firewall: the gauge says no longer how much more is wanted. */
export const SATURATION_PERCENT = 95;
/** Microsoft's advice on exhaustion: add at least five addresses. */
export const ADDRESSES_ADDED_WHEN_SATURATED = 5;

/** SNAT ports towards one destination (address, port and protocol). */
export function snatPorts(addresses: number, instances: number): number {
  return SNAT_PORTS_PER_ADDRESS_AND_INSTANCE * addresses * instances;
}

/** Ports in use, from a utilisation in percent; a lower bound from `SATURATION_PERCENT` on. */
export function demandPorts(utilizationPercent: number, addresses: number, instances: number): number {
  return (utilizationPercent / 100) * snatPorts(addresses, instances);
}

/** Fewest instances with which the ports are at most that share in use. */
export function instancesFor(ports: number, addresses: number, targetPercent: number): number {
  return ceilTolerant((ports * 100) / (targetPercent * snatPorts(addresses, 1)));
}

/** Rounds up; what only the last bits of a fraction add does not count. */
export function ceilTolerant(value: number): number {
  return Math.ceil(value - 1e-9);
}
