import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { baselineSpec } from './spec.ts';

const TITLE = 'Hubkeeper baseline';

/**
 * JSON Schema (draft 7, which editors know best) of a spec as its author writes it: properties with a default may be
 * left out. Says less than validation does: what parts mean together is not in it.
 */
export function specJsonSchema(): JsonObject {
  const schema: unknown = z.toJSONSchema(baselineSpec, { io: 'input', target: 'draft-7' });
  const { $schema, ...rest } = plain(schema);
  return { $schema, title: TITLE, ...rest };
}

/** Only what JSON carries: the library's result holds hidden members besides. */
function plain(value: unknown): JsonObject {
  const copy: Json = JSON.parse(JSON.stringify(value));
  if (!isJsonObject(copy)) throw new TypeError('a JSON Schema is an object');
  return copy;
}
