import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { HUB, hubNetwork, SPOKE, spokeNetwork } from './fixtures.ts';
import { type Azure, at, hub, spoke } from './harness.ts';
import { accepts, eachWithAzure, refuses } from './rules.ts';

const ZONE = hub('privateDnsZones/privatelink.azurecr.io');
const CUSTOM = hub('privateDnsZones/contoso.internal');
const GLOBAL: JsonObject = { location: 'global' };
const LINK = `${ZONE}/virtualNetworkLinks/hub`;

const link = (networkId: string, properties: JsonObject = {}): JsonObject => ({
  ...GLOBAL,
  properties: { virtualNetwork: { id: networkId }, registrationEnabled: false, ...properties },
});
const records = (...addresses: readonly string[]): JsonObject => ({
  properties: { ttl: 300, aRecords: addresses.map((ipv4Address) => ({ ipv4Address })) },
});

function zones(azure: Azure): void {
  azure.make(ZONE, GLOBAL);
  azure.make(CUSTOM, GLOBAL);
  azure.make(HUB, hubNetwork());
  azure.make(SPOKE, spokeNetwork());
}

function linked(azure: Azure): void {
  zones(azure);
  azure.make(LINK, link(HUB));
}

describe('private DNS zone', () => {
  refuses([
    { name: 'a name of one label', id: hub('privateDnsZones/internal'), body: GLOBAL, code: 'InvalidResourceName' },
    { name: 'a region', id: ZONE, body: { location: 'westeurope' }, code: 'LocationNotAvailableForResourceType' },
    {
      name: 'deletion while it has links',
      given: linked,
      method: 'DELETE',
      id: ZONE,
      status: 409,
      code: 'CannotDeleteResource',
      message: /include: 'Microsoft\.Network\/privateDnsZones\/privatelink\.azurecr\.io\/virtualNetworkLinks\/hub'\./,
    },
  ]);
  accepts([
    {
      name: 'a zone, with its SOA record and its counts',
      id: ZONE,
      body: GLOBAL,
      after: (azure) => {
        expect(azure.get(ZONE).body).toMatchObject({
          location: 'global',
          properties: { numberOfRecordSets: 1, numberOfVirtualNetworkLinks: 0, maxNumberOfVirtualNetworkLinks: 1000 },
        });
        expect(at(azure.get(`${ZONE}/SOA/@`).body, 'properties', 'fqdn')).toBe('privatelink.azurecr.io.');
      },
    },
    {
      name: 'deletion once it has no links, records and all',
      given: (azure) => {
        linked(azure);
        azure.make(`${ZONE}/A/acr`, records('10.240.4.40'));
        azure.remove(LINK);
      },
      method: 'DELETE',
      id: ZONE,
      after: (azure) => {
        expect(azure.get(ZONE).status).toBe(404);
        expect(azure.get(`${ZONE}/A/acr`).status).toBe(404);
      },
    },
  ]);

  describe('its first answer', () => {
    const azure = eachWithAzure();

    it('is 202 without body, with both headers', () => {
      const answer = azure().put(ZONE, GLOBAL);
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 202, body: {} });
      expect(answer.headers['azure-asyncoperation']).toBeDefined();
      expect(answer.headers.location).toBeDefined();
    });
  });
});

