import type { Clock } from '../clock.ts';
import type { ArmError } from './arm-error.ts';
import { cleanId, parseTarget } from './arm-path.ts';
import {
  BUILT_IN_ROLES,
  type Grant,
  isAllowed,
  type Permission,
  permissionsAt,
  roleDefinitionName,
} from './authorization.ts';
import type { Catalogue } from './catalogue.ts';
import { isJsonObject, type Json } from './json.ts';
import type { ResourceTable } from './resource-table.ts';
import type { StoredResource } from './resource-type.ts';
import { seededRandom } from './seeded-random.ts';
import type { PrincipalSetting, SimulationSettings } from './simulation-settings.ts';
import { MANAGED_IDENTITY } from './token-issuer.ts';

/** Who makes a request. */
export interface Caller {
  /** `managed-identity`, or the name in `x-sim-principal`. */
  readonly name: string;
  readonly objectId: string;
  readonly clientId: string;
  /** Absent: no person, but a service. */
  readonly person?: { readonly displayName: string; readonly userPrincipalName: string };
}

/** Microsoft documents up to 10 minutes for a role assignment to spread. */
const LONGEST_PROPAGATION_SECONDS = 600;

/** Who may do what where: principals from the controls, role assignments from ARM itself. */
export class AccessControl {
  readonly #settings: SimulationSettings;
  readonly #resources: ResourceTable;
  readonly #catalogue: Catalogue;
  readonly #clock: Clock;

  constructor(settings: SimulationSettings, resources: ResourceTable, catalogue: Catalogue, clock: Clock) {
    this.#settings = settings;
    this.#resources = resources;
    this.#catalogue = catalogue;
    this.#clock = clock;
  }

  /** Somebody else who edits: named by `x-sim-principal`. */
  outsider(name: string): Caller {
    const { objectId = name, kind = 'person', displayName } = this.#settings.get('principals')[name] ?? {};
    // Whoever works with the app's identity is told from the app by nothing that its token says.
    if (objectId === MANAGED_IDENTITY.objectId) return { ...MANAGED_IDENTITY, name };
    if (kind === 'service') return { name, objectId, clientId: name };
    const person = { displayName: displayName ?? name, userPrincipalName: `${name.toLowerCase()}@hub.example` };
    return { name, objectId, clientId: name, person };
  }

  allows(caller: Caller, action: string, scope: string): boolean {
    return isAllowed(this.#grants(caller), caller.objectId, action, scope, this.#clock.nowMs());
  }

  permissions(objectId: string, scope: string): readonly Permission[] {
    return permissionsAt(this.#grants(this.#callerOf(objectId)), objectId, scope, this.#clock.nowMs());
  }

  /** 403 AuthorizationFailed, or null. */
  refuse(caller: Caller, action: string, scope: string): ArmError | null {
    if (this.allows(caller, action, scope)) return null;
    return {
      status: 403,
      code: 'AuthorizationFailed',
      message:
        `The client '${caller.clientId}' with object id '${caller.objectId}' does not have authorization to perform ` +
        `action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please ` +
        'refresh your credentials.',
    };
  }

  /** 403 LinkedAuthorizationFailed for the first linked scope that the caller may not use, or null. */
  refuseLinked(
    caller: Caller,
    action: string,
    scope: string,
    linked: readonly { readonly action: string; readonly scope: string }[],
  ): ArmError | null {
    const missing = linked.find((one) => !this.allows(caller, one.action, one.scope));
    if (missing === undefined) return null;
    return {
      status: 403,
      code: 'LinkedAuthorizationFailed',
      message:
        `The client '${caller.clientId}' with object id '${caller.objectId}' has permission to perform action ` +
        `'${action}' on scope '${scope}'; however, it does not have permission to perform action(s) ` +
        `'${missing.action}' on the linked scope(s) '${missing.scope}' (respectively) or the linked scope(s) are invalid.`,
    };
  }

  #callerOf(objectId: string): Caller {
    if (objectId === MANAGED_IDENTITY.objectId) return { ...MANAGED_IDENTITY };
    const named = Object.entries(this.#settings.get('principals')).find(([, one]) => one.objectId === objectId)?.[0];
    return this.outsider(named ?? objectId);
  }

  #grants(caller: Caller): readonly Grant[] {
    return [...this.#settingGrants(caller), ...this.#assignedGrants()];
  }

  #settingGrants(caller: Caller): readonly Grant[] {
    const setting: PrincipalSetting =
      this.#settings.get('principals')[caller.name] ??
      (caller.name === MANAGED_IDENTITY.name ? { roles: [{ role: 'Contributor' }] } : { roles: [{ role: 'Owner' }] });
    return setting.roles.map(({ role, actions, notActions, scope }) => ({
      principalId: caller.objectId,
      scope: scope ?? '/',
      permission: builtIn(role) ?? { actions: actions ?? [], notActions: notActions ?? [] },
      effectiveMs: 0,
    }));
  }

  #assignedGrants(): readonly Grant[] {
    return this.#resources.list('Microsoft.Authorization/roleAssignments').flatMap((assignment) => {
      const properties = isJsonObject(assignment.body.properties) ? assignment.body.properties : {};
      const permission = this.#definition(String(properties.roleDefinitionId ?? ''));
      if (permission === undefined) return [];
      return [
        {
          principalId: String(properties.principalId ?? ''),
          scope: assignment.id.scopeId ?? '/',
          permission,
          effectiveMs: assignment.createdAtMs + this.#propagationMs(assignment),
        },
      ];
    });
  }

  #propagationMs(assignment: StoredResource): number {
    const { seed, spread, rolePropagationSeconds } = this.#settings.get('latency');
    if (spread === 0) return rolePropagationSeconds * 1000;
    const random = seededRandom(`${seed} ${assignment.id.key}`)();
    return (rolePropagationSeconds + random * spread * (LONGEST_PROPAGATION_SECONDS - rolePropagationSeconds)) * 1000;
  }

  /** What a built-in or custom role definition allows. */
  #definition(roleDefinitionId: string): Permission | undefined {
    const name = roleDefinitionName(roleDefinitionId);
    const known = BUILT_IN_ROLES.find((role) => role.id === name);
    if (known !== undefined) return known.permission;
    const target = parseTarget(cleanId(roleDefinitionId), this.#catalogue);
    const custom = target.kind === 'resource' ? this.#resources.get(target.id.id) : undefined;
    const properties = custom?.body.properties;
    const permissions = isJsonObject(properties) && Array.isArray(properties.permissions) ? properties.permissions : [];
    if (custom === undefined) return undefined;
    return {
      actions: permissions.flatMap((permission) => strings(permission, 'actions')),
      notActions: permissions.flatMap((permission) => strings(permission, 'notActions')),
    };
  }
}

function builtIn(role: string | undefined): Permission | undefined {
  return BUILT_IN_ROLES.find(({ name }) => name === role)?.permission;
}

function strings(value: Json, name: string): readonly string[] {
  const list = isJsonObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}
