import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** `Array.isArray` for JSON, which keeps the members' type. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Own property of an object: never one of its prototype. */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** An object of these members, in this order; undefined ones are left out. A member may have any name at all. */
export function objectOf(members: Iterable<readonly [string, Json | undefined]>): JsonObject {
  // fromEntries defines properties, where an assignment to `__proto__` would change the prototype.
  return Object.fromEntries([...members].filter(([, value]) => value !== undefined));
}

/** What names a member of an array: the text at its key property (a path of property names is allowed). */
export function memberKey(member: Json, keyProperty: string): string | undefined {
  let value: Json | undefined = member;
  for (const name of keyProperty.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = own(value, name);
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/**
 * What a name in a map stands for: names of tags, and ARM ids used as names, compare without case, since ARM respells
 * both.
 */
export function mapKey(parentPath: string, name: string): string {
  return parentPath === 'tags' || name.startsWith('/') ? name.toLowerCase() : name;
}

/** ARM treats a property that is null as one that is left out. */
export function isAbsent(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** Whether a text looks like an ARM id, the case of which means nothing. */
export function isIdLike(text: string): boolean {
  return text.startsWith('/');
}
