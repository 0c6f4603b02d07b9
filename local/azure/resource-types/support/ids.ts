import { createHash } from 'node:crypto';

/** ARM ids compare without case. */
export function sameId(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}

/** Names of children compare without case. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The last segment of an id. */
export function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** The id without its last type and name: of a subnet, its virtual network. */
export function parentOf(id: string): string {
  return id.split('/').slice(0, -2).join('/');
}

/** `/subscriptions/{subscription}`, in lower case. */
export function subscriptionOf(id: string): string {
  return id.toLowerCase().split('/').slice(0, 3).join('/');
}

/** `/subscriptions/{subscription}/resourceGroups/{group}`, in lower case. */
export function resourceGroupOf(id: string): string {
  return id.toLowerCase().split('/').slice(0, 5).join('/');
}

/** Last word of the type in an id, in lower case: `subnets`. */
export function kindOf(id: string): string {
  return (id.split('/').at(-2) ?? '').toLowerCase();
}

/** A guid that is always the same for the same text: simulations with one seed tell one story. */
export function guidOf(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(parts.join('\n').toLowerCase()).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
