import { describe, expect, it } from '@jest/globals';
import { HUB, LOCATION, network, route, routeTable, subnet } from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, eachWithAzure, namesIn, refuses } from './rules.ts';

const TABLE = hub('routeTables/rt');
const INTERNET = route('internet', '0.0.0.0/0', 'Internet');
const SPOKES = route('spokes', '10.240.0.0/16', 'VirtualAppliance', '10.200.0.4');

function onFirewallSubnet(azure: Azure): void {
  azure.make(TABLE, routeTable([INTERNET, SPOKES]));
  const table = { routeTable: { id: TABLE } };
  azure.make(HUB, network(['10.200.0.0/23'], { subnets: [subnet('AzureFirewallSubnet', '10.200.0.0/26', table)] }));
}

describe('route table', () => {
  refuses([
    { name: 'host bits', id: TABLE, body: routeTable([route('a', '10.0.0.1/8', 'None')]), code: 'InvalidCIDRNotation' },
    {
      name: 'a prefix that is none',
      id: TABLE,
      body: routeTable([route('a', '10.0.0/8', 'None')]),
      code: 'InvalidAddressPrefixFormat',
    },
    {
      name: 'an unknown next hop',
      id: TABLE,
      body: routeTable([route('a', '10.0.0.0/8', 'Moon')]),
      code: 'RouteNextHopTypeInvalid',
    },
    {
      name: 'an appliance without address',
      id: TABLE,
      body: routeTable([route('a', '10.0.0.0/8', 'VirtualAppliance')]),
      code: 'InvalidRouteNextHopIpAddress',
    },
    {
      name: 'an address with a next hop that takes none',
      id: TABLE,
      body: routeTable([route('a', '10.0.0.0/8', 'Internet', '10.0.0.4')]),
      code: 'RouteNextHopIpAddressNotAllowed',
    },
    {
      name: 'two routes of one prefix',
      id: TABLE,
      body: routeTable([INTERNET, route('b', '0.0.0.0/0', 'None')]),
      code: 'RouteConflict',
      message: /cannot have the same AddressPrefix/,
    },
    {
      name: 'two routes of one name',
      id: TABLE,
      body: routeTable([INTERNET, route('Internet', '10.0.0.0/8', 'None')]),
      code: 'DuplicateResourceName',
    },
    {
      name: 'more than 400 routes',
      id: TABLE,
      body: routeTable(
        Array.from({ length: 401 }, (_, i) => route(`r${i}`, `10.${i % 256}.${Math.floor(i / 256)}.0/24`, 'None')),
      ),
      code: 'RouteTableRouteCountLimitReached',
    },
    {
      name: 'a 401st route',
      given: (azure) =>
        azure.make(
          TABLE,
          routeTable(
            Array.from({ length: 400 }, (_, i) => route(`r${i}`, `10.${i % 256}.${Math.floor(i / 256)}.0/24`, 'None')),
          ),
        ),
      id: `${TABLE}/routes/more`,
      body: route('more', '192.168.0.0/16', 'None'),
      code: 'RouteTableRouteCountLimitReached',
    },
    {
      name: 'deletion while a subnet has it',
      given: onFirewallSubnet,
      method: 'DELETE',
      id: TABLE,
      code: 'InUseRouteTableCannotBeDeleted',
      message: /^Route table rt is in use and cannot be deleted\./,
    },
    {
      name: 'the loss of the default route on the firewall subnet',
      given: onFirewallSubnet,
      id: TABLE,
      body: routeTable([SPOKES]),
      code: 'AzureFirewallSubnetRouteTableMustHaveDefaultRouteToInternet',
    },
    {
      name: 'deletion of the default route on the firewall subnet',
      given: onFirewallSubnet,
      method: 'DELETE',
      id: `${TABLE}/routes/internet`,
      code: 'AzureFirewallSubnetRouteTableMustHaveDefaultRouteToInternet',
    },
    {
      name: 'another next hop for the default route on the firewall subnet',
      given: onFirewallSubnet,
      id: `${TABLE}/routes/internet`,
      body: route('internet', '0.0.0.0/0', 'VirtualAppliance', '10.0.0.4'),
      code: 'AzureFirewallSubnetRouteTableMustHaveDefaultRouteToInternet',
    },
    {
      name: 'two routes at the same time',
      given: (azure) => {
        azure.make(TABLE, routeTable([]));
        azure.put(`${TABLE}/routes/internet`, INTERNET);
      },
      id: `${TABLE}/routes/spokes`,
      body: SPOKES,
      status: 409,
      code: 'AnotherOperationInProgress',
    },
  ]);

  accepts([
    {
      name: 'a table, and shows its defaults',
      id: TABLE,
      body: routeTable([SPOKES]),
      after: (azure) => {
        const { body } = azure.get(TABLE);
        expect(body).toMatchObject({ properties: { disableBgpRoutePropagation: false } });
        expect(at(body, 'properties', 'routes', 0)).toMatchObject({
          id: `${TABLE}/routes/spokes`,
          etag: body.etag,
          properties: { nextHopIpAddress: '10.200.0.4', hasBgpOverride: false, provisioningState: 'Succeeded' },
        });
      },
    },
    {
      name: 'a service tag as prefix',
      id: TABLE,
      body: routeTable([route('apim', 'ApiManagement', 'Internet')]),
      after: (azure) => expect(namesIn(azure.get(TABLE).body, 'properties', 'routes')).toEqual(['apim']),
    },
    {
      name: 'a body that leaves out a route and the flag, and resets both',
      given: (azure) => azure.make(TABLE, routeTable([INTERNET, SPOKES], { disableBgpRoutePropagation: true })),
      id: TABLE,
      body: routeTable([SPOKES]),
      after: (azure) => {
        expect(namesIn(azure.get(TABLE).body, 'properties', 'routes')).toEqual(['spokes']);
        expect(at(azure.get(TABLE).body, 'properties', 'disableBgpRoutePropagation')).toBe(false);
      },
    },
    {
      name: 'a body without the list, and deletes all routes',
      given: (azure) => azure.make(TABLE, routeTable([SPOKES])),
      id: TABLE,
      body: { location: LOCATION, properties: {} },
      after: (azure) => expect(at(azure.get(TABLE).body, 'properties', 'routes')).toEqual([]),
    },
    {
      name: 'other routes on the firewall subnet',
      given: onFirewallSubnet,
      id: TABLE,
      body: routeTable([INTERNET]),
      after: (azure) => expect(namesIn(azure.get(TABLE).body, 'properties', 'routes')).toEqual(['internet']),
    },
  ]);

  describe('routes', () => {
    const azure = eachWithAzure();

    it('go at once', () => {
      azure().make(TABLE, routeTable([SPOKES]));
      expect(azure().delete(`${TABLE}/routes/spokes`).status).toBe(200);
      expect(at(azure().get(TABLE).body, 'properties', 'routes')).toEqual([]);
    });
  });
});
