import type { ArmError } from './arm-error.ts';
import { idKey, isBelow } from './arm-path.ts';
import { normaliseLocation } from './catalogue.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { ResourceTable } from './resource-table.ts';
import type { ResourceId, StoredResource } from './resource-type.ts';

/** A built-in policy definition that the simulation enforces. */
export interface BuiltInPolicy {
  /** Microsoft's name of the definition, the same in every tenant. */
  readonly name: string;
  readonly displayName: string;
  /** Name of its one parameter. */
  readonly parameter: string;
  /** True if a write must not be. */
  denies(values: readonly string[], type: string, location: string | undefined): boolean;
}

const RESOURCE_GROUPS = 'microsoft.resources/resourcegroups';

export const BUILT_IN_POLICIES: readonly BuiltInPolicy[] = [
  {
    name: 'e56962a6-4747-49cd-b67b-bf8b01975c4c',
    displayName: 'Allowed locations',
    parameter: 'listOfAllowedLocations',
    denies: (values, type, location) =>
      type.toLowerCase() !== RESOURCE_GROUPS &&
      location !== undefined &&
      location !== 'global' &&
      !has(values, location),
  },
  {
    name: 'e765b5de-1225-4ba3-bd56-1ac6695af988',
    displayName: 'Allowed locations for resource groups',
    parameter: 'listOfAllowedLocations',
    denies: (values, type, location) =>
      type.toLowerCase() === RESOURCE_GROUPS && location !== undefined && !has(values, location),
  },
  {
    name: '6c112d4e-5bc7-47ae-a041-ea2d9dccd749',
    displayName: 'Not allowed resource types',
    parameter: 'listOfResourceTypesNotAllowed',
    denies: (values, type) => values.some((value) => value.toLowerCase() === type.toLowerCase()),
  },
];

/** 403 RequestDisallowedByPolicy for a write that an assignment above it denies, or null. */
export function refuseByPolicy(
  resources: ResourceTable,
  id: ResourceId,
  location: string | undefined,
): ArmError | null {
  const denying = resources.list('Microsoft.Authorization/policyAssignments').filter((assignment) => {
    const policy = policyOf(assignment);
    return (
      policy !== undefined && appliesTo(assignment, id) && policy.denies(values(assignment, policy), id.type, location)
    );
  });
  if (denying.length === 0) return null;
  const identifiers = denying.map((assignment) => ({
    policyAssignment: { name: displayName(assignment), id: assignment.id.id },
    policyDefinition: { name: policyOf(assignment)?.displayName ?? '', id: definitionId(assignment) },
  }));
  return {
    status: 403,
    code: 'RequestDisallowedByPolicy',
    target: id.name,
    message: `Resource '${id.name}' was disallowed by policy. Policy identifiers: '${JSON.stringify(identifiers)}'.`,
    additionalInfo: denying.map((assignment) => ({ type: 'PolicyViolation', info: violation(assignment) })),
  };
}

function violation(assignment: StoredResource): Json {
  const policy = policyOf(assignment);
  return {
    policyDefinitionDisplayName: policy?.displayName ?? '',
    policyDefinitionId: definitionId(assignment),
    policyDefinitionName: policy?.name ?? '',
    policyDefinitionEffect: 'deny',
    policyAssignmentId: assignment.id.id,
    policyAssignmentName: assignment.id.name,
    policyAssignmentDisplayName: displayName(assignment),
    policyAssignmentScope: assignment.id.scopeId ?? '',
  };
}

function appliesTo(assignment: StoredResource, id: ResourceId): boolean {
  const properties = propertiesOf(assignment);
  if (properties.enforcementMode === 'DoNotEnforce') return false;
  const within = (scope: string): boolean => idKey(scope) === id.key || isBelow(id.key, idKey(scope));
  const excluded = Array.isArray(properties.notScopes) ? properties.notScopes : [];
  if (excluded.some((scope) => typeof scope === 'string' && within(scope))) return false;
  return assignment.id.scopeId !== undefined && within(assignment.id.scopeId);
}

function policyOf(assignment: StoredResource): BuiltInPolicy | undefined {
  const name = definitionId(assignment).split('/').at(-1)?.toLowerCase();
  return BUILT_IN_POLICIES.find((policy) => policy.name === name);
}

function values(assignment: StoredResource, policy: BuiltInPolicy): readonly string[] {
  const parameters = propertiesOf(assignment).parameters;
  const parameter = isJsonObject(parameters) ? parameters[policy.parameter] : undefined;
  const list = isJsonObject(parameter) ? parameter.value : undefined;
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function definitionId(assignment: StoredResource): string {
  return String(propertiesOf(assignment).policyDefinitionId ?? '');
}

function displayName(assignment: StoredResource): string {
  return String(propertiesOf(assignment).displayName ?? assignment.id.name);
}

function propertiesOf(assignment: StoredResource): JsonObject {
  return isJsonObject(assignment.body.properties) ? assignment.body.properties : {};
}

function has(values: readonly string[], location: string): boolean {
  return values.some((value) => normaliseLocation(value) === location);
}
