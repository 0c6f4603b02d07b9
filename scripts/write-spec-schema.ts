import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { specJsonSchema } from '../lib/baseline/json-schema.ts';

// Run after a change of the spec: node scripts/write-spec-schema.ts && npm run format
const file = join(import.meta.dirname, '..', 'samples', 'hubkeeper.schema.json');
writeFileSync(file, `${JSON.stringify(specJsonSchema(), null, 2)}\n`);
