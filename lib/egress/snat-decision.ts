import type { FirewallPublicIpValue } from '../baseline/firewall-public-ip-value.ts';
import type { BaselineSpec } from '../baseline/spec.ts';

/** Thresholds, caps and rests, as the spec says them. */
export type SnatSettings = Pick<BaselineSpec['egress'], 'scaleOut' | 'scaleIn'>;

/** One ipConfiguration of a firewall, other than its management one. */
export interface SnatAddress {
  /** Name of the public IP resource, as adjustments name it. */
  readonly name: string;
  /** `made`: Hubkeeper made the address. `existing`: the spec names it by its id. `foreign`: somebody else attached it. */
  readonly origin: 'made' | 'existing' | 'foreign';
  /** Exactly one configuration names the subnet; Azure does not let it go. */
  readonly carriesSubnet: boolean;
  /** The spec says that others rely on it, or declares it by its own count. */
  readonly pinned: boolean;
  /** A DNAT rule names it, in the firewall itself or in its policy's rule collection groups. */
  readonly dnatReferenced: boolean;
  /** When it was attached; null: not known, counted as the oldest. */
  readonly attachedAtMs: number | null;
}

/** A firewall as it is now. */
export interface SnatFirewall {
  /** ARM id. */
  readonly id: string;
  readonly provisioningState: string;
  /** In the order of ipConfigurations. */
  readonly addresses: readonly SnatAddress[];
  /** The metric Observed Capacity; null: not known. */
  readonly instances: number | null;
  /** `autoscaleConfiguration`; null: Azure's default. */
  readonly minimumInstances: number | null;
  readonly maximumInstances: number | null;
  /** The NAT gateway on AzureFirewallSubnet. */
  readonly natGatewayId: string | null;
  /** Unique destinations (address, port, protocol) of DNAT rules. */
  readonly dnatDestinations: number;
  /** Names of attached addresses that are IPv6. */
  readonly ipv6Addresses: readonly string[];
  /** Ours that are declared, by the spec or by an adjustment in force, and are not on the firewall. */
  readonly missing: readonly MissingAddress[];
}

export interface MissingAddress {
  readonly name: string;
  /** The spec itself declares it: whether it comes back unattended is for `drift.mode` to say. */
  readonly ofSpec: boolean;
}

/** What an operator could do that this reaction cannot. */
export interface Recommendation {
  readonly code:
    | 'PrescaleFirewall'
    | 'UseNatGateway'
    | 'GrowNatGateway'
    | 'RaiseMaximum'
    | 'AddPublicIpPrefix'
    | 'ShortenConnections'
    | 'RepairFirewall'
    | 'ReconcileBaseline';
  readonly message: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** Numbers that a decision rests on. Absent: not known, or of no part in it. */
export interface SnatFigures {
  /** SNAT addresses on the firewall, others' included. */
  readonly addresses: number;
  /** Those that Hubkeeper or the spec put there. */
  readonly ownAddresses: number;
  /** Declared, and not on the firewall. */
  readonly missingAddresses?: number;
  readonly instances: number;
  readonly availablePorts: number;
  readonly utilizationPercent?: number;
  readonly maximumPercent?: number;
  readonly protocol?: string;
  readonly demandPorts?: number;
  /** The gauge was saturated: real demand may be higher. */
  readonly demandIsLowerBound?: boolean;
  readonly targetPercent?: number;
  /** Before any cap. */
  readonly wantedAddresses?: number;
  readonly targetAddresses?: number;
  readonly maximumAddresses?: number;
  readonly minimumAddresses?: number;
  readonly mostAddressesPerStep?: number;
  readonly prefixRoomAddresses?: number;
  readonly dnatDestinations?: number;
  readonly metricAgeMinutes?: number;
  readonly completenessPercent?: number;
  readonly longestGapMinutes?: number;
  readonly lookBackHours?: number;
  readonly allowedPorts?: number;
  readonly peakPorts?: number;
  readonly allowedPeakPorts?: number;
}

export interface SnatChange {
  /** SNAT addresses on the firewall, before and after. */
  readonly fromAddresses: number;
  readonly toAddresses: number;
  /** Value of the adjustment `firewallPublicIpCount` that brings it about. */
  readonly value: FirewallPublicIpValue;
  /** Public IP resource that leaves the firewall. */
  readonly removedName?: string;
  /** Until when that one stays reserved. */
  readonly reservedUntilMs?: number;
}

/**
 * What to do about a firewall's SNAT ports, and on what figures.
 * `keep`: all is as it should be. `wait`: not now. `refuse`: this reaction cannot help; a person has to.
 */
export interface SnatDecision {
  readonly decision: 'scaleOut' | 'scaleIn' | 'keep' | 'wait' | 'refuse';
  /** Stable, in PascalCase. */
  readonly code: string;
  readonly firewallId: string;
  /** Plain sentences, the decisive one first. */
  readonly reasons: readonly string[];
  /** The same where something keeps the change from being made; absent: there is none, or they say no more than that. */
  readonly unmadeReasons?: readonly string[];
  readonly figures: SnatFigures;
  readonly recommendations: readonly Recommendation[];
  readonly change: SnatChange | null;
  /** When it is worth looking again; null: at the next alert or timer. */
  readonly retryAtMs: number | null;
}
