import { describe, expect, it } from '@jest/globals';
import { HUB, hubNetwork, LOCATION, network, peering, SPOKE, spokeNetwork, subnet } from './fixtures.ts';
import { type Azure, at, spoke } from './harness.ts';
import { accepts, eachWithAzure, refuses } from './rules.ts';

const THIRD = spoke('virtualNetworks/vnet-third');
const TO_SPOKE = `${HUB}/virtualNetworkPeerings/to-spoke`;
const TO_HUB = `${SPOKE}/virtualNetworkPeerings/to-hub`;

function networks(azure: Azure): void {
  azure.make(HUB, hubNetwork());
  azure.make(SPOKE, spokeNetwork());
}

function connected(azure: Azure): void {
  networks(azure);
  azure.make(TO_SPOKE, peering(SPOKE));
  azure.make(TO_HUB, peering(HUB));
}

const state = (azure: Azure, id: string) => at(azure.get(id).body, 'properties', 'peeringState');
const sync = (azure: Azure, id: string) => at(azure.get(id).body, 'properties', 'peeringSyncLevel');

describe('peering', () => {
  refuses([
    {
      name: 'no remote network',
      given: networks,
      id: TO_SPOKE,
      body: { properties: {} },
      code: 'InvalidRequestFormat',
    },
    {
      name: 'a remote network that does not exist',
      given: networks,
      id: TO_SPOKE,
      body: peering(THIRD),
      code: 'InvalidResourceReference',
    },
    {
      name: 'the network itself',
      given: networks,
      id: TO_SPOKE,
      body: peering(HUB),
      code: 'VnetCannotBePeeredWithItself',
    },
    {
      name: 'networks that overlap',
      given: (azure) => {
        azure.make(HUB, hubNetwork());
        azure.make(SPOKE, network(['10.200.1.0/24']));
      },
      id: TO_SPOKE,
      body: peering(SPOKE),
      code: 'VnetAddressSpacesOverlap',
      message: /Overlapping address prefixes: 10\.200\.0\.0\/23, 10\.200\.1\.0\/24$/,
    },
    {
      name: 'a network that overlaps with one that is peered already',
      given: (azure) => {
        connected(azure);
        azure.make(THIRD, network(['10.240.128.0/17']));
      },
      id: `${HUB}/virtualNetworkPeerings/to-third`,
      body: peering(THIRD),
      code: 'VnetAddressSpaceOverlapsWithAlreadyPeeredVnet',
    },
    {
      name: 'the same from the other side',
      given: (azure) => {
        connected(azure);
        azure.make(THIRD, network(['10.240.128.0/17']));
      },
      id: `${THIRD}/virtualNetworkPeerings/to-hub`,
      body: peering(HUB),
      code: 'VnetAddressSpaceOverlapsWithAlreadyPeeredVnet',
      message: /vnet-spoke already peered with the second virtual network/,
    },
    {
      name: 'a second peering to one network',
      given: connected,
      id: `${HUB}/virtualNetworkPeerings/again`,
      body: peering(SPOKE),
      code: 'AnotherPeeringAlreadyReferencesRemoteVnet',
    },
    {
      name: 'another remote network for an existing peering',
      given: (azure) => {
        connected(azure);
        azure.make(THIRD, network(['10.99.0.0/16']));
      },
      id: TO_SPOKE,
      body: peering(THIRD),
      code: 'ChangingRemoteVirtualNetworkNotAllowed',
    },
    {
      name: 'a side whose other side is Disconnected',
      given: (azure) => {
        connected(azure);
        azure.remove(TO_HUB);
      },
      id: TO_HUB,
      body: peering(HUB),
      code: 'RemotePeeringIsDisconnected',
      message: /Update or re-create the remote peering to get it back to Initiated state/,
    },
    {
      name: 'the remote gateway of a network that has none',
      given: (azure) => {
        networks(azure);
        azure.make(TO_SPOKE, peering(SPOKE, { allowGatewayTransit: true }));
      },
      id: TO_HUB,
      body: peering(HUB, { useRemoteGateways: true }),
      code: 'RemoteVnetHasNoGateways',
      message:
        /cannot have UseRemoteGateway flag set to true because remote virtual network .* does not have any gateways\.$/,
    },
    {
      name: 'gateway transit together with a remote gateway',
      given: networks,
      id: TO_HUB,
      body: peering(HUB, { useRemoteGateways: true, allowGatewayTransit: true }),
      code: 'AllowGatewayTransitAndUseRemoteGatewaysCannotBothBeTrue',
    },
    {
      name: 'growth of a network into one that it is peered with',
      given: connected,
      id: HUB,
      body: network(['10.200.0.0/23', '10.240.0.0/24']),
      code: 'VnetAddressSpacesOverlap',
    },
    {
      name: 'a remote network in the middle of a change',
      given: (azure) => {
        networks(azure);
        azure.put(`${SPOKE}/subnets/more`, subnet('more', '10.240.16.0/24'));
      },
      id: TO_SPOKE,
      body: peering(SPOKE),
      code: 'ReferencedResourceNotProvisioned',
      message: /is not in Succeeded state\. Resource is in Updating state and .* is PutSubnetOperation\.$/,
    },
    {
      name: 'a network of its own in the middle of a change',
      given: (azure) => {
        networks(azure);
        azure.put(`${HUB}/subnets/more`, subnet('more', '10.200.1.0/24'));
      },
      id: TO_SPOKE,
      body: peering(SPOKE),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
    {
      name: 'a second peering of one hub at the same time',
      given: (azure) => {
        networks(azure);
        azure.make(THIRD, network(['10.99.0.0/16']));
        azure.put(TO_SPOKE, peering(SPOKE));
      },
      id: `${HUB}/virtualNetworkPeerings/to-third`,
      body: peering(THIRD),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
    {
      name: 'a second peering towards one hub at the same time',
      given: (azure) => {
        networks(azure);
        azure.make(THIRD, network(['10.99.0.0/16']));
        azure.put(TO_HUB, peering(HUB));
      },
      id: `${THIRD}/virtualNetworkPeerings/to-hub`,
      body: peering(HUB),
      status: 409,
      code: 'AnotherOperationInProgress',
    },
  ]);

  accepts([
    {
      name: 'a first side, which is Initiated',
      given: networks,
      id: TO_SPOKE,
      body: peering(SPOKE),
      after: (azure) => {
        expect(azure.get(TO_SPOKE).body).toMatchObject({
          properties: {
            peeringState: 'Initiated',
            allowVirtualNetworkAccess: true,
            allowForwardedTraffic: false,
            remoteAddressSpace: { addressPrefixes: ['10.240.0.0/16'] },
          },
        });
      },
    },
    {
      name: 'a second side, which connects both',
      given: (azure) => {
        networks(azure);
        azure.make(TO_SPOKE, peering(SPOKE));
      },
      id: TO_HUB,
      body: peering(HUB),
      after: (azure) => {
        expect([state(azure, TO_SPOKE), state(azure, TO_HUB)]).toEqual(['Connected', 'Connected']);
        expect(at(azure.get(HUB).body, 'properties', 'virtualNetworkPeerings', 0, 'properties', 'peeringState')).toBe(
          'Connected',
        );
      },
    },
    {
      name: 'deletion of one side, which disconnects the other',
      given: connected,
      method: 'DELETE',
      id: TO_HUB,
      after: (azure) => expect(state(azure, TO_SPOKE)).toBe('Disconnected'),
    },
    {
      name: 'an update of a Disconnected side, which makes a new start possible',
      given: (azure) => {
        connected(azure);
        azure.remove(TO_HUB);
      },
      id: TO_SPOKE,
      body: peering(SPOKE),
      after: (azure) => {
        expect(state(azure, TO_SPOKE)).toBe('Initiated');
        azure.make(TO_HUB, peering(HUB));
        expect([state(azure, TO_SPOKE), state(azure, TO_HUB)]).toEqual(['Connected', 'Connected']);
      },
    },
    {
      name: 'deletion of a peered network, which disconnects the other side',
      given: connected,
      method: 'DELETE',
      id: SPOKE,
      after: (azure) => expect(state(azure, TO_SPOKE)).toBe('Disconnected'),
    },
    {
      name: 'an inline list without the peering, which disconnects the other side',
      given: connected,
      id: SPOKE,
      body: network(['10.240.0.0/16'], { virtualNetworkPeerings: [] }),
      after: (azure) => {
        expect(azure.get(TO_HUB).status).toBe(404);
        expect(state(azure, TO_SPOKE)).toBe('Disconnected');
      },
    },
    {
      name: 'a network body without peerings, which keeps them',
      given: connected,
      id: SPOKE,
      body: spokeNetwork(),
      after: (azure) => expect([state(azure, TO_SPOKE), state(azure, TO_HUB)]).toEqual(['Connected', 'Connected']),
    },
    {
      name: 'an inline peering',
      given: (azure) => {
        networks(azure);
        azure.make(TO_SPOKE, peering(SPOKE));
      },
      id: SPOKE,
      body: network(['10.240.0.0/16'], { virtualNetworkPeerings: [{ name: 'to-hub', ...peering(HUB) }] }),
      after: (azure) => expect([state(azure, TO_SPOKE), state(azure, TO_HUB)]).toEqual(['Connected', 'Connected']),
    },
    {
      name: 'growth of a peered network, which its peers do not know until they synchronise',
      given: connected,
      id: SPOKE,
      body: network(['10.240.0.0/16', '10.241.0.0/16']),
      after: (azure) => {
        expect([state(azure, TO_SPOKE), sync(azure, TO_SPOKE)]).toEqual(['Connected', 'RemoteNotInSync']);
        expect(sync(azure, TO_HUB)).toBe('LocalNotInSync');
        azure.make(TO_SPOKE, peering(SPOKE));
        expect(sync(azure, TO_SPOKE)).toBe('RemoteNotInSync');
        azure.make(TO_SPOKE, peering(SPOKE), 'syncRemoteAddressSpace=true');
        expect([sync(azure, TO_SPOKE), sync(azure, TO_HUB)]).toEqual(['FullyInSync', 'FullyInSync']);
        expect(at(azure.get(TO_SPOKE).body, 'properties', 'remoteAddressSpace', 'addressPrefixes')).toEqual([
          '10.240.0.0/16',
          '10.241.0.0/16',
        ]);
      },
    },
    {
      name: 'a network of another region',
      given: (azure) => {
        azure.make(HUB, hubNetwork());
        azure.make(SPOKE, { ...spokeNetwork(), location: 'northeurope' });
      },
      id: TO_SPOKE,
      body: peering(SPOKE),
      after: (azure) => expect(state(azure, TO_SPOKE)).toBe('Initiated'),
    },
  ]);

  describe('after a refusal for a network in the middle of a change', () => {
    const azure = eachWithAzure();

    it('goes through with the same body once the change has ended', () => {
      networks(azure());
      azure().put(SPOKE, { ...spokeNetwork(), tags: { location: LOCATION } });
      expect(azure().put(TO_SPOKE, peering(SPOKE)).code).toBe('ReferencedResourceNotProvisioned');
      azure().settle();
      expect(azure().put(TO_SPOKE, peering(SPOKE)).status).toBe(201);
    });
  });
});
