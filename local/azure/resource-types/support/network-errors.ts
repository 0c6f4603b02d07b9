import { type ArmError, networkError } from '../../arm-error.ts';
import type { ResourceId } from '../../resource-type.ts';

/** A refusal of the provider: 400 unless said otherwise. */
export function refuse(code: string, message: string, status = 400): ArmError {
  return networkError(status, code, message);
}

/** The body does not have the shape that the provider reads. */
export function unreadable(code: string, message: string): ArmError {
  return networkError(400, 'InvalidRequestFormat', 'Cannot parse the request.', [{ code, message }]);
}

export function missingProperty(id: string, property: string): ArmError {
  return unreadable('MissingRequiredProperty', `Required property '${property}' of resource ${id} is missing.`);
}

/** First refusal of a list of checks; checks after it are not made. */
export function firstError(...checks: readonly (() => ArmError | null)[]): ArmError | null {
  for (const check of checks) {
    const error = check();
    if (error !== null) return error;
  }
  return null;
}

/** First refusal among the items. */
export function firstOf<Item>(items: Iterable<Item>, check: (item: Item) => ArmError | null): ArmError | null {
  for (const item of items) {
    const error = check(item);
    if (error !== null) return error;
  }
  return null;
}

export function invalidReference(to: string, by: string): ArmError {
  return refuse(
    'InvalidResourceReference',
    `Resource ${to} referenced by resource ${by} was not found. Please make sure that the referenced resource exists, ` +
      'and that both resources are in the same region.',
  );
}

/** 400 ReferencedResourceNotProvisioned: worth a retry, though its status does not say so. */
export function notProvisioned(to: string, by: string, state: string, operation: string): ArmError {
  return refuse(
    'ReferencedResourceNotProvisioned',
    `Cannot proceed with operation because resource ${to} used by resource ${by} is not in Succeeded state. ` +
      `Resource is in ${state} state and the last operation that updated/is updating the resource is ${operation}.`,
  );
}

export function zonesCannotChange(id: ResourceId, had: readonly string[], wants: readonly string[]): ArmError {
  const list = (zones: readonly string[]) => (zones.length === 0 ? 'NoZone' : zones.join(', '));
  return refuse(
    'ResourceAvailabilityZonesCannotBeModified',
    `Resource ${id.id} has an existing availability zone constraint ${list(had)} and the request has availability zone ` +
      `constraint ${list(wants)}, which do not match. Zones cannot be added/updated/removed once the resource is created. ` +
      'The resource cannot be updated from regional to zonal or vice-versa.',
  );
}

export function limitReached(code: string, limit: number, what: string): ArmError {
  return refuse(code, `Cannot create more than ${limit} ${what}.`);
}
