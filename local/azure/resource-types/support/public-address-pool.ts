import type { StoredResource, World } from '../../resource-type.ts';
import { addressAsText } from './address-allocation.ts';
import { textAt } from './fields.ts';
import { guidOf } from './ids.ts';
import { parseAddress, parsePrefix } from './prefixes.ts';

export const PUBLIC_ADDRESSES = 'Microsoft.Network/publicIPAddresses';
export const PUBLIC_PREFIXES = 'Microsoft.Network/publicIPPrefixes';

/** The lower half of a region's /16 is for single addresses, the upper half for prefixes. */
const HALF = 1n << 15n;

/** First address of the range that the simulation hands out for a region: one /16 of 20.64.0.0/10. */
function poolOf(location: string): bigint {
  const block = BigInt(Number.parseInt(guidOf(location).slice(0, 2), 16) % 64);
  return (20n << 24n) + ((64n + block) << 16n);
}

/** First free single address of the region; `null` when the pool is empty. */
export function allocatePublicAddress(location: string, world: World): string | null {
  const start = poolOf(location);
  const taken = takenAddresses(world);
  for (let address = start + 4n; address < start + HALF; address += 1n) {
    if (!taken.has(address)) return addressAsText(address);
  }
  return null;
}

/** First free range of that length, as CIDR; `null` when the pool is empty. */
export function allocatePublicPrefix(location: string, length: number, world: World): string | null {
  const start = poolOf(location) + HALF;
  const size = 1n << BigInt(32 - length);
  const taken = world
    .list(PUBLIC_PREFIXES)
    .map(({ body }) => parsePrefix(textAt(body, 'properties', 'ipPrefix') ?? ''))
    .filter((prefix) => prefix !== null);
  for (let first = start; first + size <= start + HALF; first += size) {
    const free = taken.every((other) => first + size - 1n < other.first || other.last < first);
    if (free) return `${addressAsText(first)}/${length}`;
  }
  return null;
}

/** First free address of a prefix: all of its addresses can be used; `null` when it is exhausted. */
export function allocateFromPrefix(prefix: StoredResource, world: World): string | null {
  const range = parsePrefix(textAt(prefix.body, 'properties', 'ipPrefix') ?? '');
  if (range === null) return null;
  const taken = takenAddresses(world);
  for (let address = range.first; address <= range.last; address += 1n) {
    if (!taken.has(address)) return addressAsText(address);
  }
  return null;
}

function takenAddresses(world: World): ReadonlySet<bigint> {
  const texts = world.list(PUBLIC_ADDRESSES).map(({ body }) => textAt(body, 'properties', 'ipAddress'));
  const addresses = texts.map((text) => (text === undefined ? null : parseAddress(text)));
  return new Set(addresses.filter((address) => address !== null).map(({ first }) => first));
}
