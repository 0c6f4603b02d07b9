import { normaliseId } from './graph.ts';

/** The scope that is the entire baseline. */
export const EVERYTHING = 'everything';

/** A change, a desired node or a ledger row: something that has an id and is of a part of the baseline. */
export interface ScopedResource {
  readonly id: string;
  readonly scope: string;
}

/** Whether an ARM id is, or lies in, the resource, group or subscription of another one. */
export function isAtOrIn(id: string, around: string): boolean {
  const key = normaliseId(id);
  const outer = normaliseId(around).replace(/\/+$/, '');
  return key === outer || key.startsWith(`${outer}/`);
}

/**
 * Whether a resource is of a scope: `everything`; the ARM id of it or of what it is in; a word such as `hub`; a part
 * such as `spoke:web`, where `spoke` alone stands for every spoke.
 */
export function scopeCovers(scope: string, resource: ScopedResource): boolean {
  const wanted = scope.toLowerCase();
  if (wanted === EVERYTHING) return true;
  if (scope.startsWith('/')) return isAtOrIn(resource.id, scope);
  const own = resource.scope.toLowerCase();
  return own === wanted || own.startsWith(`${wanted}:`);
}
