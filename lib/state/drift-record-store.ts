import { completeRecord, type DriftRecord } from '../drift/drift-record.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { DocumentStore, StoredDocument } from './storage.ts';

/** What is known of the drift of each baseline, one document each. */
export interface DriftRecordStore {
  read(baseline: string): Promise<DriftRecord | null>;
  /** Writes the record unless a later revision is there: a late turn, or a repeated one, changes nothing. */
  write(record: DriftRecord): Promise<void>;
}

export function createDriftRecordStore(documents: DocumentStore): DriftRecordStore {
  const pathOf = (baseline: string) => `drift/${baseline}.json`;
  return {
    async read(baseline) {
      const stored = await documents.read(pathOf(baseline));
      return stored === null ? null : recordOf(stored);
    },
    async write(record) {
      const path = pathOf(record.baseline);
      const value = JSON.parse(JSON.stringify(record)) as JsonObject;
      for (;;) {
        const stored = await documents.read(path);
        if (stored !== null && recordOf(stored).revision >= record.revision) return;
        const condition =
          stored === null ? ({ if: 'new' } as const) : ({ if: 'unchanged', etag: stored.etag } as const);
        if ((await documents.write(path, value, condition)) !== 'conflict') return;
      }
    },
  };
}

function recordOf({ value }: StoredDocument): DriftRecord {
  if (value.schemaVersion !== 1 || !Array.isArray(value.drifts) || !isJsonObject(value))
    throw new Error('The stored record of drift has a form that this version does not know.');
  return completeRecord(value as unknown as DriftRecord);
}
