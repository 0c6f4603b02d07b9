import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import { normaliseId } from '../../plan/graph.ts';
import { entryPath, parsePath } from '../../plan/property-path.ts';
import { own } from '../../plan/values.ts';
import { parentId } from '../arm-id.ts';

/** Every value at the places of a pattern; arrays of scalars are opened by a final `[]`. */
export function valuesAt(body: Json, pattern: string): readonly Json[] {
  let found: readonly Json[] = [body];
  for (const segment of parsePath(pattern)) {
    found = found.flatMap((value): readonly Json[] => {
      if (segment.type === 'anyEntry') return Array.isArray(value) ? value : [];
      if (!isJsonObject(value)) return [];
      if (segment.type === 'anyProperty') return Object.values(value).filter((member) => member !== undefined);
      const member = segment.type === 'property' ? own(value, segment.name) : undefined;
      return member === undefined ? [] : [member];
    });
  }
  return found;
}

/** The ids at the places of these patterns, each once. */
export function referencesAt(body: JsonObject, patterns: readonly string[]): readonly string[] {
  const ids = patterns.flatMap((pattern) => valuesAt(body, pattern)).filter((value) => typeof value === 'string');
  const byKey = new Map(ids.map((id) => [normaliseId(id), id]));
  return [...byKey.values()];
}

/** Members of a named array that are not ours, as `subnet snet-theirs`. */
export function foreignEntries(
  actual: JsonObject,
  path: string,
  what: string,
  isOurs: (entryPathOrId: string) => boolean,
  key = 'name',
): readonly string[] {
  return valuesAt(actual, `${path}[]`)
    .map((member) => (isJsonObject(member) ? own(member, key) : undefined))
    .filter((name) => typeof name === 'string')
    .filter((name) => !isOurs(entryPath(path, name)))
    .map((name) => `${what} ${name}`);
}

/** Users of a resource, known from its back references, that are not ours. */
export function foreignUsers(
  actual: JsonObject,
  patterns: readonly string[],
  isOurs: (entryPathOrId: string) => boolean,
): readonly string[] {
  return referencesAt(actual, patterns)
    .filter((id) => !isOurs(id))
    .map((id) => `used by ${id}`);
}

/** The same where a back reference names a part of the user: a subnet of a network, an ipConfiguration of a firewall. */
export function foreignUsersByPart(
  actual: JsonObject,
  patterns: readonly string[],
  isOurs: (entryPathOrId: string) => boolean,
): readonly string[] {
  return foreignUsers(actual, patterns, (id) => isOurs(parentId(id)));
}
