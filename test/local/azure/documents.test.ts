import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Collection, Documents } from '../../../local/azure/documents.ts';

describe('Documents', () => {
  it('are after a reopening what a map would be, in the same order', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, value: fc.integer() }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('flush' as const) }),
    );
    const directory = mkdtempSync(join(tmpdir(), 'documents-'));
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const file = join(directory, `${run++}.sqlite`);
        const model = new Map<string, number>();
        const documents = new Documents(file);
        const collection = new Collection<number>(documents, 'numbers');
        for (const one of steps) {
          if (one.kind === 'flush') documents.flush();
          else if (one.kind === 'delete') {
            model.delete(one.key);
            collection.delete(one.key);
          } else {
            model.set(one.key, one.value);
            collection.set(one.key, one.value);
          }
        }
        expect([...collection.entries()]).toEqual([...model.entries()]);
        documents.close();
        const again = new Documents(file);
        expect([...new Collection<number>(again, 'numbers').entries()]).toEqual([...model.entries()]);
        expect(new Collection<number>(again, 'others').size).toBe(0);
        again.close();
      }),
      { numRuns: 50 },
    );
    rmSync(directory, { recursive: true });
  });
});
