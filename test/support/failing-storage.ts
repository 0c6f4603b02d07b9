import { type Storage, StorageError } from '../../lib/state/storage.ts';

/** Where a write to storage fails: before it has an effect, or after, so that only its answer is lost. */
export type FailurePoint = 'before' | 'after';

export interface FailingStorage {
  readonly storage: Storage;
  /** Lets one write of what is done `during` fail once. `write`: its number from now, from 1. */
  failAt(write: number, point: FailurePoint): void;
  /** Counts the writes of what is done. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Writes since the last `failAt`. */
  readonly writes: number;
}

/** Storage of which one certain write fails. */
export function createFailingStorage({ documents, tables }: Storage): FailingStorage {
  let writes = 0;
  let failure: { readonly write: number; readonly point: FailurePoint } | undefined;
  let isCounting = false;
  async function writing<Result>(write: () => Promise<Result>): Promise<Result> {
    if (!isCounting) return write();
    writes += 1;
    if (failure?.write !== writes) return write();
    if (failure.point === 'after') await write();
    throw new StorageError(`answer its write ${writes}`, 'it is not there');
  }
  return {
    storage: {
      documents: {
        ...documents,
        write: (...args) => writing(() => documents.write(...args)),
        writeText: (...args) => writing(() => documents.writeText(...args)),
        remove: (...args) => writing(() => documents.remove(...args)),
      },
      tables: {
        ...tables,
        upsert: (...args) => writing(() => tables.upsert(...args)),
        insertOrRead: (...args) => writing(() => tables.insertOrRead(...args)),
        remove: (...args) => writing(() => tables.remove(...args)),
      },
    },
    failAt(write, point) {
      failure = { write, point };
      writes = 0;
    },
    async during(work) {
      isCounting = true;
      try {
        return await work();
      } finally {
        isCounting = false;
      }
    },
    get writes() {
      return writes;
    },
  };
}
