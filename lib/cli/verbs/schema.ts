import * as z from 'zod';
import { baselineSpec } from '../../baseline/spec.ts';
import { EXIT } from '../exit-code.ts';
import type { Verb } from '../verb.ts';

export const schemaVerb: Verb = {
  name: 'schema',
  args: [],
  summary: 'print the JSON Schema of the spec, for editors',
  options: [],
  examples: ['hubkeeper schema > hubkeeper.schema.json'],
  async run() {
    const schema = z.toJSONSchema(baselineSpec, { io: 'input', unrepresentable: 'any' });
    return { exitCode: EXIT.done, data: schema, lines: [JSON.stringify(schema, null, 2)] };
  },
};
