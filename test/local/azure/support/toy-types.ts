import { networkError } from '../../../../local/azure/arm-error.ts';
import { isJsonObject, type JsonObject } from '../../../../local/azure/json.ts';
import type { ResourceType } from '../../../../local/azure/resource-type.ts';

function properties(body: JsonObject): JsonObject {
  return isJsonObject(body.properties) ? body.properties : {};
}

/** Invented types, one for each way in which the engine lets types differ. */
export const toyTypes: readonly ResourceType[] = [
  {
    type: 'Microsoft.Toy/boxes',
    apiVersions: ['2024-01-01', '2025-01-01'],
    scope: 'resourceGroup',
    tracked: true,
    etag: 'family',
    asyncStyle: (kind) => (kind === 'delete' ? 'accepted-with-both' : 'body-and-async-operation'),
    durationSeconds: (kind) => (kind === 'delete' ? 30 : 60),
    present: ({ body, id }, world) => ({
      ...body,
      properties: {
        ...properties(body),
        parts: world.children(id.id, 'Microsoft.Toy/boxes/parts').map((part) => ({ id: part.id.id, etag: part.etag })),
      },
    }),
    canDelete: ({ id }, world) =>
      world.referencedWithin(id.id).length === 0 ? null : networkError(400, 'InUseBoxCannotBeDeleted', 'In use.'),
    quota: {
      name: 'Boxes',
      localizedName: 'Boxes',
      limit: 4,
      error: (limit) => networkError(400, 'BoxCountLimitReached', `Cannot create more than ${limit} boxes.`),
    },
    actions: {
      shake: {
        asyncStyle: 'accepted-with-location',
        durationSeconds: () => 20,
        run: ({ id }) => ({ answer: { shaken: id.name } }),
      },
      weigh: { run: () => ({ answer: { kilograms: 7 } }) },
    },
  },
  {
    type: 'Microsoft.Toy/boxes/parts',
    apiVersions: ['2025-01-01'],
    scope: 'resourceGroup',
    tracked: false,
    etag: 'family',
    asyncStyle: (kind) => (kind === 'delete' ? 'accepted-with-both' : 'body-and-async-operation'),
    durationSeconds: () => 10,
  },
  {
    type: 'Microsoft.Toy/engines',
    apiVersions: ['2025-01-01'],
    scope: 'resourceGroup',
    tracked: true,
    conflict: 'supersede',
    asyncStyle: (kind) => (kind === 'delete' ? 'accepted-with-both' : 'body-and-async-operation'),
    durationSeconds: () => 300,
    references: (id, body) => {
      const box = properties(body).box;
      return typeof box === 'string'
        ? [{ to: box, by: `${id.id}/holders/first`, linkedAction: 'Microsoft.Toy/boxes/join/action' }]
        : [];
    },
    whenSettled: ({ id, body, location, tags }) => [
      {
        kind: 'put',
        resource: {
          id: id.id,
          ...(location === undefined ? {} : { location }),
          ...(tags === undefined ? {} : { tags }),
          body: { ...body, properties: { ...properties(body), address: '10.0.0.4' } },
        },
      },
    ],
  },
  {
    type: 'Microsoft.Toy/zones',
    apiVersions: ['2025-01-01'],
    scope: 'resourceGroup',
    tracked: true,
    locations: ['global'],
    namePattern: /^[a-z.]+$/,
    asyncStyle: () => 'accepted-with-both',
    durationSeconds: () => 40,
  },
  {
    type: 'Microsoft.Toy/notes',
    apiVersions: ['2025-01-01'],
    scope: 'extension',
    createdStatus: 200,
    tracked: false,
    etag: 'none',
    provisioningState: false,
  },
];
