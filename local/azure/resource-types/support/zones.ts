import type { ArmError } from '../../arm-error.ts';
import type { StoredResource, Write } from '../../resource-type.ts';
import { textsAt } from './fields.ts';
import { REGIONS_WITHOUT_ZONES } from './network.ts';
import { refuse, zonesCannotChange } from './network-errors.ts';

/** Availability zones in order: `['1', '2', '3']`. */
export function zonesOf(body: StoredResource['body']): readonly string[] {
  return textsAt(body, 'zones').toSorted();
}

export function sameZones(a: readonly string[], b: readonly string[]): boolean {
  return a.join() === b.join();
}

/** Zones exist in the region, are 1, 2 or 3, and never change. */
export function validateZones(write: Write): ArmError | null {
  const zones = zonesOf(write.body);
  if (zones.length > 0 && REGIONS_WITHOUT_ZONES.has(write.location ?? '')) {
    return refuse(
      'LocationNotSupportAvailabilityZones',
      `The resource '${write.id.type}/${write.id.name}' does not support availability zones at location '${write.location}'.`,
    );
  }
  if (zones.some((zone) => !['1', '2', '3'].includes(zone)) || new Set(zones).size < zones.length) {
    return refuse(
      'InvalidAvailabilityZone',
      `The zone(s) '${zones.join(', ')}' for resource '${write.id.type}/${write.id.name}' is not supported. ` +
        `The supported zones for location '${write.location}' are '1,2,3'.`,
    );
  }
  if (write.existing === undefined) return null;
  const had = zonesOf(write.existing.body);
  return sameZones(had, zones) ? null : zonesCannotChange(write.id, had, zones);
}
