import { Address4, Address6 } from 'ip-address';

/** An IPv4 or IPv6 prefix as an interval of numbers. A single address is a prefix of 32 or 128 bits. */
export interface AddressBlock {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefixLength: number;
}

/** The same with its text, which costs more to make than all arithmetic. */
export interface AddressPrefix extends AddressBlock {
  /** Canonical, with the prefix length, as `10.0.0.0/24`. */
  readonly text: string;
}

/** Azure keeps the first four addresses and the last one of every subnet. */
export const azureReservedAddressesPerSubnet = 5;

const prefixText4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\/\d{1,2}$/;
const addressText4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const prefixText6 = /^[0-9a-f:.]{2,45}\/\d{1,3}$/i;
const addressText6 = /^[0-9a-f:.]{2,45}$/i;

function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function addressText(family: 4 | 6, value: bigint): string {
  return family === 4 ? Address4.fromBigInt(value).correctForm() : Address6.fromBigInt(value).correctForm();
}

/** The block of that length that holds `address`. */
export function blockAt(family: 4 | 6, address: bigint, prefixLength: number): AddressBlock {
  const hostBits = BigInt(bitsOf(family) - prefixLength);
  const first = (address >> hostBits) << hostBits;
  return { family, first, last: first + (1n << hostBits) - 1n, prefixLength };
}

/** The prefix of that length that holds `address`. */
export function prefixAt(family: 4 | 6, address: bigint, prefixLength: number): AddressPrefix {
  const block = blockAt(family, address, prefixLength);
  return { ...block, text: `${addressText(family, block.first)}/${prefixLength}` };
}

/** Reads `a.b.c.d/n` or its IPv6 form; host bits are cut off. Undefined when the text is no prefix. */
export function parsePrefix(text: string): AddressPrefix | undefined {
  if (prefixText4.test(text) && Address4.isValid(text)) {
    const address = new Address4(text);
    return prefixAt(4, address.bigInt(), address.subnetMask);
  }
  if (prefixText6.test(text) && Address6.isValid(text)) {
    const address = new Address6(text);
    return prefixAt(6, address.bigInt(), address.subnetMask);
  }
  return undefined;
}

/** Reads one address without a prefix length. Undefined when the text is none. */
export function parseAddress(text: string): AddressPrefix | undefined {
  if (addressText4.test(text) && Address4.isValid(text)) return prefixAt(4, new Address4(text).bigInt(), 32);
  if (addressText6.test(text) && Address6.isValid(text)) return prefixAt(6, new Address6(text).bigInt(), 128);
  return undefined;
}

/** True when the text is a prefix whose address part is not its network's first address: Azure refuses those. */
export function hasHostBits(text: string): boolean {
  const prefix = parsePrefix(text);
  const address = parseAddress(text.slice(0, text.indexOf('/')));
  return prefix !== undefined && address !== undefined && prefix.first !== address.first;
}

/** True when every address of `inner` is in `outer`. Never across families. */
export function contains(outer: AddressBlock, inner: AddressBlock): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** True when the two share an address. Never across families. */
export function overlaps(a: AddressBlock, b: AddressBlock): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Number of addresses in the prefix: a power of two, exact also where it is beyond 2^53. */
export function addressCount(prefix: AddressBlock): number {
  return 2 ** (bitsOf(prefix.family) - prefix.prefixLength);
}

/** Number of addresses that a subnet of this prefix gives to resources: all but Azure's five, never below zero. */
export function usableAddressCount(prefix: AddressBlock): number {
  return Math.max(0, addressCount(prefix) - azureReservedAddressesPerSubnet);
}

/** The address at that offset from the first, as text. Undefined when the prefix is shorter than that. */
export function addressAt(prefix: AddressBlock, offset: number): string | undefined {
  const value = prefix.first + BigInt(offset);
  return value <= prefix.last ? addressText(prefix.family, value) : undefined;
}

/** The first address that Azure gives to a resource in a subnet: the fifth of the prefix, where a firewall lands. */
export function firstUsableAddress(prefix: AddressBlock): string | undefined {
  return usableAddressCount(prefix) > 0 ? addressAt(prefix, 4) : undefined;
}

/** True when Azure keeps this address of the subnet for itself: one of the first four, or the last. */
export function isReservedByAzure(subnet: AddressBlock, address: AddressBlock): boolean {
  if (!contains(subnet, address)) return false;
  return address.first < subnet.first + 4n || address.first === subnet.last;
}

/** Both halves of a block. Undefined for a single address. */
export function halves(block: AddressBlock): readonly [AddressBlock, AddressBlock] | undefined {
  if (block.prefixLength >= bitsOf(block.family)) return undefined;
  const longer = block.prefixLength + 1;
  return [blockAt(block.family, block.first, longer), blockAt(block.family, block.last, longer)];
}

/** The longest IPv4 prefix length that holds so many addresses. Undefined beyond 2^32. */
export function prefixLengthFor(addresses: number): number | undefined {
  if (!Number.isFinite(addresses) || addresses > 2 ** 32) return undefined;
  return 32 - Math.ceil(Math.log2(Math.max(1, addresses)));
}
