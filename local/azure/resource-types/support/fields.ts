import { isJsonObject, type Json, type JsonObject } from '../../json.ts';

/** What is at the path, `undefined` for a missing step or a JSON null. */
export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const step of path) here = isJsonObject(here) ? here[step] : undefined;
  return here === null ? undefined : here;
}

/** The object at the path; an empty one where there is none. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isJsonObject(found) ? found : {};
}

/** The objects of the array at the path; none where there is no array. */
export function objectsAt(value: Json | undefined, ...path: readonly string[]): readonly JsonObject[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter(isJsonObject) : [];
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function textsAt(value: Json | undefined, ...path: readonly string[]): readonly string[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

export function numberAt(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** True only where the path holds a JSON true. */
export function flagAt(value: Json | undefined, ...path: readonly string[]): boolean {
  return valueAt(value, ...path) === true;
}

/** The object without those properties. */
export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** ARM reads a JSON null as "not there", at every depth. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner !== undefined && inner !== null) kept[name] = withoutNulls(inner);
  }
  return kept;
}

/** A property for a spread: nothing where the value is absent. */
export function given(name: string, value: Json | undefined): JsonObject {
  return value === undefined || value === null ? {} : { [name]: value };
}
