import type { ArmError } from './arm-error.ts';
import { idKey, isBelow } from './arm-path.ts';
import { isJsonObject } from './json.ts';
import type { ResourceTable } from './resource-table.ts';

/**
 * 409 ScopeLocked, or null. A ReadOnly lock refuses writes, deletes and actions on its scope and below; a CanNotDelete
 * lock refuses deletes there. A delete also meets the locks on what is below the thing to be deleted.
 */
export function refuseLocked(resources: ResourceTable, id: string, operation: 'write' | 'delete'): ArmError | null {
  const key = idKey(id);
  const locked = resources
    .list('Microsoft.Authorization/locks')
    .filter((lock) => {
      const scope = lock.id.scopeId;
      if (scope === undefined) return false;
      const properties = isJsonObject(lock.body.properties) ? lock.body.properties : {};
      const readOnly = String(properties.level).toLowerCase() === 'readonly';
      if (operation === 'write' && !readOnly) return false;
      const scopeKey = idKey(scope);
      const applies = scopeKey === key || isBelow(key, scopeKey);
      return applies || (operation === 'delete' && isBelow(scopeKey, key));
    })
    .map((lock) => lock.id.scopeId);
  if (locked.length === 0) return null;
  return {
    status: 409,
    code: 'ScopeLocked',
    message:
      `The scope '${id}' cannot perform ${operation} operation because following scope(s) are locked: ` +
      `'${[...new Set(locked)].join("', '")}'. Please remove the lock and try again.`,
  };
}
