import type { NetworkUsage } from '../azure/network-usages.ts';
import type { Action } from '../plan/kind.ts';
import type { Problem } from '../problem.ts';

/** What a run wants to do, as far as Azure can say beforehand whether it may. */
export interface WantedWrite {
  readonly id: string;
  readonly action: Action;
  /** ARM type. */
  readonly type: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location?: string;
}

/** A problem found before a write, and the changes that would fail for it. */
export interface Unfit {
  readonly problem: Problem;
  /** Ids, as in the changes. */
  readonly ids: readonly string[];
}

/** One entry of ARM's answer about permissions. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** A policy assignment of one of the built-in definitions whose denials are known beforehand. */
export interface PolicyAssignment {
  readonly id: string;
  readonly name: string;
  readonly definitionId: string;
  readonly enforced: boolean;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly notScopes: readonly string[];
}

/** Built-in policy definitions (Microsoft publishes these ids; they are the same in every tenant). */
const ALLOWED_LOCATIONS = 'e56962a6-4747-49cd-b67b-bf8b01975c4c';
const ALLOWED_LOCATIONS_OF_GROUPS = 'e765b5de-1225-4ba3-bd56-1ac6695af988';
const NOT_ALLOWED_TYPES = '6c112d4e-5bc7-47ae-a041-ea2d9dccd749';

/** Code of a problem of quotas, found before the first write. */
export const QUOTA_EXCEEDED = 'QuotaExceeded';

/** Names of the network quotas that creating a type counts against. */
const QUOTAS: Readonly<Record<string, readonly string[]>> = {
  'microsoft.network/virtualnetworks': ['VirtualNetworks'],
  'microsoft.network/networksecuritygroups': ['NetworkSecurityGroups'],
  'microsoft.network/routetables': ['RouteTables'],
  'microsoft.network/publicipaddresses': [
    'PublicIPAddresses',
    'StaticPublicIPAddresses',
    'StandardSkuPublicIpAddresses',
  ],
  'microsoft.network/publicipprefixes': ['PublicIpPrefixes'],
  'microsoft.network/natgateways': ['NatGateways'],
  'microsoft.network/azurefirewalls': ['AzureFirewalls'],
};

/** A wildcard action pattern as role definitions have them: `*` stands for any text. */
function matches(pattern: string, action: string): boolean {
  const expression = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${expression}$`, 'i').test(action);
}

/** Whether permissions allow an action: some entry grants it and does not take it back. */
export function isPermitted(permissions: readonly Permission[], action: string): boolean {
  return permissions.some(
    (permission) =>
      permission.actions.some((pattern) => matches(pattern, action)) &&
      !permission.notActions.some((pattern) => matches(pattern, action)),
  );
}

/** Writes that the identity's permissions in a resource group do not allow: one problem for each action. */
export function permissionProblems(
  writes: readonly WantedWrite[],
  permissions: readonly Permission[],
  groupId: string,
): readonly Unfit[] {
  const byAction = Map.groupBy(writes, ({ type, action }) => `${type}/${action === 'delete' ? 'delete' : 'write'}`);
  return [...byAction]
    .filter(([action]) => !isPermitted(permissions, action))
    .map(([action, ofAction]) => ({
      problem: {
        code: 'MissingPermission',
        actor: 'operator',
        message: `The app's identity may not do ${action} in the resource group.`,
        remedy: `Grant it a role with ${action} at this resource group or above (infra/ has the role), then reconcile.`,
        resource: groupId,
      },
      ids: idsOf(ofAction),
    }));
}

/** Ids of the changes that writes are of. */
export function idsOf(writes: readonly WantedWrite[]): readonly string[] {
  return writes.map(({ id }) => id);
}

/** How many more resources of a type fit into the region's quotas; null: no quota that is known bounds it. */
export function quotaRoom(type: string, usages: readonly NetworkUsage[]): number | null {
  const names = QUOTAS[type.toLowerCase()] ?? [];
  const left = usages.filter(({ name }) => names.includes(name)).map(({ used, limit }) => Math.max(0, limit - used));
  return left.length === 0 ? null : Math.min(...left);
}

