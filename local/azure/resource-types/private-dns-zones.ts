import type { ArmError } from '../arm-error.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceType, StoredResource, World, Write } from '../resource-type.ts';
import { propertiesOf } from './support/children.ts';
import { flagAt, numberAt, objectAt, objectsAt, textAt } from './support/fields.ts';
import { guidOf, nameOf, sameId, sameName } from './support/ids.ts';
import { durations, spread } from './support/network.ts';
import { firstError, firstOf, refuse } from './support/network-errors.ts';
import { parseAddress } from './support/prefixes.ts';

const ZONES = 'Microsoft.Network/privateDnsZones';
const LINKS = 'Microsoft.Network/privateDnsZones/virtualNetworkLinks';
const A_RECORDS = 'Microsoft.Network/privateDnsZones/A';
const SOA_RECORDS = 'Microsoft.Network/privateDnsZones/SOA';

const API_VERSIONS: readonly string[] = ['2024-06-01'];

/** Microsoft documents these for each private DNS zone. */
const MOST_RECORD_SETS = 25_000;
const MOST_LINKS = 1000;
const MOST_REGISTRATION_LINKS = 100;

/** Microsoft documents 20 records for a record set of a private zone. */
const MOST_RECORDS = 20;

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';

/** Private DNS zones: two labels at least. */
export const privateDnsZones: ResourceType = {
  type: ZONES,
  apiVersions: API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  locations: ['global'],
  namePattern: new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`),
  store(write) {
    const id = textAt(write.existing?.body, 'properties', 'internalId') ?? guidOf(write.id.key);
    const soa = { id: `${write.id.id}/SOA/@`, body: { properties: soaRecord() }, provisioningState: 'Succeeded' };
    return {
      body: { properties: { internalId: id } },
      also: write.existing === undefined ? [{ kind: 'put', resource: soa }] : [],
    };
  },
  present(zone, world) {
    const links = world.children(zone.id.id, LINKS);
    return {
      properties: {
        ...objectAt(zone.body, 'properties'),
        maxNumberOfRecordSets: MOST_RECORD_SETS,
        numberOfRecordSets: world.children(zone.id.id).length - links.length,
        maxNumberOfVirtualNetworkLinks: MOST_LINKS,
        numberOfVirtualNetworkLinks: links.length,
        maxNumberOfVirtualNetworkLinksWithRegistration: MOST_REGISTRATION_LINKS,
        numberOfVirtualNetworkLinksWithRegistration: links.filter(registers).length,
      },
    };
  },
  locks: (target) => [{ id: target.id.id, mode: 'exclusive' }],
  runningState: runningState,
  asyncStyle: () => 'accepted-with-both',
  durationSeconds: durations({ create: [15, 45], update: [5, 15], delete: [10, 30] }),
  canDelete(zone, world) {
    const link = world.children(zone.id.id, LINKS)[0];
    if (link === undefined) return null;
    return {
      status: 409,
      code: 'CannotDeleteResource',
      message:
        'Cannot delete resource while nested resources exist. Some existing nested resource IDs include: ' +
        `'${LINKS.replace('/virtualNetworkLinks', '')}/${zone.id.name}/virtualNetworkLinks/${link.id.name}'. Please delete ` +
        'all nested resources before deleting this resource.',
    };
  },
};

/** Links of a zone to virtual networks: one at a time for a zone. */
export const virtualNetworkLinks: ResourceType = {
  type: LINKS,
  apiVersions: API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  locations: ['global'],
  validate: validateLink,
  store: (write) => ({
    body: {
      properties: {
        registrationEnabled: false,
        ...propertiesOf(write.body, 'virtualNetworkLinkState'),
        ...(isPrivatelink(write.id.parentId ?? '') ? { resolutionPolicy: resolutionPolicyOf(write.body) } : {}),
      },
    },
  }),
  present: (link) => ({
    properties: {
      virtualNetworkLinkState: link.provisioningState === 'Succeeded' ? 'Completed' : 'InProgress',
      ...objectAt(link.body, 'properties'),
    },
  }),
  references(id, body) {
    const to = networkIdOf(body);
    if (to === undefined) return [];
    // Private DNS is a provider of its own: whatever runs in the network does not hold up its links.
    return [
      {
        to,
        by: id.id,
        linkedAction: 'Microsoft.Network/virtualNetworks/join/action',
        whenNotSucceeded: 'ignore',
      },
    ];
  },
  locks: (target) => [
    { id: target.id.id, mode: 'exclusive' },
    { id: target.id.parentId ?? '', mode: 'exclusive' },
  ],
  runningState: runningState,
  asyncStyle: () => 'accepted-with-both',
  durationSeconds: (kind, _write, random) => (kind === 'delete' ? spread([30, 90], random) : spread([30, 120], random)),
};

/** A records of a private zone: done at once. */
export const privateDnsARecords: ResourceType = {
  type: A_RECORDS,
  apiVersions: API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  provisioningState: false,
  namePattern: new RegExp(`^(?:@|\\*|(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*)$`),
  validate(write, world) {
    const ttl = numberAt(write.body, 'properties', 'ttl');
    const records = objectsAt(write.body, 'properties', 'aRecords').map(
      (record) => textAt(record, 'ipv4Address') ?? '',
    );
    const siblings = world.children(write.id.parentId ?? '').filter(({ id }) => id.type !== LINKS);
    if (write.existing === undefined && siblings.length >= MOST_RECORD_SETS) {
      return refuse('TooManyRecordSets', `A private DNS zone cannot have more than ${MOST_RECORD_SETS} record sets.`);
    }
    if (ttl === undefined || !Number.isInteger(ttl) || ttl < 1 || ttl > 2_147_483_647) {
      return badRequest(`The TTL of record set '${write.id.name}' must be between 1 and 2147483647.`);
    }
    if (records.length === 0 || records.length > MOST_RECORDS) {
      return badRequest(`Record set '${write.id.name}' must have between 1 and ${MOST_RECORDS} records.`);
    }
    const bad = records.find((record) => parseAddress(record)?.family !== 4);
    if (bad !== undefined)
      return badRequest(`The value '${bad}' of record set '${write.id.name}' is not an IPv4 address.`);
    const twin = records.find((record, index) => records.indexOf(record) !== index);
    return twin === undefined ? null : badRequest(`Record set '${write.id.name}' has the value '${twin}' twice.`);
  },
  store: (write) => ({ body: { properties: propertiesOf(write.body, 'fqdn', 'isAutoRegistered') } }),
  present: presentRecords,
  locks: (target) => [{ id: target.id.id, mode: 'exclusive' }],
};

/** The SOA record of a private zone: made and deleted with it. */
export const privateDnsSoaRecords: ResourceType = {
  type: SOA_RECORDS,
  apiVersions: API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  provisioningState: false,
  namePattern: /^@$/,
  methods: ['GET', 'PUT'],
  store(write) {
    const had = objectAt(write.existing?.body, 'properties');
    return { body: { properties: { ...had, ...propertiesOf(write.body, 'fqdn', 'isAutoRegistered') } } };
  },
  present: presentRecords,
  locks: (target) => [{ id: target.id.id, mode: 'exclusive' }],
};

function runningState(kind: string): string {
  if (kind === 'create') return 'Creating';
  return kind === 'delete' ? 'Deleting' : 'Updating';
}

function badRequest(message: string): ArmError {
  return { status: 400, code: 'BadRequest', message };
}

function conflict(message: string): ArmError {
  return { status: 409, code: 'Conflict', message };
}

function registers(link: StoredResource): boolean {
  return flagAt(link.body, 'properties', 'registrationEnabled');
}

function networkIdOf(body: JsonObject): string | undefined {
  return textAt(body, 'properties', 'virtualNetwork', 'id');
}

function isPrivatelink(zoneId: string): boolean {
  return nameOf(zoneId).toLowerCase().startsWith('privatelink.');
}

function resolutionPolicyOf(body: JsonObject): string {
  return textAt(body, 'properties', 'resolutionPolicy') ?? 'Default';
}

function presentRecords(records: StoredResource): JsonObject {
  const zone = nameOf(records.id.parentId ?? '');
  const name = records.id.name;
  return {
    properties: {
      ...objectAt(records.body, 'properties'),
      fqdn: name === '@' ? `${zone}.` : `${name}.${zone}.`,
      isAutoRegistered: false,
    },
  };
}

function soaRecord(): JsonObject {
  return {
    ttl: 3600,
    soaRecord: {
      email: 'azureprivatedns-host.microsoft.com',
      expireTime: 2_419_200,
      host: 'azureprivatedns.net',
      minimumTtl: 10,
      refreshTime: 3600,
      retryTime: 300,
      serialNumber: 1,
    },
  };
}

function validateLink(write: Write, world: World): ArmError | null {
  const zoneId = write.id.parentId ?? '';
  const network = networkIdOf(write.body);
  const siblings = world.children(zoneId, LINKS).filter(({ id }) => id.key !== write.id.key);
  if (network === undefined) return badRequest('The virtual network of a virtual network link is required.');
  return firstError(
    () => validateLinkStays(write, network),
    () => validateTwin(siblings, network),
    () => validateNamespaces(zoneId, network, world),
    () => validateRegistration(write, zoneId, network, siblings, world),
    () => validateCounts(write, siblings),
    () => validatePolicy(write, zoneId),
  );
}

function validateLinkStays(write: Write, network: string): ArmError | null {
  const had = write.existing === undefined ? undefined : networkIdOf(write.existing.body);
  if (had === undefined || sameId(had, network)) return null;
  return badRequest(`The virtual network of virtual network link '${write.id.name}' cannot be changed.`);
}

function validateTwin(siblings: readonly StoredResource[], network: string): ArmError | null {
  const twin = siblings.find(({ body }) => sameId(networkIdOf(body), network));
  if (twin === undefined) return null;
  return conflict(
    `Virtual network '${network}' is already linked to the zone by virtual network link '${twin.id.name}'.`,
  );
}

/** A network resolves a name through one zone of that name. */
function validateNamespaces(zoneId: string, network: string, world: World): ArmError | null {
  const zone = nameOf(zoneId);
  const other = world
    .list(LINKS)
    .filter(({ id, body }) => !sameId(id.parentId, zoneId) && sameId(networkIdOf(body), network))
    .find(({ id }) => sameName(nameOf(id.parentId ?? ''), zone));
  if (other === undefined) return null;
  return badRequest(
    'A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link virtual network ' +
      `with '${zone}' and '${nameOf(other.id.parentId ?? '')}' zones.`,
  );
}

/** A network registers its machines in one zone only. */
function validateRegistration(
  write: Write,
  zoneId: string,
  network: string,
  siblings: readonly StoredResource[],
  world: World,
): ArmError | null {
  if (!flagAt(write.body, 'properties', 'registrationEnabled')) return null;
  const elsewhere = world
    .list(LINKS)
    .some(
      ({ id, body, ...rest }) =>
        !sameId(id.parentId, zoneId) && sameId(networkIdOf(body), network) && registers({ id, body, ...rest }),
    );
  if (elsewhere) {
    return conflict(
      `Virtual network '${network}' is already linked to another private DNS zone with registration enabled.`,
    );
  }
  if (siblings.filter(registers).length < MOST_REGISTRATION_LINKS) return null;
  return badRequest(
    `A private DNS zone cannot have more than ${MOST_REGISTRATION_LINKS} virtual network links with registration enabled.`,
  );
}

function validateCounts(write: Write, siblings: readonly StoredResource[]): ArmError | null {
  if (write.existing !== undefined || siblings.length < MOST_LINKS) return null;
  return badRequest(`A private DNS zone cannot have more than ${MOST_LINKS} virtual network links.`);
}

function validatePolicy(write: Write, zoneId: string): ArmError | null {
  const policy = textAt(write.body, 'properties', 'resolutionPolicy');
  if (policy === undefined || isPrivatelink(zoneId)) return null;
  return firstOf([policy], () =>
    badRequest(`Resolution policy '${policy}' is allowed for links of privatelink zones only.`),
  );
}
