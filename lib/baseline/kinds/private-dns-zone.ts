import type { Json } from '../../json.ts';
import type { ResourceKind } from '../kind.ts';
import { dependencies, groupOf } from '../kind-support/dependencies.ts';
import { joined, namesAt, phrase } from '../kind-support/entry-text.ts';
import { laneOf } from '../kind-support/lanes.ts';
import { PLAIN_RULES } from '../kind-support/network-rules.ts';
import { envelope, nodeOf } from '../kind-support/node.ts';
import { valuesAt } from '../kind-support/references.ts';
import { riskFrom } from '../kind-support/risk.ts';

/** The SOA record that Azure makes with the zone. */
const OWN_RECORD_SETS = 1;

const LINKS = 'properties.virtualNetworkLinks';

/** `to vnet-theirs, with registration`. */
function describeLink(link: Json): string {
  const [registers] = valuesAt(link, 'properties.registrationEnabled');
  const network = phrase('to', namesAt(link, 'properties.virtualNetwork.id'));
  return joined([network, registers === true ? 'with registration' : ''], ', ');
}

export const privateDnsZone: ResourceKind = {
  name: 'privateDnsZone',
  type: 'Microsoft.Network/privateDnsZones',
  apiVersion: '2024-06-01',
  observe: { by: 'subscription' },
  etag: 'honoured',
  durationMinutes: { create: 1, update: 1, delete: 1 },
  // A zone says of itself only how many records and links it has.
  comparison: {
    ...PLAIN_RULES,
    readOnly: [
      'etag',
      'properties',
      ...['etag', 'properties.provisioningState', 'properties.virtualNetworkLinkState'].map(
        (name) => `${LINKS}[].${name}`,
      ),
    ],
    entries: [{ path: LINKS, key: 'name', foreign: 'keep', describe: describeLink }],
    children: [LINKS],
    listedChildren: [LINKS],
  },
  riskOf: riskFrom('destructive', [], 'safe'),
  referencesOf: () => [],
  foreignContentOf: (actual) => {
    const [count] = valuesAt(actual, 'properties.numberOfRecordSets');
    const others = typeof count === 'number' ? count - OWN_RECORD_SETS : 0;
    return others > 0 ? [`${others} record sets`] : [];
  },
  compile: (baseline) =>
    baseline.privateDnsZones.map((zone) =>
      nodeOf('privateDnsZone', zone, {
        body: { ...envelope(zone, baseline), properties: {} },
        dependsOn: dependencies([groupOf(zone)]),
        lanes: [laneOf.privateDnsZone(zone.id)],
      }),
    ),
};
