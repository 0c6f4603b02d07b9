import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import { contains, parseAddress, parsePrefix } from '../address-space.ts';
import { valuesAt } from './references.ts';

export interface DnatDestination {
  readonly address: string;
  /** Tells destinations apart: address, port and protocol. */
  readonly key: string;
}

const texts = (value: Json, path: string): readonly string[] =>
  valuesAt(value, path).filter((text) => typeof text === 'string');

function destinationsOf(rule: Json, protocolsPath: string): readonly DnatDestination[] {
  return texts(rule, 'destinationAddresses[]').flatMap((address) =>
    texts(rule, 'destinationPorts[]').flatMap((port) =>
      texts(rule, protocolsPath).map((protocol) => ({
        address,
        key: `${address}|${port}|${protocol}`.toLowerCase(),
      })),
    ),
  );
}

/** Destinations of DNAT rules, in the firewall's own classic rules and in its policy's groups. Pure. */
export function dnatDestinations(
  firewall: JsonObject,
  ruleCollectionGroups: readonly JsonObject[],
): readonly DnatDestination[] {
  const classic = valuesAt(firewall, 'properties.natRuleCollections[].properties.rules[]');
  const ofPolicy = ruleCollectionGroups
    .flatMap((group) => valuesAt(group, 'properties.ruleCollections[].rules[]'))
    .filter((rule) => isJsonObject(rule) && String(rule.ruleType).toLowerCase() === 'natrule');
  return [
    ...classic.flatMap((rule) => destinationsOf(rule, 'protocols[]')),
    ...ofPolicy.flatMap((rule) => destinationsOf(rule, 'ipProtocols[]')),
  ];
}

/** Whether a destination may mean that address; what cannot be read, or an address that is not known, may mean any. */
export function mayMean({ address: destination }: DnatDestination, address: string | undefined): boolean {
  const own = address === undefined ? undefined : parseAddress(address);
  const prefix = parseAddress(destination) ?? parsePrefix(destination);
  return own === undefined || prefix === undefined || contains(prefix, own);
}
