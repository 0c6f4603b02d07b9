import { specJsonSchema } from '../../baseline/json-schema.ts';
import { EXIT } from '../exit-code.ts';
import type { Verb } from '../verb.ts';

export const schemaVerb: Verb = {
  name: 'schema',
  args: [],
  summary: 'print the JSON Schema of the spec, for editors',
  options: [],
  examples: ['hubkeeper schema > hubkeeper.schema.json'],
  async run() {
    const schema = specJsonSchema();
    return { exitCode: EXIT.done, data: schema, lines: [JSON.stringify(schema, null, 2)] };
  },
};