describe('virtual network link', () => {
  refuses([
    { name: 'a zone that does not exist', id: LINK, body: link(HUB), status: 404, code: 'ParentResourceNotFound' },
    { name: 'no network', given: zones, id: LINK, body: { ...GLOBAL, properties: {} }, code: 'BadRequest' },
    {
      name: 'a network that does not exist',
      given: zones,
      id: LINK,
      body: link(spoke('virtualNetworks/none')),
      code: 'InvalidResourceReference',
    },
    {
      name: 'a second link to one network',
      given: linked,
      id: `${ZONE}/virtualNetworkLinks/again`,
      body: link(HUB),
      status: 409,
      code: 'Conflict',
    },
    { name: 'another network for an existing link', given: linked, id: LINK, body: link(SPOKE), code: 'BadRequest' },
    {
      name: 'a network that has a zone of that name',
      given: (azure) => {
        linked(azure);
        azure.make(spoke('privateDnsZones/privatelink.azurecr.io'), GLOBAL);
      },
      id: spoke('privateDnsZones/privatelink.azurecr.io/virtualNetworkLinks/hub'),
      body: link(HUB),
      code: 'BadRequest',
      message: /^A virtual network cannot be linked to multiple zones with overlapping namespaces/,
    },
    {
      name: 'registration in a second zone',
      given: (azure) => {
        zones(azure);
        azure.make(`${CUSTOM}/virtualNetworkLinks/spoke`, link(SPOKE, { registrationEnabled: true }));
      },
      id: `${ZONE}/virtualNetworkLinks/spoke`,
      body: link(SPOKE, { registrationEnabled: true }),
      status: 409,
      code: 'Conflict',
    },
    {
      name: 'a resolution policy for a zone of one’s own',
      given: zones,
      id: `${CUSTOM}/virtualNetworkLinks/hub`,
      body: link(HUB, { resolutionPolicy: 'NxDomainRedirect' }),
      code: 'BadRequest',
    },
    {
      name: 'a second link of one zone at the same time',
      given: (azure) => {
        zones(azure);
        azure.put(LINK, link(HUB));
      },
      id: `${ZONE}/virtualNetworkLinks/spoke`,
      body: link(SPOKE),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
  ]);
  accepts([
    {
      name: 'a link, and counts it',
      given: zones,
      id: LINK,
      body: link(HUB),
      after: (azure) => {
        expect(azure.get(LINK).body).toMatchObject({
          properties: { virtualNetworkLinkState: 'Completed', resolutionPolicy: 'Default', registrationEnabled: false },
        });
        expect(at(azure.get(ZONE).body, 'properties', 'numberOfVirtualNetworkLinks')).toBe(1);
      },
    },
    {
      name: 'one network in zones of different names',
      given: linked,
      id: `${CUSTOM}/virtualNetworkLinks/hub`,
      body: link(HUB, { registrationEnabled: true }),
      after: (azure) => {
        expect(at(azure.get(CUSTOM).body, 'properties', 'numberOfVirtualNetworkLinksWithRegistration')).toBe(1);
      },
    },
    {
      name: 'a network in the middle of a change',
      given: (azure) => {
        zones(azure);
        azure.put(HUB, hubNetwork());
      },
      id: LINK,
      body: link(HUB),
      after: (azure) => expect(azure.get(LINK).status).toBe(200),
    },
    {
      name: 'deletion of a linked network, which leaves the link',
      given: linked,
      method: 'DELETE',
      id: HUB,
      after: (azure) => expect(azure.get(LINK).status).toBe(200),
    },
  ]);
});

describe('A records', () => {
  const A = `${ZONE}/A/acr`;
  refuses([
    { name: 'no records', given: zones, id: A, body: records(), code: 'BadRequest' },
    {
      name: 'no time to live',
      given: zones,
      id: A,
      body: { properties: { aRecords: [{ ipv4Address: '10.0.0.4' }] } },
      code: 'BadRequest',
    },
    { name: 'an address that is none', given: zones, id: A, body: records('10.0.0.256'), code: 'BadRequest' },
    { name: 'one address twice', given: zones, id: A, body: records('10.0.0.4', '10.0.0.4'), code: 'BadRequest' },
  ]);
  accepts([
    {
      name: 'a record set at once',
      given: zones,
      id: A,
      body: records('10.240.4.40'),
      after: (azure) => {
        expect(azure.get(A).body).toMatchObject({
          properties: { fqdn: 'acr.privatelink.azurecr.io.', isAutoRegistered: false },
        });
        expect(at(azure.get(ZONE).body, 'properties', 'numberOfRecordSets')).toBe(2);
      },
    },
  ]);

  describe('of the zone itself', () => {
    const azure = eachWithAzure();

    it('cannot be deleted', () => {
      zones(azure());
      expect(azure().delete(`${ZONE}/SOA/@`).status).toBe(405);
      expect(azure().get(`${ZONE}/SOA/@`).status).toBe(200);
    });
  });
});
