import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { FIXED_LOCATION, NETWORK_API_VERSION, NETWORK_READ_ONLY } from '../kind-support/network-rules.ts';
import { envelope, nodeOf, zonesOf } from '../kind-support/node.ts';
import { referencesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

const CONFIGURATIONS = 'properties.ipConfigurations';
const SWITCHES = [
  'disableCopyPaste',
  'enableFileCopy',
  'enableIpConnect',
  'enableShareableLink',
  'enableTunneling',
  'enableKerberos',
  'enableSessionRecording',
  'enablePrivateOnlyBastion',
];

export const bastionHost: ResourceKind = {
  name: 'bastionHost',
  type: 'Microsoft.Network/bastionHosts',
  apiVersion: NETWORK_API_VERSION,
  observe: { by: 'subscription' },
  etag: 'honoured',
  // Operators see 5 to 10 minutes for each.
  durationMinutes: { create: 8, update: 8, delete: 8 },
  comparison: {
    readOnly: [
      ...NETWORK_READ_ONLY,
      'properties.dnsName',
      `${CONFIGURATIONS}[].etag`,
      `${CONFIGURATIONS}[].type`,
      `${CONFIGURATIONS}[].properties.provisioningState`,
    ],
    entries: [{ path: CONFIGURATIONS, key: 'name', foreign: 'keep' }],
    sets: ['zones'],
    ignoreCase: ['sku.name', `${CONFIGURATIONS}[].properties.privateIPAllocationMethod`],
    defaults: {
      'properties.scaleUnits': 2,
      ...Object.fromEntries(SWITCHES.map((name) => [`properties.${name}`, false])),
      [`${CONFIGURATIONS}[].properties.privateIPAllocationMethod`]: 'Dynamic',
    },
    immutable: {
      location: FIXED_LOCATION,
      zones: 'The zones of a Bastion host are fixed when it is made.',
      [`${CONFIGURATIONS}[].properties.subnet.id`]: 'A Bastion host stays in its virtual network.',
    },
    secret: [],
  },
  riskOf: riskFrom('destructive', [], 'disruptive'),
  referencesOf: (body) =>
    referencesAt(body, [
      `${CONFIGURATIONS}[].properties.publicIPAddress.id`,
      `${CONFIGURATIONS}[].properties.subnet.id`,
    ]),
  foreignContentOf: () => [],
  compile: (baseline) => {
    const { bastion } = baseline;
    if (bastion === undefined) return [];
    return [
      nodeOf('bastionHost', bastion, {
        body: {
          ...envelope(bastion, baseline),
          sku: { name: bastion.sku },
          ...zonesOf(bastion.zones),
          properties: {
            scaleUnits: bastion.scaleUnits,
            // The Basic SKU does not know the property.
            ...(bastion.sku === 'Basic' ? {} : { enableTunneling: bastion.enableTunneling }),
            ipConfigurations: [
              {
                name: 'hub-subnet',
                properties: {
                  subnet: { id: bastion.subnetId },
                  publicIPAddress: { id: bastion.publicIpId },
                  privateIPAllocationMethod: 'Dynamic',
                },
              },
            ],
          },
        },
        dependsOn: dependencies([groupOf(bastion), bastion.networkId, bastion.publicIpId]),
        lanes: [laneOf.virtualNetwork(bastion.networkId), laneOf.publicIpAddress(bastion.publicIpId)],
      }),
    ];
  },
};
