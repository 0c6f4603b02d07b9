import type { AccessControl } from './access-control.ts';
import type { ArmError } from './arm-error.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { BUILT_IN_POLICIES } from './policy.ts';
import type { ResourceType, World, Write } from './resource-type.ts';

/** The types that Azure Resource Manager itself serves: resource groups, locks, roles, policy assignments. */
export function platformTypes(access: () => AccessControl): readonly ResourceType[] {
  return [resourceGroups, locks, policyAssignments, roleDefinitions, roleAssignments, permissions(access)];
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const resourceGroups: ResourceType = {
  type: 'Microsoft.Resources/resourceGroups',
  apiVersions: ['2021-04-01', '2022-09-01', '2023-07-01', '2024-03-01', '2024-11-01', '2025-03-01', '2025-04-01'],
  scope: 'subscription',
  tracked: true,
  namePattern: /^[-\w._()]{0,89}[-\w_()]$/,
  etag: 'none',
  asyncStyle: (kind) => (kind === 'delete' ? 'accepted-with-location' : 'synchronous'),
  store: ({ body }) => ({ body: body.managedBy === undefined ? {} : { managedBy: body.managedBy } }),
};

/** Extension resources that are done at once and carry no etag and no provisioning state. */
const plain = {
  scope: 'extension',
  tracked: false,
  etag: 'none',
  provisioningState: false,
  lists: 'around',
  locks: () => [],
} as const satisfies Partial<ResourceType>;

const locks: ResourceType = {
  ...plain,
  type: 'Microsoft.Authorization/locks',
  apiVersions: ['2016-09-01', '2017-04-01', '2020-05-01'],
  namePattern: /^[^<>%&:\\?/]{1,260}$/,
  validate: ({ body }) => {
    const level = propertiesOf(body).level;
    if (level === 'CanNotDelete' || level === 'ReadOnly') return null;
    return invalidContent(`The lock level '${String(level)}' is not one of CanNotDelete, ReadOnly.`);
  },
};

const policyAssignments: ResourceType = {
  ...plain,
  type: 'Microsoft.Authorization/policyAssignments',
  apiVersions: ['2021-06-01', '2022-06-01', '2023-04-01', '2024-04-01', '2024-05-01', '2025-01-01', '2025-03-01'],
  namePattern: /^[^<>*%&:?+\\/]{1,128}$/,
  validate: ({ body }) => {
    const definition = propertiesOf(body).policyDefinitionId;
    if (typeof definition !== 'string') return invalidContent('policyDefinitionId is required.');
    const name = definition.split('/').at(-1)?.toLowerCase();
    if (BUILT_IN_POLICIES.some((policy) => policy.name === name)) return null;
    return {
      status: 404,
      code: 'PolicyDefinitionNotFound',
      message: `The policy definition '${definition}' could not be found.`,
    };
  },
  store: ({ body, id }) => ({
    body: {
      properties: {
        enforcementMode: 'Default',
        ...propertiesOf(body),
        scope: id.scopeId ?? '',
      },
    },
  }),
};

const roleDefinitions: ResourceType = {
  ...plain,
  type: 'Microsoft.Authorization/roleDefinitions',
  apiVersions: ['2018-01-01-preview', '2022-04-01', '2022-05-01-preview'],
  namePattern: GUID,
  store: ({ body }) => ({ body: { properties: { type: 'CustomRole', ...propertiesOf(body) } } }),
};

const roleAssignments: ResourceType = {
  ...plain,
  type: 'Microsoft.Authorization/roleAssignments',
  apiVersions: ['2018-01-01-preview', '2020-04-01-preview', '2022-04-01'],
  namePattern: GUID,
  validate: validateRoleAssignment,
  store: ({ body, id, principal }) => ({
    body: {
      properties: {
        principalType: 'ServicePrincipal',
        ...propertiesOf(body),
        scope: id.scopeId ?? '',
        createdBy: principal,
      },
    },
  }),
};

function permissions(access: () => AccessControl): ResourceType {
  return {
    ...plain,
    type: 'Microsoft.Authorization/permissions',
    apiVersions: ['2015-07-01', '2018-07-01', '2022-04-01'],
    methods: ['GET'],
    collection: (scopeId, _query, _world, principal) => ({
      value: access()
        .permissions(principal, scopeId)
        .map(({ actions, notActions }) => ({
          actions: [...actions],
          notActions: [...notActions],
          dataActions: [],
          notDataActions: [],
        })),
    }),
  };
}

function validateRoleAssignment({ id, body, existing }: Write, world: World): ArmError | null {
  const { roleDefinitionId, principalId } = propertiesOf(body);
  if (typeof roleDefinitionId !== 'string' || typeof principalId !== 'string') {
    return invalidContent('roleDefinitionId and principalId are required.');
  }
  if (existing !== undefined) {
    const before = propertiesOf(existing.body);
    if (before.principalId === principalId && before.roleDefinitionId === roleDefinitionId) return null;
    return {
      status: 400,
      code: 'RoleAssignmentUpdateNotPermitted',
      message: 'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    };
  }
  const twin = world.list('Microsoft.Authorization/roleAssignments').find((other) => {
    const properties = propertiesOf(other.body);
    return (
      other.id.scopeId?.toLowerCase() === id.scopeId?.toLowerCase() &&
      properties.principalId === principalId &&
      String(properties.roleDefinitionId).split('/').at(-1) === roleDefinitionId.split('/').at(-1)
    );
  });
  if (twin === undefined) return null;
  return {
    status: 409,
    code: 'RoleAssignmentExists',
    message: `The role assignment already exists. The ID of the existing role assignment is ${twin.id.name.replaceAll('-', '')}.`,
  };
}

function invalidContent(complaint: string): ArmError {
  return {
    status: 400,
    code: 'InvalidRequestContent',
    message: `The request content was invalid and could not be deserialized: '${complaint}'.`,
  };
}

function propertiesOf(body: JsonObject): JsonObject {
  return isJsonObject(body.properties) ? body.properties : {};
}
