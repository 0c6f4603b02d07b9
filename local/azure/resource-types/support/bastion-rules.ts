import type { ArmError } from '../../arm-error.ts';
import type { JsonObject } from '../../json.ts';
import type { ChildDraft } from './children.ts';
import { numberAt, textAt } from './fields.ts';
import { refuse } from './network-errors.ts';
import { addressesOf, portRange, portsOf } from './security-rules.ts';

interface Need {
  readonly direction: 'inbound' | 'outbound';
  readonly port: number;
  /** `clients`: Internet, or whatever narrower ranges the operator lets in. */
  readonly source: string;
  readonly destination: string;
}

/** What Azure Bastion's subnet must let through; the default rules of a group do not count. */
const NEEDS: readonly Need[] = [
  { direction: 'inbound', port: 443, source: 'clients', destination: '*' },
  { direction: 'inbound', port: 443, source: 'gatewaymanager', destination: '*' },
  { direction: 'inbound', port: 443, source: 'azureloadbalancer', destination: '*' },
  { direction: 'inbound', port: 8080, source: 'virtualnetwork', destination: 'virtualnetwork' },
  { direction: 'inbound', port: 5701, source: 'virtualnetwork', destination: 'virtualnetwork' },
  { direction: 'outbound', port: 22, source: '*', destination: 'virtualnetwork' },
  { direction: 'outbound', port: 3389, source: '*', destination: 'virtualnetwork' },
  { direction: 'outbound', port: 443, source: '*', destination: 'azurecloud' },
  { direction: 'outbound', port: 8080, source: 'virtualnetwork', destination: 'virtualnetwork' },
  { direction: 'outbound', port: 5701, source: 'virtualnetwork', destination: 'virtualnetwork' },
  { direction: 'outbound', port: 80, source: '*', destination: 'internet' },
];

/** Refuses a group for AzureBastionSubnet that lacks a rule it needs, or denies it with a smaller priority. */
export function validateBastionRules(groupName: string, rules: readonly ChildDraft[]): ArmError | null {
  const ordered = rules
    .map(({ properties }) => properties)
    .toSorted((a, b) => (numberAt(a, 'priority') ?? 0) - (numberAt(b, 'priority') ?? 0));
  if (NEEDS.every((need) => isMet(need, ordered))) return null;
  return refuse(
    'NetworkSecurityGroupNotCompliantForAzureBastionSubnet',
    `Network security group ${groupName} does not have necessary rules for Azure Bastion Subnet AzureBastionSubnet.`,
  );
}

function isMet(need: Need, ordered: readonly JsonObject[]): boolean {
  const decisive = ordered.find((rule) => covers(rule, need));
  return decisive !== undefined && textAt(decisive, 'access')?.toLowerCase() === 'allow';
}

function covers(rule: JsonObject, need: Need): boolean {
  const protocol = textAt(rule, 'protocol')?.toLowerCase();
  return (
    textAt(rule, 'direction')?.toLowerCase() === need.direction &&
    (protocol === 'tcp' || protocol === '*') &&
    portsOf(rule, 'destination').some((port) => holds(port, need.port)) &&
    portsOf(rule, 'source').includes('*') &&
    matches(addressesOf(rule, 'source'), need.source) &&
    matches(addressesOf(rule, 'destination'), need.destination)
  );
}

function holds(text: string, port: number): boolean {
  const range = portRange(text);
  return range !== null && range[0] <= port && port <= range[1];
}

const INTERNAL_TAGS: readonly string[] = ['gatewaymanager', 'azureloadbalancer', 'virtualnetwork'];

function matches(addresses: readonly string[], wanted: string): boolean {
  const given = addresses.map((address) => address.toLowerCase());
  if (wanted === 'clients') return given.some((address) => !INTERNAL_TAGS.includes(address));
  // A need without a tag is met by any narrower side as well: the rule's own subnet, for example.
  return wanted === '*' ? given.length > 0 : given.includes('*') || given.includes(wanted);
}
