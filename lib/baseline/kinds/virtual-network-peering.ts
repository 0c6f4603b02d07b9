import type { ResourceKind } from '../kind.ts';
import { dependencies } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { nodeOf } from '../kind-support/node.ts';
import { referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const REMOTE_PREFIXES = 'properties.remoteAddressSpace.addressPrefixes';

export const virtualNetworkPeering: ResourceKind = {
  name: 'virtualNetworkPeering',
  type: 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'inline', parentKind: 'virtualNetwork', path: 'properties.virtualNetworkPeerings' },
  etag: 'honoured',
  // Operators see 0.2 to 1 minute for each side.
  durationMinutes: { create: 1, update: 1, delete: 1 },
  comparison: {
    // Address spaces and states follow from both networks; a changed address space is synchronised, not written.
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.peeringState',
      'properties.peeringSyncLevel',
      'properties.localAddressSpace',
      'properties.localVirtualNetworkAddressSpace',
      'properties.remoteAddressSpace',
      'properties.remoteVirtualNetworkAddressSpace',
      'properties.remoteBgpCommunities',
      'properties.remoteVirtualNetworkEncryption',
    ],
    entries: [],
    sets: ['properties.localSubnetNames', 'properties.remoteSubnetNames'],
    ignoreCase: [],
    defaults: {
      'properties.allowVirtualNetworkAccess': true,
      'properties.allowForwardedTraffic': false,
      'properties.allowGatewayTransit': false,
      'properties.useRemoteGateways': false,
      'properties.doNotVerifyRemoteGateways': false,
      'properties.peerCompleteVnets': true,
      'properties.enableOnlyIPv6Peering': false,
    },
    immutable: {
      'properties.remoteVirtualNetwork.id': 'A peering keeps its other network; remove both sides and make them anew.',
    },
    secret: [],
  },
  // The other network's address space as it was when this side was written last (Microsoft: a peering that is not in
  // sync is synchronised by a PUT with this query; traffic goes on meanwhile).
  copy: {
    path: REMOTE_PREFIXES,
    current: 'properties.remoteVirtualNetworkAddressSpace.addressPrefixes',
    of: 'properties.remoteVirtualNetwork.id',
    source: 'properties.addressSpace.addressPrefixes',
  },
  // Microsoft: a side whose other side was deleted is Disconnected, and no other side can be made as long as it is there.
  broken: {
    path: 'properties.peeringState',
    state: 'Disconnected',
    sound: 'Connected',
    why: 'Its other side was deleted, and it is Disconnected.',
  },
  refreshQuery: { syncRemoteAddressSpace: 'true' },
  steersTraffic: ['properties'],
  riskOf: riskFrom('destructive', [{ path: REMOTE_PREFIXES, risk: 'safe' }], 'disruptive'),
  referencesOf: (body) => referencesAt(body, ['properties.remoteVirtualNetwork.id']),
  foreignContentOf: () => [],
  compile: (baseline) =>
    baseline.peerings.map((peering) =>
      nodeOf('virtualNetworkPeering', peering, {
        body: {
          properties: {
            remoteVirtualNetwork: { id: peering.remoteNetworkId },
            allowVirtualNetworkAccess: peering.allowVirtualNetworkAccess,
            allowForwardedTraffic: peering.allowForwardedTraffic,
            allowGatewayTransit: peering.allowGatewayTransit,
            useRemoteGateways: peering.useRemoteGateways,
          },
        },
        dependsOn: dependencies([
          peering.networkId,
          peering.remoteNetworkId,
          // The hub must allow transit before a spoke may use its gateway: RemoteVnetHasNoGateways otherwise.
          peering.useRemoteGateways ? peering.otherSideId : undefined,
        ]),
        lanes: [laneOf.virtualNetwork(peering.networkId), laneOf.virtualNetwork(peering.remoteNetworkId)],
      }),
    ),
};
