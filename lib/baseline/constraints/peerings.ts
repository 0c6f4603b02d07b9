import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';
import { type ConstraintContext, hasDnsProxy } from './context.ts';

/** Microsoft documents 500 peerings for each virtual network. */
const maxPeeringsPerNetwork = 500;

/** Spokes, the peerings among them, and the zones that they resolve. */
export function* peeringConstraints(context: ConstraintContext): Iterable<Violation> {
  const { hub, spokes, spokeToSpokePeerings } = context.spec;
  // Names of spokes are told apart by case where they are referred to; two that differ in case alone are refused below.
  const names = new Set(spokes.map(({ name }) => name));
  for (const { index, text } of repeatsOf(spokes.map(({ name }) => name))) {
    yield violation('SpokeNameDuplicate', `spokes[${index}].name`, `A spoke named ${text} is there already.`);
  }
  for (const [index, pair] of spokeToSpokePeerings.entries()) {
    for (const [side, name] of pair.entries()) {
      if (names.has(name)) continue;
      yield violation(
        'SpokeUnknown',
        `spokeToSpokePeerings[${index}][${side}]`,
        `There is no spoke ${name.slice(0, 80)}.`,
      );
    }
    if (pair[0].toLowerCase() === pair[1].toLowerCase()) {
      yield violation(
        'PeeringWithItself',
        `spokeToSpokePeerings[${index}]`,
        `${pair[0]} cannot be peered with itself.`,
      );
    }
  }
  const pairs = spokeToSpokePeerings.map((pair) =>
    pair
      .map((name) => name.toLowerCase())
      .sort()
      .join(' and '),
  );
  for (const { index, text } of repeatsOf(pairs)) {
    yield violation('PeeringDuplicate', `spokeToSpokePeerings[${index}]`, `The peering of ${text} is there already.`);
  }
  const counts = new Map<string, number>();
  for (const name of spokeToSpokePeerings.flat())
    counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  const most = Math.max(spokes.length, ...[...counts.values()].map((count) => count + 1));
  if (most > maxPeeringsPerNetwork) {
    const message = `One network would have ${most} peerings; ${maxPeeringsPerNetwork} are possible.`;
    yield violation(
      'PeeringsTooMany',
      spokes.length > maxPeeringsPerNetwork ? 'spokes' : 'spokeToSpokePeerings',
      message,
    );
  }
  for (const [index, zone] of hub.privateDnsZones.entries()) {
    const asksHub = hasDnsProxy(context.spec) && spokes.some(({ network }) => network.dnsServers === undefined);
    if (zone.linkHub === false && asksHub) {
      const message =
        'Spokes ask the DNS proxy of the firewall, which resolves from the hub, where the zone is not linked.';
      yield violation('PrivateDnsZoneUnresolved', `hub.privateDnsZones[${index}].linkHub`, message);
    }
    if (!Array.isArray(zone.linkSpokes)) continue;
    for (const [at, name] of zone.linkSpokes.entries()) {
      if (names.has(name)) continue;
      yield violation(
        'SpokeUnknown',
        `hub.privateDnsZones[${index}].linkSpokes[${at}]`,
        `There is no spoke ${name.slice(0, 80)}.`,
      );
    }
  }
  const zones = hub.privateDnsZones.map((zone) => zone.name ?? zone.id?.split('/').at(-1) ?? '');
  for (const { index, text } of repeatsOf(zones)) {
    yield violation('PrivateDnsZoneDuplicate', `hub.privateDnsZones[${index}]`, `The zone ${text} is there already.`);
  }
}
