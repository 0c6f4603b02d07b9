/** What JSON text can say. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Whether a value is an object with members (neither an array nor null). */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value that a JSON text says. Throws a SyntaxError for anything else. */
export function parseJson(text: string): JsonValue {
  return JSON.parse(text) as JsonValue;
}
