/** A value as JSON carries it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** True for a plain JSON object: not null, not an array, not a scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON merge patch: objects merge, `null` removes, all else replaces. */
export function applyMergePatch(target: JsonObject, change: JsonObject): JsonObject {
  const result: Record<string, Json | undefined> = { ...target };
  for (const [name, value] of Object.entries(change)) {
    const old = result[name];
    if (value === null) delete result[name];
    else if (isJsonObject(value)) result[name] = applyMergePatch(isJsonObject(old) ? old : {}, value);
    else result[name] = value;
  }
  return result;
}
