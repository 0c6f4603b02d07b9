import { Address4, Address6 } from 'ip-address';

/** An address range in CIDR notation. */
export interface Prefix {
  readonly text: string;
  readonly family: 4 | 6;
  /** The address as written, with whatever host bits it has. */
  readonly address: bigint;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
}

/** `null` unless the text is an address, a slash and a length. */
export function parsePrefix(text: string): Prefix | null {
  if (!/^[0-9a-fA-F.:]+\/\d{1,3}$/.test(text)) return null;
  if (Address4.isValid(text)) {
    const parsed = new Address4(text);
    return range(text, 4, parsed.bigInt(), parsed.subnetMask);
  }
  if (Address6.isValid(text)) {
    const parsed = new Address6(text);
    return range(text, 6, parsed.bigInt(), parsed.subnetMask);
  }
  return null;
}

/** A bare IPv4 or IPv6 address, as a range of one. */
export function parseAddress(text: string): Prefix | null {
  if (text.includes('/')) return null;
  return parsePrefix(`${text}/${text.includes(':') ? 128 : 32}`);
}

export function hasHostBits(prefix: Prefix): boolean {
  return prefix.address !== prefix.first;
}

/** The prefix of that length that holds the address as written. */
export function canonicalText(prefix: Prefix): string {
  return `${addressText(prefix.first, prefix.family)}/${prefix.length}`;
}

export function addressText(address: bigint, family: 4 | 6): string {
  return family === 4 ? Address4.fromBigInt(address).correctForm() : Address6.fromBigInt(address).correctForm();
}

export function overlap(a: Prefix, b: Prefix): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function contains(outer: Prefix, inner: Prefix): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Those that can be read; validation has refused the others. */
export function prefixesOf(texts: readonly string[]): readonly Prefix[] {
  return texts.map(parsePrefix).filter((prefix) => prefix !== null);
}

/** Pairs that overlap, one of each list. */
export function overlapsBetween(a: readonly Prefix[], b: readonly Prefix[]): readonly (readonly [Prefix, Prefix])[] {
  return a.flatMap((one) => b.filter((other) => overlap(one, other)).map((other) => [one, other] as const));
}

/** Azure keeps the first four addresses of a subnet and the last. */
export function isReservedAddress(subnet: Prefix, address: bigint): boolean {
  return address < subnet.first + 4n || address === subnet.last;
}

/** First address of the subnet that is neither Azure's nor taken; `null` when the subnet is full. */
export function firstFreeAddress(subnet: Prefix, taken: ReadonlySet<bigint>): bigint | null {
  for (let address = subnet.first + 4n; address < subnet.last; address += 1n) {
    if (!taken.has(address)) return address;
  }
  return null;
}

function range(text: string, family: 4 | 6, address: bigint, length: number): Prefix {
  const size = 1n << BigInt((family === 4 ? 32 : 128) - length);
  const first = address - (address % size);
  return { text, family, address, first, last: first + size - 1n, length };
}