/** New resources that would not fit into the region's quotas. */
export function quotaProblems(
  writes: readonly WantedWrite[],
  usages: readonly NetworkUsage[],
  subscriptionId: string,
  location: string,
): readonly Unfit[] {
  const creates = writes.filter(({ action }) => action === 'create');
  return usages.flatMap(({ name, used, limit }): Unfit[] => {
    const wanted = creates.filter(({ type }) => QUOTAS[type.toLowerCase()]?.includes(name));
    if (wanted.length === 0 || used + wanted.length <= limit) return [];
    const problem: Problem = {
      code: QUOTA_EXCEEDED,
      actor: 'operator',
      message: `The plan needs ${wanted.length} more ${name} in ${location}; ${used} of ${limit} are used.`,
      remedy: 'Ask Microsoft for a higher quota in this region, or ask for less in the spec.',
      resource: `/subscriptions/${subscriptionId}`,
    };
    return [{ problem, ids: idsOf(wanted) }];
  });
}

/** Writes that an enforced built-in policy denies whatever else happens. */
export function policyProblems(
  writes: readonly WantedWrite[],
  assignments: readonly PolicyAssignment[],
): readonly Unfit[] {
  return writes
    .filter((write) => write.action !== 'delete')
    .flatMap((write) => assignments.flatMap((assignment) => denialOf(write, assignment)));
}

function denialOf(write: WantedWrite, assignment: PolicyAssignment): readonly Unfit[] {
  const inside = (scope: string) => `${write.id.toLowerCase()}/`.startsWith(`${scope.toLowerCase()}/`);
  if (!assignment.enforced || assignment.notScopes.some(inside)) return [];
  const definition = assignment.definitionId.slice(assignment.definitionId.lastIndexOf('/') + 1).toLowerCase();
  const has = (parameter: string, value: string) =>
    (assignment.parameters[parameter] ?? []).some(
      (allowed) => allowed.replaceAll(' ', '').toLowerCase() === value.toLowerCase(),
    );
  const isGroup = write.type.toLowerCase() === 'microsoft.resources/resourcegroups';
  const denied =
    (definition === ALLOWED_LOCATIONS &&
      !isGroup &&
      write.location !== undefined &&
      write.location !== 'global' &&
      !has('listOfAllowedLocations', write.location)) ||
    (definition === ALLOWED_LOCATIONS_OF_GROUPS &&
      isGroup &&
      write.location !== undefined &&
      !has('listOfAllowedLocations', write.location)) ||
    (definition === NOT_ALLOWED_TYPES && has('listOfResourceTypesNotAllowed', write.type));
  if (!denied) return [];
  const problem: Problem = {
    code: 'DeniedByPolicy',
    actor: 'operator',
    message: `The policy assignment '${assignment.name}' denies ${definition === NOT_ALLOWED_TYPES ? `the type ${write.type}` : `the location ${write.location}`}.`,
    remedy: 'Change the spec to what the policy allows, or ask its owner for an exemption.',
    resource: write.id,
  };
  return [{ problem, ids: [write.id] }];
}

/** Writes outside the scopes that the operator of the app allows. */
export function allowListProblems(writes: readonly WantedWrite[], allowedScopes: readonly string[]): readonly Unfit[] {
  if (allowedScopes.length === 0) return [];
  return writes
    .filter((write) => !isInsideAny(write.id, allowedScopes))
    .map(({ id }) => ({
      problem: {
        code: 'OutsideAllowedScopes',
        actor: 'operator',
        message: 'The resource is outside the scopes in which the app may write.',
        remedy: 'Add its scope to HUBKEEPER_ALLOWED_SCOPES, or take it out of the spec.',
        resource: id,
      },
      ids: [id],
    }));
}

/** Whether an id is at or below one of the scopes. */
export function isInsideAny(id: string, scopes: readonly string[]): boolean {
  return scopes.some((scope) => `${id.toLowerCase()}/`.startsWith(`${scope.replace(/\/+$/, '').toLowerCase()}/`));
}
