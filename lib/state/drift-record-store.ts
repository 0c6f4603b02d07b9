import { shortened } from '../azure/arm-answer.ts';
import { completeRecord, type DriftRecord } from '../drift/drift-record.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { ProblemError } from '../problem.ts';
import { type DocumentStore, MalformedDocumentError, type StoredDocument } from './storage.ts';

/** The record of a baseline is there and cannot be read: damaged, or of a version of Hubkeeper that is not this one. */
export class DriftRecordUnreadableError extends ProblemError {
  constructor(baseline: string, why: string) {
    super({
      code: 'DriftRecordUnreadable',
      actor: 'operator',
      message: `What is known of the drift of '${baseline}' cannot be read: ${shortened(why)}`,
      remedy: `Restore an earlier version of the blob ${pathOf(baseline)}, or delete it: the next comparison begins a new record.`,
    });
    this.name = 'DriftRecordUnreadableError';
  }
}

/** What is known of the drift of each baseline, one document each. */
export interface DriftRecordStore {
  /** @throws DriftRecordUnreadableError */
  read(baseline: string): Promise<DriftRecord | null>;
  /**
   * Writes the record unless a later revision is there: a late turn, or a repeated one, changes nothing. Nor does it
   * touch one that cannot be read: whoever reads it says so, and an operator may still mend it.
   */
  write(record: DriftRecord): Promise<void>;
}

function pathOf(baseline: string): string {
  return `drift/${baseline}.json`;
}

export function createDriftRecordStore(documents: DocumentStore): DriftRecordStore {
  async function stored(baseline: string): Promise<{ readonly record: DriftRecord; readonly etag: string } | null> {
    try {
      const found = await documents.read(pathOf(baseline));
      return found === null ? null : { record: recordOf(baseline, found), etag: found.etag };
    } catch (error) {
      throw error instanceof MalformedDocumentError ? new DriftRecordUnreadableError(baseline, error.message) : error;
    }
  }
  return {
    async read(baseline) {
      return (await stored(baseline))?.record ?? null;
    },
    async write(record) {
      const value = JSON.parse(JSON.stringify(record)) as JsonObject;
      for (;;) {
        const before = await stored(record.baseline).catch(unlessUnreadable);
        if (before === 'unreadable' || (before !== null && before.record.revision >= record.revision)) return;
        const condition =
          before === null ? ({ if: 'new' } as const) : ({ if: 'unchanged', etag: before.etag } as const);
        if ((await documents.write(pathOf(record.baseline), value, condition)) !== 'conflict') return;
      }
    },
  };
}

function unlessUnreadable(error: unknown): 'unreadable' {
  if (error instanceof DriftRecordUnreadableError) return 'unreadable';
  throw error;
}

/** Lists that a record of an earlier version may lack. */
const LATER_LISTS = ['contests', 'rejections', 'unmanaged', 'foreignEntries', 'failing', 'told'] as const;

function recordOf(baseline: string, { value }: StoredDocument): DriftRecord {
  const isKnown =
    value.schemaVersion === 1 &&
    Array.isArray(value.drifts) &&
    value.drifts.every(isJsonObject) &&
    LATER_LISTS.every((name) => value[name] === undefined || Array.isArray(value[name]));
  if (!isKnown) throw new DriftRecordUnreadableError(baseline, 'it has a form that this version does not know.');
  return completeRecord(value as unknown as DriftRecord);
}
