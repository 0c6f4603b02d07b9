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

function* spaceFaults(network: PlannedNetwork): Iterable<Violation> {
  const path = `${network.path}.network.addressPrefixes`;
  for (const [index, text] of network.network.addressPrefixes.entries()) {
    yield* prefixFaults(text, `${path}[${index}]`);
  }
  if (network.space.length > 0 && network.space.every(({ prefix }) => prefix.family === 6)) {
    yield violation('NetworkWithoutIpv4', path, `The network of ${network.name} has no IPv4 prefix.`);
  }
  for (const [at, { index, prefix }] of network.space.entries()) {
    const other = network.space.slice(0, at).find((earlier) => overlaps(earlier.prefix, prefix));
    if (other === undefined) continue;
    const message = `${prefix.text} overlaps ${other.prefix.text} of the same network.`;
    yield violation('AddressSpaceOverlap', `${path}[${index}]`, message);
  }
}

function* overlapsBetween(networks: readonly PlannedNetwork[]): Iterable<Violation> {
  // Sorted by first address, a prefix can only overlap those before it that reach beyond its start: no pair is tried in vain.
  const all = networks
    .flatMap((network) => network.space.map(({ index, prefix }) => ({ network, index, prefix })))
    .sort(
      (a, b) =>
        a.prefix.family - b.prefix.family ||
        (a.prefix.first < b.prefix.first
          ? -1
          : a.prefix.first > b.prefix.first
            ? 1
            : a.prefix.prefixLength - b.prefix.prefixLength),
    );
  const order = new Map(networks.map((network, index) => [network, index]));
  let open: (typeof all)[number][] = [];
  for (const entry of all) {
    open = open.filter((other) => overlaps(other.prefix, entry.prefix));
    const other = open.find((candidate) => candidate.network !== entry.network);
    open.push(entry);
    if (other === undefined) continue;
    const [earlier, later] =
      (order.get(other.network) ?? 0) < (order.get(entry.network) ?? 0) ? [other, entry] : [entry, other];
    const message = `${later.prefix.text} of ${later.network.name} overlaps ${earlier.prefix.text} of ${earlier.network.name}; both are peered with the hub.`;
    yield violation('NetworksOverlap', `${later.network.path}.network.addressPrefixes[${later.index}]`, message);
  }
}

function* publicRanges(context: ConstraintContext): Iterable<Violation> {
  const { firewall } = context.spec.hub;
  if (firewall === undefined) return;
  const declared = (firewall.privateRanges ?? []).flatMap((text) => parsePrefix(text) ?? parseAddress(text) ?? []);
  for (const network of context.networks) {
    for (const { index, prefix } of network.space) {
      if (prefix.family === 6 || isPrivateRange(prefix)) continue;
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
