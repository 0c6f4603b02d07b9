import { idKey, isBelow } from './arm-path.ts';
import type { ArmRequest } from './arm-request.ts';
import { isJsonObject, type Json } from './json.ts';
import type { ResourceTable } from './resource-table.ts';
import type { ResourceType, StoredResource } from './resource-type.ts';

/** What a list of a type on a scope holds. */
export function listed(
  type: ResourceType,
  scopeId: string,
  query: Readonly<Record<string, string>>,
  resources: ResourceTable,
): readonly StoredResource[] {
  const scope = idKey(scopeId);
  if (type.scope === 'extension') {
    const atScope = /atScope\(\)/i.test(query.$filter ?? '');
    return resources.list(type.type).filter(({ id }) => {
      const own = idKey(id.scopeId ?? '');
      if (own === scope) return true;
      if (type.lists !== 'around') return false;
      return isBelow(scope, own) || (!atScope && isBelow(own, scope));
    });
  }
  if (type.type.split('/').length > 2) return resources.children(scopeId, type.type);
  return resources.list(type.type, scopeId);
}

/** `principalId eq '…'` and `assignedTo('…')` of role assignments. */
export function filterFits(resource: StoredResource, query: Readonly<Record<string, string>>): boolean {
  const wanted = /(?:principalId eq |assignedTo\()'([^']+)'/i.exec(query.$filter ?? '')?.[1];
  if (wanted === undefined) return true;
  const { properties } = resource.body;
  return isJsonObject(properties) && properties.principalId === wanted;
}

/** One page of a list, with a link to the next if there is more. */
export function pageOf(
  request: ArmRequest,
  query: Readonly<Record<string, string>>,
  pageSize: number,
  found: readonly StoredResource[],
  present: (resource: StoredResource) => Json,
): Json {
  const start = Number(Buffer.from(query.$skiptoken ?? '', 'base64url').toString() || '0') || 0;
  const size = Math.min(pageSize, Number(query.$top ?? pageSize) || pageSize);
  const value = found.slice(start, start + size).map(present);
  if (start + size >= found.length) return { value };
  const next = new URL(request.url, request.baseUrl);
  next.searchParams.set('$skiptoken', Buffer.from(String(start + size)).toString('base64url'));
  return { value, nextLink: next.toString() };
}
