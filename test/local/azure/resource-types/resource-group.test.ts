import { describe, expect, it } from '@jest/globals';
import {
  FIREWALL,
  HUB,
  makeFirewall,
  POLICY,
  peering,
  routeTable,
  ruleGroup,
  SPOKE,
  spokeNetwork,
  subnet,
} from './fixtures.ts';
import { at, GROUP, hub, spoke } from './harness.ts';
import { eachWithAzure } from './rules.ts';

describe('deletion of a resource group', () => {
  const azure = eachWithAzure();

  it('takes everything in it, in an order that the rules allow', () => {
    makeFirewall(azure(), 3);
    azure().make(`${POLICY}/ruleCollectionGroups/net`, ruleGroup(200));
    azure().make(hub('privateDnsZones/contoso.internal'), { location: 'global' });
    azure().make(hub('privateDnsZones/contoso.internal/virtualNetworkLinks/hub'), {
      location: 'global',
      properties: { virtualNetwork: { id: HUB } },
    });
    azure().make(SPOKE, spokeNetwork());
    azure().make(`${HUB}/virtualNetworkPeerings/to-spoke`, peering(SPOKE));
    azure().make(`${SPOKE}/virtualNetworkPeerings/to-hub`, peering(HUB));
    expect(azure().delete(GROUP).status).toBe(202);
    azure().settle();
    expect(azure().get(GROUP).status).toBe(404);
    expect(azure().get(FIREWALL).status).toBe(404);
    expect(at(azure().get(`${SPOKE}/virtualNetworkPeerings/to-hub`).body, 'properties', 'peeringState')).toBe(
      'Disconnected',
    );
  });

  it('stops where somebody outside still uses what is in it', () => {
    azure().make(hub('routeTables/rt'), routeTable([]));
    azure().make(SPOKE, spokeNetwork([subnet('b', '10.240.8.0/24', { routeTable: { id: hub('routeTables/rt') } })]));
    azure().delete(GROUP);
    azure().settle();
    expect(azure().get(hub('routeTables/rt')).status).toBe(200);
    expect(azure().get(GROUP).status).toBe(200);
    expect(at(azure().get(spoke('virtualNetworks/vnet-spoke')).body, 'properties', 'provisioningState')).toBe(
      'Succeeded',
    );
  });
});
