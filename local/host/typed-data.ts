import type { JsonValue } from './json-value.ts';
import { parseJson } from './json-value.ts';

/** A cookie of an HTTP answer, as the worker sends it; the nullable forms wrap their value. */
export interface HttpCookie {
  readonly name?: string;
  readonly value?: string;
  readonly domain?: { readonly value?: string } | null;
  readonly path?: { readonly value?: string } | null;
  readonly expires?: { readonly value?: { readonly seconds?: number } } | null;
  readonly secure?: { readonly value?: boolean } | null;
  readonly httpOnly?: { readonly value?: boolean } | null;
  readonly maxAge?: { readonly value?: number } | null;
  /** `none` says "not given", `explicitNone` is the attribute's value None. */
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
}

/** An HTTP request on its way to a function, or an HTTP answer on its way back. */
export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: TypedData | null;
  readonly statusCode?: string;
  readonly cookies?: readonly HttpCookie[];
  readonly enableContentNegotiation?: boolean;
}

/** One value in the form in which the Functions host and a language worker exchange it: exactly one member is set. */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly stream?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

/** What a function returned as JSON text; `null` when it returned nothing. Bytes become base64 text, as .NET writes them. */
export function typedDataToJson(data: TypedData | null | undefined): string | null {
  if (data === null || data === undefined) return null;
  if (data.string !== undefined) return JSON.stringify(data.string);
  if (data.json !== undefined) return data.json;
  if (data.int !== undefined) return JSON.stringify(data.int);
  if (data.double !== undefined) return JSON.stringify(data.double);
  const bytes = data.bytes ?? data.stream;
  if (bytes !== undefined) return JSON.stringify(Buffer.from(bytes).toString('base64'));
  throw new TypeError(`A function returned a value of an unknown form: ${Object.keys(data).join(', ')}.`);
}

/** An activity's input as the extension hands it over: booleans as .NET prints them, nothing for null. */
export function activityInput(inputJson: string | null): TypedData | undefined {
  const value: JsonValue = inputJson === null ? null : parseJson(inputJson);
  if (value === null) return undefined;
  if (typeof value === 'boolean') return { string: value ? 'True' : 'False' };
  return { string: typeof value === 'string' ? value : JSON.stringify(value) };
}
