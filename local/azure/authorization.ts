import { cleanId, idKey, isBelow } from './arm-path.ts';

/** What a role allows: `actions` less `notActions`, with `*` for any run of characters. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** A role that somebody has on a scope and everything below it. */
export interface Grant {
  readonly principalId: string;
  readonly scope: string;
  readonly permission: Permission;
  /** Simulated time from which it counts: grants take minutes to spread. */
  readonly effectiveMs: number;
}

const EVERYTHING: Permission = { actions: ['*'], notActions: [] };

/** Microsoft's built-in roles that matter to a network, by name; `id` is the definition's name in every tenant. */
export const BUILT_IN_ROLES: readonly {
  readonly name: string;
  readonly id: string;
  readonly permission: Permission;
}[] = [
  { name: 'Owner', id: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', permission: EVERYTHING },
  {
    name: 'Contributor',
    id: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
    permission: {
      actions: ['*'],
      notActions: [
        'Microsoft.Authorization/*/Delete',
        'Microsoft.Authorization/*/Write',
        'Microsoft.Authorization/elevateAccess/Action',
        'Microsoft.Blueprint/blueprintAssignments/write',
        'Microsoft.Blueprint/blueprintAssignments/delete',
        'Microsoft.Compute/galleries/share/action',
      ],
    },
  },
  { name: 'Reader', id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', permission: { actions: ['*/read'], notActions: [] } },
  {
    name: 'Network Contributor',
    id: '4d97b98b-1d4f-4787-a291-c67834d212e7',
    permission: {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Network/*',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      notActions: [],
    },
  },
  {
    name: 'User Access Administrator',
    id: '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    permission: { actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'], notActions: [] },
  },
  {
    name: 'Role Based Access Control Administrator',
    id: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    permission: {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        '*/read',
        'Microsoft.Support/*',
      ],
      notActions: [],
    },
  },
];

/** True if a permission allows the action (`Microsoft.Network/virtualNetworks/write`); names compare without case. */
export function permits(permission: Permission, action: string): boolean {
  const covers = (pattern: string): boolean => matches(pattern, action);
  return permission.actions.some(covers) && !permission.notActions.some(covers);
}

/** True if any grant of the principal that counts by now allows the action on the scope. */
export function isAllowed(
  grants: readonly Grant[],
  principalId: string,
  action: string,
  scope: string,
  nowMs: number,
): boolean {
  return permissionsAt(grants, principalId, scope, nowMs).some((permission) => permits(permission, action));
}

/** What a principal may do on a scope, grant by grant. */
export function permissionsAt(
  grants: readonly Grant[],
  principalId: string,
  scope: string,
  nowMs: number,
): readonly Permission[] {
  const key = idKey(scope);
  return grants
    .filter((grant) => grant.principalId === principalId && grant.effectiveMs <= nowMs)
    .filter((grant) => {
      const grantKey = idKey(grant.scope);
      return grantKey === key || isBelow(key, grantKey);
    })
    .map((grant) => grant.permission);
}

/** The name of a role definition, from its id. */
export function roleDefinitionName(roleDefinitionId: string): string {
  return cleanId(roleDefinitionId).split('/').at(-1)?.toLowerCase() ?? '';
}

function matches(pattern: string, action: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`, 'i').test(action);
}
