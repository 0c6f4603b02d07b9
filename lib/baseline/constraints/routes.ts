import { hasHostBits, parsePrefix } from '../address-space.ts';
import type { RouteSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { isServiceTag, repeatsOf } from './address-text.ts';
import { addressFaults } from './addresses.ts';
import { type ConstraintContext, hasEgressHop } from './context.ts';

function* routeFaults(context: ConstraintContext, route: RouteSpec, path: string): Iterable<Violation> {
  const prefix = parsePrefix(route.addressPrefix);
  if (prefix === undefined && !isServiceTag(route.addressPrefix)) {
    const message = `'${route.addressPrefix.slice(0, 64)}' is neither a prefix nor a service tag.`;
    yield violation('RoutePrefixInvalid', `${path}.addressPrefix`, message);
  } else if (prefix !== undefined && hasHostBits(route.addressPrefix)) {
    const message = `${route.addressPrefix} is not the start of its network.`;
    yield violation('AddressPrefixHostBits', `${path}.addressPrefix`, message, { prefix: prefix.text });
  }
  if (route.nextHopIpAddress !== undefined) {
    if (route.nextHopType !== 'VirtualAppliance') {
      const message = `A route to ${route.nextHopType} takes no address of a next hop.`;
      yield violation('RouteNextHopUnexpected', `${path}.nextHopIpAddress`, message);
    } else {
      yield* addressFaults(route.nextHopIpAddress, `${path}.nextHopIpAddress`, prefix?.family ?? 4);
    }
  } else if (route.nextHopType === 'VirtualAppliance' && !hasEgressHop(context.spec)) {
    yield violation(
      'RouteNextHopMissing',
      `${path}.nextHopIpAddress`,
      'The hub has no firewall or appliance to route to.',
    );
  }
}

/** Routes of spokes and subnets: destinations, next hops, and what is there twice. */
export function* routeConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const network of context.networks) {
    const shared = (network.spoke?.routes ?? []).map((route, index) => ({
      route,
      path: `${network.path}.routes[${index}]`,
    }));
    for (const { route, path } of shared) yield* routeFaults(context, route, path);
    yield* repeatFaults(shared, 0);
    for (const subnet of network.subnets) {
      const own = (subnet.spec?.routes ?? []).map((route, index) => ({
        route,
        path: `${subnet.path}.routes[${index}]`,
      }));
      for (const { route, path } of own) yield* routeFaults(context, route, path);
      // Routes of the spoke go into the table of a subnet with routes of its own only where that leads to the firewall.
      yield* repeatFaults(own, 0);
    }
  }
}

function* repeatFaults(
  routes: readonly { readonly route: RouteSpec; readonly path: string }[],
  from: number,
): Iterable<Violation> {
  for (const { index, text } of repeatsOf(routes.map(({ route }) => route.name))) {
    if (index >= from)
      yield violation('RouteNameDuplicate', `${routes[index]?.path}.name`, `A route named ${text} is there already.`);
  }
  const destinations = routes.map(({ route }) => parsePrefix(route.addressPrefix)?.text ?? route.addressPrefix);
  for (const { index, text } of repeatsOf(destinations)) {
    if (index >= from)
      yield violation(
        'RoutePrefixDuplicate',
        `${routes[index]?.path}.addressPrefix`,
        `A route to ${text} is there already.`,
      );
  }
}
