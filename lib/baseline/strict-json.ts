import type { Json } from '../json.ts';

/** Bounds of a strict reading. */
export interface StrictJsonLimits {
  readonly maxDepth: number;
  readonly maxValues: number;
  readonly refusedKeys: ReadonlySet<string>;
}

/** JSON as plain data, or the first fault and where it is. */
export type StrictJsonResult =
  | { readonly ok: true; readonly value: Json }
  | {
      readonly ok: false;
      readonly code:
        | 'DocumentSyntax'
        | 'DocumentDuplicateKey'
        | 'DocumentKeyRefused'
        | 'DocumentTooDeep'
        | 'DocumentTooManyValues'
        | 'DocumentNumberRefused';
      /** A sentence without its full stop, to which the place is added. */
      readonly message: string;
      /** In UTF-16 units from the start of the text. */
      readonly offset: number;
    };

type Fault = Extract<StrictJsonResult, { readonly ok: false }>;

class JsonFault extends Error {
  readonly fault: Fault;

  constructor(code: Fault['code'], message: string, offset: number) {
    super(message);
    this.fault = { ok: false, code, message, offset };
  }
}

const space = /[ \t\r\n]*/y;
// A string ends at the first quote that no backslash precedes; JSON.parse decides whether its inside is well formed.
const stringText = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const numberText = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordText = /true|false|null/y;

/**
 * Reads JSON (RFC 8259) as `JSON.parse` does, but refuses what that accepts silently: a key named twice, keys that
 * reach prototypes, integers that lose digits, nesting and sizes beyond the limits. Names the place of the fault.
 */
export function readStrictJson(text: string, limits: StrictJsonLimits): StrictJsonResult {
  let offset = 0;
  let values = 0;

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = offset;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) offset += found.length;
    return found;
  }

  function expect(sign: string): void {
    take(space);
    if (text[offset] !== sign)
      throw new JsonFault('DocumentSyntax', `The text is not JSON: '${sign}' is missing`, offset);
    offset += 1;
  }

  /** True when the sign follows, which is then read. */
  function follows(sign: string): boolean {
    take(space);
    if (text[offset] !== sign) return false;
    offset += 1;
    return true;
  }

  function readString(): string {
    take(space);
    const start = offset;
    const found = take(stringText);
    if (found === undefined) throw new JsonFault('DocumentSyntax', 'The text is not JSON: a string is missing', start);
    try {
      return String(JSON.parse(found));
    } catch {
      // JSON.parse says the same without the place.
      throw new JsonFault('DocumentSyntax', 'The text is not JSON: the string has a bad escape or line end', start);
    }
  }

  function readObject(depth: number): Json {
    const entries = new Map<string, Json>();
    if (follows('}')) return {};
    do {
      take(space);
      const start = offset;
      const key = readString();
      const shown = key.slice(0, 64);
      if (limits.refusedKeys.has(key))
        throw new JsonFault('DocumentKeyRefused', `A key '${shown}' is not accepted`, start);
      if (entries.has(key)) throw new JsonFault('DocumentDuplicateKey', `The key '${shown}' is there twice`, start);
      expect(':');
      entries.set(key, readValue(depth + 1));
    } while (follows(','));
    expect('}');
    return Object.fromEntries(entries);
  }

  function readList(depth: number): Json {
    const items: Json[] = [];
    if (follows(']')) return items;
    do items.push(readValue(depth + 1));
    while (follows(','));
    expect(']');
    return items;
  }

  function readValue(depth: number): Json {
    take(space);
    values += 1;
    if (values > limits.maxValues) {
      throw new JsonFault('DocumentTooManyValues', `The document has more than ${limits.maxValues} values`, offset);
    }
    if (depth > limits.maxDepth) {
      throw new JsonFault('DocumentTooDeep', `Values nest deeper than ${limits.maxDepth} levels`, offset);
    }
    const start = offset;
    if (follows('{')) return readObject(depth);
    if (follows('[')) return readList(depth);
    if (text[offset] === '"') return readString();
    const word = take(wordText);
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    const number = take(numberText);
    if (number === undefined || number === '') {
      throw new JsonFault('DocumentSyntax', 'The text is not JSON: a value is missing', start);
    }
    const value = Number(number);
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw new JsonFault('DocumentNumberRefused', `The number ${number.slice(0, 64)} cannot be read exactly`, start);
    }
    return value;
  }

  try {
    const value = readValue(1);
    take(space);
    if (offset < text.length)
      throw new JsonFault('DocumentSyntax', 'The text is not JSON: something follows its end', offset);
    return { ok: true, value };
  } catch (error) {
    if (error instanceof JsonFault) return error.fault;
    throw error;
  }
}
