import type { AsyncStyle, OperationKind } from '../../resource-type.ts';

/** Newest last; all three are in use by the SDKs of 2025 and 2026. */
export const NETWORK_API_VERSIONS: readonly string[] = ['2025-05-01', '2025-09-01', '2026-01-01'];

/** How Microsoft.Network starts its operations. */
export function networkStyle(kind: OperationKind): AsyncStyle {
  return kind === 'delete' ? 'accepted-with-both' : 'body-and-async-operation';
}

/** Least and most simulated seconds of an operation. */
export type DurationSeconds = readonly [least: number, most: number];

/** A duration between the two: the middle for an even draw of one half. */
export function spread([least, most]: DurationSeconds, random: () => number): number {
  return Math.round(least + (most - least) * random());
}

/** What creating, updating and deleting take. */
export interface Durations {
  readonly create: DurationSeconds;
  readonly update: DurationSeconds;
  readonly delete: DurationSeconds;
}

/** `durationSeconds` of a type whose operations do not depend on anything else. */
export function durations(table: Durations): (kind: string, write: unknown, random: () => number) => number {
  return (kind, _write, random) => {
    if (kind === 'create') return spread(table.create, random);
    if (kind === 'delete') return spread(table.delete, random);
    return spread(table.update, random);
  };
}

/** Less than a minute in Microsoft's documents; seconds in practice. */
export const SMALL_RESOURCE: Durations = { create: [4, 12], update: [4, 12], delete: [4, 12] };

/** Regions without availability zones. */
export const REGIONS_WITHOUT_ZONES: ReadonlySet<string> = new Set([
  'ukwest',
  'northcentralus',
  'westus',
  'canadaeast',
  'australiasoutheast',
  'southindia',
]);
