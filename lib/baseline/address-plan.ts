import { type AddressBlock, blockAt, contains, halves, overlaps, parsePrefix, prefixAt } from './address-space.ts';

/** A subnet that wants a place in its virtual network. */
export interface SubnetRequest {
  readonly name: string;
  /** Place in the document to which a complaint refers. */
  readonly path: string;
  /** Given by the author: fixed, and never moved. */
  readonly addressPrefix?: string;
  /** Wanted size where no prefix is given. */
  readonly prefixLength?: number;
  /**
   * Nobody asked for it yet: its place is kept free as long as nothing else needs it, so that asking for it later
   * moves no other subnet (a Bastion, a second gateway). It gets no entry in the plan.
   */
  readonly placeholder?: boolean;
}

/** A virtual network whose subnets are to be placed. */
export interface NetworkRequest {
  readonly name: string;
  /** Place in the document, as `hub` or `spokes[1]`. */
  readonly path: string;
  /** IPv4 prefixes; IPv6 ones are left alone. */
  readonly addressSpace: readonly string[];
  readonly subnets: readonly SubnetRequest[];
}

/** A subnet for which no room was found. */
export interface UnplacedSubnet {
  readonly name: string;
  readonly path: string;
  readonly prefixLength: number;
  /** Addresses that are still free in the network, in pieces too small. */
  readonly freeAddresses: number;
}

/** Where every subnet of a virtual network lies. */
export interface AddressPlan {
  /** Prefix of each subnet by its name, given and planned ones. */
  readonly prefixes: ReadonlyMap<string, string>;
  readonly unplaced: readonly UnplacedSubnet[];
}

/** What stays of `block` without those that are taken, as the fewest blocks, in address order. */
function remaining(block: AddressBlock, taken: readonly AddressBlock[]): readonly AddressBlock[] {
  const inside = taken.filter((other) => overlaps(block, other));
  if (inside.length === 0) return [block];
  if (inside.some((other) => contains(other, block))) return [];
  const parts = halves(block);
  return parts === undefined ? [] : [...remaining(parts[0], inside), ...remaining(parts[1], inside)];
}

/** The smallest block that is big enough, the lowest among equals; from the first prefix of the space that has one. */
function bestFit(
  free: readonly AddressBlock[],
  prefixLength: number,
  spaces: readonly AddressBlock[],
): AddressBlock | undefined {
  for (const space of spaces) {
    let best: AddressBlock | undefined;
    for (const block of free) {
      if (block.prefixLength > prefixLength || !contains(space, block)) continue;
      const better = best === undefined || block.prefixLength > best.prefixLength;
      if (better || (block.prefixLength === best?.prefixLength && block.first < best.first)) best = block;
    }
    if (best !== undefined) return best;
  }
  return undefined;
}

/**
 * Gives every subnet without a prefix of its own a place in the network's IPv4 address space.
 *
 * The rule: prefixes that the author gave are taken out first. Then the subnets are placed one after the other in the
 * order of the request, each in the first prefix of the address space that has room for it, and there into the smallest
 * free block that is big enough, the lowest among equals. Three things follow. A subnet that is appended never moves
 * one before it, because nothing that comes later is looked at; nor does a prefix that is appended to the space. And
 * inside one prefix nothing is lost against packing the largest first: blocks are powers of two, so taking the smallest
 * sufficient one keeps every larger one whole. A subnet taken out of the middle, one whose size changes, or a
 * prefix given where a planned subnet lies may move those after it; whoever wants to rule that out writes the prefixes
 * into the document.
 *
 * Placeholders give up their place, the last one first, to a subnet that fits nowhere else.
 */
export function planAddresses(network: NetworkRequest): AddressPlan {
  const prefixes = new Map<string, string>();
  const unplaced: UnplacedSubnet[] = [];
  const spaces = disjoint(network.addressSpace);
  const given: AddressBlock[] = [];
  for (const { name, addressPrefix } of network.subnets) {
    if (addressPrefix === undefined) continue;
    prefixes.set(name, addressPrefix);
    const prefix = parsePrefix(addressPrefix);
    if (prefix !== undefined) given.push(prefix);
  }
  let free = spaces.flatMap((space) => remaining(space, given));

  const held: AddressBlock[] = [];
  for (const subnet of network.subnets) {
    const { prefixLength } = subnet;
    if (subnet.addressPrefix !== undefined || prefixLength === undefined) continue;
    let block = bestFit(free, prefixLength, spaces);
    while (block === undefined && !subnet.placeholder && held.length > 0) {
      const released = held.pop();
      if (released !== undefined) free = join(free, released, spaces);
      block = bestFit(free, prefixLength, spaces);
    }
    if (block === undefined) {
      if (!subnet.placeholder) {
        const freeAddresses = free.reduce((sum, piece) => sum + 2 ** (32 - piece.prefixLength), 0);
        unplaced.push({ name: subnet.name, path: subnet.path, prefixLength, freeAddresses });
      }
      continue;
    }
    const place = prefixAt(4, block.first, prefixLength);
    free = free.flatMap((piece) => (piece === block ? remaining(piece, [place]) : [piece]));
    if (subnet.placeholder) held.push(place);
    else prefixes.set(subnet.name, place.text);
  }
  return { prefixes, unplaced };
}

/** The IPv4 prefixes of the space; one that overlaps an earlier one is left out, or its addresses would be given twice. */
function disjoint(addressSpace: readonly string[]): readonly AddressBlock[] {
  const spaces: AddressBlock[] = [];
  for (const text of addressSpace) {
    const prefix = parsePrefix(text);
    if (prefix?.family === 4 && !spaces.some((other) => overlaps(other, prefix))) spaces.push(prefix);
  }
  return spaces;
}

/**
 * Puts a block back and joins it with its free other half, again and again, so that larger subnets fit once more.
 * Never beyond one prefix of the space: Azure wants a subnet inside one of them.
 */
function join(free: readonly AddressBlock[], released: AddressBlock, spaces: readonly AddressBlock[]): AddressBlock[] {
  if (released.prefixLength === 0) return [...free, released];
  const whole = blockAt(4, released.first, released.prefixLength - 1);
  const other = free.find(
    (block) => block.prefixLength === released.prefixLength && block.first !== released.first && contains(whole, block),
  );
  if (other === undefined || !spaces.some((space) => contains(space, whole))) return [...free, released];
  return join(
    free.filter((block) => block !== other),
    whole,
    spaces,
  );
}
