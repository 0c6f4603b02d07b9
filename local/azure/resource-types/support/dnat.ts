import type { JsonObject } from '../../json.ts';
import type { StoredResource, World } from '../../resource-type.ts';
import { objectsAt, textAt, textsAt } from './fields.ts';
import { distinctIds, GROUPS } from './firewall-family.ts';

/** Microsoft documents 250 for public IP addresses and unique DNAT destinations of a firewall together. */
export const MOST_ADDRESSES_AND_DNAT_DESTINATIONS = 250;

/** What a DNAT rule is for. Two of one address, port and protocol are one destination. */
interface DnatDestination {
  readonly address: string;
  readonly port: string;
  readonly protocol: string;
}

function destinationsOfRules(rules: readonly JsonObject[], protocols: string): readonly DnatDestination[] {
  return rules.flatMap((rule) =>
    textsAt(rule, 'destinationAddresses').flatMap((address) =>
      textsAt(rule, 'destinationPorts').flatMap((port) =>
        textsAt(rule, protocols).map((protocol) => ({ address, port, protocol: protocol.toLowerCase() })),
      ),
    ),
  );
}

/** Those of a rule collection group. */
export function dnatDestinationsOfGroup(group: JsonObject): readonly DnatDestination[] {
  const rules = objectsAt(group, 'properties', 'ruleCollections').flatMap((collection) =>
    objectsAt(collection, 'rules'),
  );
  const nat = rules.filter((rule) => textAt(rule, 'ruleType')?.toLowerCase() === 'natrule');
  return destinationsOfRules(nat, 'ipProtocols');
}

/** Those of a firewall: of its own rules, and of its policy's groups. DNAT rules of a base policy are not inherited. */
export function dnatDestinationsOf(
  firewall: JsonObject,
  world: World,
  isCounted: (group: StoredResource) => boolean = () => true,
): readonly DnatDestination[] {
  const policy = textAt(firewall, 'properties', 'firewallPolicy', 'id');
  const groups = policy === undefined ? [] : world.children(policy, GROUPS).filter(isCounted);
  const classic = objectsAt(firewall, 'properties', 'natRuleCollections').flatMap((collection) =>
    objectsAt(collection, 'properties', 'rules'),
  );
  return [...destinationsOfRules(classic, 'protocols'), ...groups.flatMap(({ body }) => dnatDestinationsOfGroup(body))];
}

/** How many of the firewall's 250 are used: addresses other than the management one, and unique destinations. */
export function addressesAndDestinations(firewall: JsonObject, destinations: readonly DnatDestination[]): number {
  const keys = new Set(destinations.map(({ address, port, protocol }) => `${address}|${port}|${protocol}`));
  return objectsAt(firewall, 'properties', 'ipConfigurations').length + keys.size;
}

/** Ids of public addresses that a firewall's configurations have, the management one aside. */
export function snatAddressIds(firewall: JsonObject): readonly string[] {
  return distinctIds(
    objectsAt(firewall, 'properties', 'ipConfigurations').flatMap(
      (item) => textAt(item, 'properties', 'publicIPAddress', 'id') ?? [],
    ),
  );
}
