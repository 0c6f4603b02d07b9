import { isJsonObject, type Json } from '../../json.ts';
import type { StoredResource, World } from '../../resource-type.ts';
import { textAt, textsAt } from './fields.ts';
import { sameId } from './ids.ts';
import { firstFreeAddress, type Prefix, parseAddress, parsePrefix, prefixesOf } from './prefixes.ts';

/** Prefixes of a subnet, in the one property or in the other. */
export function subnetPrefixes(body: Json): readonly Prefix[] {
  const several = textsAt(body, 'properties', 'addressPrefixes');
  const one = textAt(body, 'properties', 'addressPrefix');
  return prefixesOf(several.length > 0 ? several : one === undefined ? [] : [one]);
}

/** Private addresses that resources hold in a subnet: of every object with that `subnet.id` and a `privateIPAddress`. */
export function addressesIn(subnetId: string, world: World, except?: string): ReadonlyMap<bigint, StoredResource> {
  const held = new Map<bigint, StoredResource>();
  for (const { resource } of world.referencedBy(subnetId)) {
    if (sameId(resource.id.id, except)) continue;
    for (const address of heldIn(resource.body, subnetId)) held.set(address, resource);
  }
  return held;
}

/** First free IPv4 address of the subnet as text; `null` when it is full. */
export function allocateAddress(subnet: StoredResource, world: World, taken: readonly bigint[] = []): string | null {
  const prefix = subnetPrefixes(subnet.body).find(({ family }) => family === 4);
  if (prefix === undefined) return null;
  const held = new Set([...addressesIn(subnet.id.id, world).keys(), ...taken]);
  const free = firstFreeAddress(prefix, held);
  return free === null ? null : addressAsText(free);
}

/** Dotted form of an IPv4 address. */
export function addressAsText(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.');
}

/** The prefix that a text stands for, a bare address included. */
export function rangeOf(text: string): Prefix | null {
  return parsePrefix(text) ?? parseAddress(text);
}

function heldIn(value: Json | undefined, subnetId: string): readonly bigint[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => heldIn(item, subnetId));
  if (!isJsonObject(value)) return [];
  const inner = Object.values(value).flatMap((item) => heldIn(item, subnetId));
  const address = textAt(value, 'privateIPAddress');
  if (address === undefined || !sameId(textAt(value, 'subnet', 'id'), subnetId)) return inner;
  const parsed = parseAddress(address);
  return parsed === null ? inner : [parsed.first, ...inner];
}
