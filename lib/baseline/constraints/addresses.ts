import { type AddressPrefix, contains, hasHostBits, overlaps, parseAddress, parsePrefix } from '../address-space.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import type { ConstraintContext, PlannedNetwork } from './context.ts';

function known(text: string): AddressPrefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new TypeError(`not a prefix: ${text}`);
  return prefix;
}

/** Ranges that AKS refuses for networks, pods and services, and those that Azure refuses for any network. */
const forbiddenRanges = [
  '169.254.0.0/16',
  '172.30.0.0/16',
  '172.31.0.0/16',
  '192.0.2.0/24',
  '127.0.0.0/8',
  '224.0.0.0/4',
  '168.63.129.16/32',
  '255.255.255.255/32',
].map(known);

/** RFC 1918 and RFC 6598: what a firewall does not translate by default, and all that pods may use. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(known);

/** True when the whole prefix is in RFC 1918 or RFC 6598, or in IPv6's unique local addresses. */
export function isPrivateRange(prefix: AddressPrefix): boolean {
  if (prefix.family === 6) return contains(known('fc00::/7'), prefix);
  return privateRanges.some((range) => contains(range, prefix));
}

/** Form of one prefix: readable, without host bits, outside what Azure and AKS refuse, of the family asked for. */
export function* prefixFaults(text: string, path: string, family?: 4 | 6): Iterable<Violation> {
  const prefix = parsePrefix(text);
  if (prefix === undefined) {
    yield violation('AddressPrefixInvalid', path, `'${text.slice(0, 64)}' is not an address prefix.`);
    return;
  }
  if (family !== undefined && prefix.family !== family) {
    yield violation('AddressFamilyWrong', path, `${text} is not an IPv${family} prefix.`, { family });
    return;
  }
  if (hasHostBits(text)) {
    yield violation('AddressPrefixHostBits', path, `${text} is not the start of its network.`, { prefix: prefix.text });
  }
  const refused = forbiddenRanges.find((range) => overlaps(range, prefix));
  if (refused !== undefined) {
    yield violation('AddressRangeForbidden', path, `${text} touches ${refused.text}, which Azure keeps.`, {
      range: refused.text,
    });
  }
}

/** Form of one address. */
export function* addressFaults(text: string, path: string, family: 4 | 6 = 4): Iterable<Violation> {
  const address = parseAddress(text);
  if (address === undefined || address.family !== family) {
    yield violation('AddressInvalid', path, `'${text.slice(0, 64)}' is not an IPv${family} address.`, { family });
  }
}

/** IPv4 before IPv6, then by first address, the larger one first. */
export function inAddressOrder(a: AddressPrefix, b: AddressPrefix): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.prefixLength - b.prefixLength;
}

function* spaceFaults(network: PlannedNetwork): Iterable<Violation> {
  const path = `${network.path}.network.addressPrefixes`;
  for (const [index, text] of network.network.addressPrefixes.entries()) {
    yield* prefixFaults(text, `${path}[${index}]`);
  }
  if (network.space.length > 0 && network.space.every(({ prefix }) => prefix.family === 6)) {
    yield violation('NetworkWithoutIpv4', path, `The network of ${network.label} has no IPv4 prefix.`);
  }
  const sorted = [...network.space].sort((a, b) => inAddressOrder(a.prefix, b.prefix));
  let reaching: (typeof sorted)[number] | undefined;
  for (const entry of sorted) {
    if (reaching !== undefined && overlaps(reaching.prefix, entry.prefix)) {
      const [earlier, later] = reaching.index < entry.index ? [reaching, entry] : [entry, reaching];
      const message = `${later.prefix.text} overlaps ${earlier.prefix.text} of the same network.`;
      yield violation('AddressSpaceOverlap', `${path}[${later.index}]`, message);
    }
    if (
      reaching === undefined ||
      reaching.prefix.family !== entry.prefix.family ||
      entry.prefix.last > reaching.prefix.last
    ) {
      reaching = entry;
    }
  }
}

/**
 * Prefixes of different networks that share addresses. In address order, an earlier prefix overlaps a later one only if
 * it reaches beyond its start, so the two that reach farthest, of two different networks, are all that has to be kept.
 */
function* overlapsBetween(networks: readonly PlannedNetwork[]): Iterable<Violation> {
  const all = networks
    .flatMap((network, order) => network.space.map(({ index, prefix }) => ({ network, order, index, prefix })))
    .sort((a, b) => inAddressOrder(a.prefix, b.prefix));
  type Entry = (typeof all)[number];
  let first: Entry | undefined;
  let second: Entry | undefined;
  for (const entry of all) {
    const other = [first, second].find(
      (kept) => kept !== undefined && kept.order !== entry.order && overlaps(kept.prefix, entry.prefix),
    );
    if (other !== undefined) {
      const [earlier, later] = other.order < entry.order ? [other, entry] : [entry, other];
      const message = `${later.prefix.text} of ${later.network.label} overlaps ${earlier.prefix.text} of ${earlier.network.label}.`;
      yield violation('NetworksOverlap', `${later.network.path}.network.addressPrefixes[${later.index}]`, message);
    }
    if (first === undefined || first.prefix.family !== entry.prefix.family) {
      [first, second] = [entry, undefined];
    } else if (entry.prefix.last > first.prefix.last) {
      if (entry.order !== first.order) second = first;
      first = entry;
    } else if (entry.order !== first.order && (second === undefined || entry.prefix.last > second.prefix.last)) {
      second = entry;
    }
  }
}

function* publicRanges(context: ConstraintContext): Iterable<Violation> {
  const { firewall } = context.spec.hub;
  if (firewall === undefined) return;
  const declared = (firewall.privateRanges ?? []).flatMap((text) => parsePrefix(text) ?? parseAddress(text) ?? []);
  for (const network of context.networks) {
    for (const { index, prefix } of network.space) {
      if (prefix.family === 6 || isPrivateRange(prefix)) continue;
      if (forbiddenRanges.some((range) => overlaps(range, prefix))) continue;
      if (declared.some((range) => contains(range, prefix))) continue;
      const message = `${prefix.text} is a public range used privately; the firewall would translate traffic to it.`;
      yield violation('PublicRangeTranslated', `${network.path}.network.addressPrefixes[${index}]`, message, {
        prefix: prefix.text,
      });
    }
  }
}

/** Address spaces: their form, what overlaps, and what the firewall would take for the internet. */
export function* addressConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const network of context.networks) {
    yield* spaceFaults(network);
    for (const [index, text] of (network.network.dnsServers ?? []).entries()) {
      yield* addressFaults(text, `${network.path}.network.dnsServers[${index}]`);
    }
  }
  yield* overlapsBetween(context.networks);
  yield* publicRanges(context);
}
