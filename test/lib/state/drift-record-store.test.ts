import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newDriftRecord } from '../../../lib/drift/drift-record.ts';
import { createDriftRecordStore } from '../../../lib/state/drift-record-store.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

describe('the stored record of drift', () => {
  it('is the latest revision, whatever order writes come in and at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 12 }), async (revisions) => {
        const store = createDriftRecordStore(createMemoryStorage().documents);
        await Promise.all(revisions.map((revision) => store.write({ ...newDriftRecord('north'), revision })));

        expect((await store.read('north'))?.revision).toBe(Math.max(...revisions));
      }),
    );
  });

  it('is nothing before the first write', async () => {
    expect(await createDriftRecordStore(createMemoryStorage().documents).read('north')).toBeNull();
  });

  it('is not taken in a form that is not known', async () => {
    const { documents } = createMemoryStorage();
    await documents.write('drift/north.json', { schemaVersion: 2, drifts: [] }, { if: 'any' });

    await expect(createDriftRecordStore(documents).read('north')).rejects.toThrow('does not know');
  });
});
