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

  it.each([
    ['a form that is not known', '{"schemaVersion":2,"drifts":[]}', 'does not know'],
    ['lists that are none', '{"schemaVersion":1,"drifts":[],"contests":{}}', 'does not know'],
    ['drifts that are none', '{"schemaVersion":1,"drifts":[7]}', 'does not know'],
    ['half of a document', '{"schemaVersion":1,"dri', 'did not read drift/north.json'],
  ])('is a problem for an operator in %s, and is left as it is', async (_, text, why) => {
    const { documents } = createMemoryStorage();
    await documents.writeText('drift/north.json', text, 'application/json');
    const store = createDriftRecordStore(documents);

    await expect(store.read('north')).rejects.toMatchObject({
      problem: {
        code: 'DriftRecordUnreadable',
        actor: 'operator',
        message: expect.stringContaining(why),
        remedy: expect.stringContaining('drift/north.json'),
      },
    });
    await store.write({ ...newDriftRecord('north'), revision: 99 });
    expect(await documents.readText('drift/north.json')).toBe(text);
  });
});
