import type { ArmError } from '../../arm-error.ts';
import type { JsonObject } from '../../json.ts';
import type { ChildDraft } from './children.ts';
import { flagAt, textAt } from './fields.ts';
import { validateChildNames } from './names.ts';
import { firstError, firstOf, limitReached, missingProperty, refuse } from './network-errors.ts';
import { validatePrefix } from './prefix-rules.ts';
import { parseAddress } from './prefixes.ts';
import { isSubnetNamed } from './references.ts';

/** Microsoft documents 400 routes for a route table. */
const MOST_ROUTES = 400;

const NEXT_HOPS: readonly string[] = [
  'virtualnetworkgateway',
  'vnetlocal',
  'internet',
  'virtualappliance',
  'virtualapplianceecmp',
  'none',
];

/** All routes of one table together. */
export function validateRoutes(tableId: string, drafts: readonly ChildDraft[]): ArmError | null {
  if (drafts.length > MOST_ROUTES) {
    return limitReached('RouteTableRouteCountLimitReached', MOST_ROUTES, `routes in route table ${tableId}`);
  }
  return firstError(
    () =>
      validateChildNames(
        tableId,
        drafts.map(({ name }) => name),
      ),
    () => firstOf(drafts, (draft) => validateRoute(tableId, draft)),
    () => validateDistinctPrefixes(drafts),
  );
}

/** What a route table must be like to serve the subnets that it is on. */
export function validateTableForSubnet(
  subnetId: string,
  tableName: string,
  routes: readonly ChildDraft[],
  table: JsonObject,
): ArmError | null {
  const propagates = !flagAt(table, 'properties', 'disableBgpRoutePropagation');
  if (isSubnetNamed(subnetId, 'AzureBastionSubnet')) {
    return refuse(
      'RouteTableCannotBeAttachedForAzureBastionSubnet',
      `Route table ${tableName} cannot be attached to subnet AzureBastionSubnet.`,
    );
  }
  if (isSubnetNamed(subnetId, 'RouteServerSubnet')) {
    return refuse(
      'RouteTableCannotBeAttachedForRouteServerSubnet',
      `Route table ${tableName} cannot be attached to subnet RouteServerSubnet.`,
    );
  }
  if (isSubnetNamed(subnetId, 'AzureFirewallSubnet')) return requireInternetDefault(subnetId, tableName, routes);
  if (isSubnetNamed(subnetId, 'AzureFirewallManagementSubnet')) {
    if (propagates) {
      return refuse(
        'AzureFirewallManagementSubnetRouteTableMustDisableBgpRoutePropagation',
        `Route Table ${tableName} on firewall subnet AzureFirewallManagementSubnet must disable BGP route propagation.`,
      );
    }
    return requireInternetDefault(subnetId, tableName, routes);
  }
  if (isSubnetNamed(subnetId, 'GatewaySubnet')) {
    if (routes.some(isDefaultRoute)) {
      return refuse(
        'GatewaySubnetRouteTableCannotHaveDefaultRoute',
        `Route table ${tableName} on subnet GatewaySubnet must not have a 0.0.0.0/0 route.`,
      );
    }
    if (!propagates) {
      return refuse(
        'GatewaySubnetRouteTableMustPropagateGatewayRoutes',
        `Route table ${tableName} on subnet GatewaySubnet must not disable BGP route propagation.`,
      );
    }
  }
  return null;
}

function requireInternetDefault(subnetId: string, tableName: string, routes: readonly ChildDraft[]): ArmError | null {
  const subnet = subnetId.slice(subnetId.lastIndexOf('/') + 1);
  const ok = routes.some(
    (route) => isDefaultRoute(route) && textAt(route.properties, 'nextHopType')?.toLowerCase() === 'internet',
  );
  if (ok) return null;
  return refuse(
    'AzureFirewallSubnetRouteTableMustHaveDefaultRouteToInternet',
    `Route Table ${tableName} on firewall subnet ${subnet} must have 0.0.0.0/0 route with next hop Internet.`,
  );
}

function isDefaultRoute({ properties }: ChildDraft): boolean {
  return textAt(properties, 'addressPrefix') === '0.0.0.0/0';
}

function validateRoute(tableId: string, { name, properties }: ChildDraft): ArmError | null {
  const id = `${tableId}/routes/${name}`;
  const prefix = textAt(properties, 'addressPrefix');
  const hop = textAt(properties, 'nextHopType');
  if (prefix === undefined) return missingProperty(id, 'addressPrefix');
  if (hop === undefined) return missingProperty(id, 'nextHopType');
  if (!NEXT_HOPS.includes(hop.toLowerCase())) {
    return refuse('RouteNextHopTypeInvalid', `Route ${name} has invalid next hop type ${hop}.`);
  }
  return firstError(
    () => (isServiceTag(prefix) ? null : validatePrefix(prefix, id)),
    () => validateNextHop(name, hop.toLowerCase(), properties),
  );
}

function validateNextHop(name: string, hop: string, route: JsonObject): ArmError | null {
  const address = textAt(route, 'nextHopIpAddress');
  if (hop === 'virtualappliance') {
    if (address !== undefined && parseAddress(address) !== null) return null;
    return refuse(
      'InvalidRouteNextHopIpAddress',
      `Route ${name} must have a valid IP address in NextHopIpAddress for next hop type VirtualAppliance. ` +
        `Value provided: ${address ?? ''}`,
    );
  }
  if (address === undefined || address === '') return null;
  return refuse(
    'RouteNextHopIpAddressNotAllowed',
    `Route ${name} must not have NextHopIpAddress: it is allowed for next hop type VirtualAppliance only.`,
  );
}

function isServiceTag(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?$/.test(text);
}

function validateDistinctPrefixes(drafts: readonly ChildDraft[]): ArmError | null {
  const seen = new Map<string, string>();
  return firstOf(drafts, ({ name, properties }) => {
    const prefix = textAt(properties, 'addressPrefix')?.toLowerCase() ?? '';
    const other = seen.get(prefix);
    seen.set(prefix, name);
    if (other === undefined) return null;
    return refuse(
      'RouteConflict',
      `Route ${other} conflicts with ${name}. Routes in a route table cannot have the same AddressPrefix.`,
    );
  });
}
