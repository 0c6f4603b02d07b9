import { Collection, type Documents } from './documents.ts';
import type { Json } from './json.ts';

/** What happened to one resource: accepted requests, and refused ones by code. */
export interface ResourceCounts {
  readonly creates: number;
  /** Accepted PUTs and PATCHes, creates among them. */
  readonly writes: number;
  readonly deletes: number;
  readonly rejected: Readonly<Record<string, number>>;
}

interface CountedResource extends ResourceCounts {
  readonly id: string;
}

interface CountedPrincipal {
  readonly writes: number;
  readonly rejected: Readonly<Record<string, number>>;
}

const NOTHING: ResourceCounts = { creates: 0, writes: 0, deletes: 0, rejected: {} };

/** Counts of writes by resource and by principal; survive a restart. */
export class Statistics {
  readonly #resources: Collection<CountedResource>;
  readonly #principals: Collection<CountedPrincipal>;

  constructor(documents: Documents) {
    this.#resources = new Collection<CountedResource>(documents, 'statistics');
    this.#principals = new Collection<CountedPrincipal>(documents, 'principal-statistics');
  }

  accepted(id: string, principal: string, what: 'create' | 'update' | 'delete'): void {
    const counts = this.#counts(id);
    this.#resources.set(id.toLowerCase(), {
      ...counts,
      // What is gone already can no longer tell its own spelling.
      id: what === 'delete' ? counts.id : id,
      creates: counts.creates + (what === 'create' ? 1 : 0),
      writes: counts.writes + (what === 'delete' ? 0 : 1),
      deletes: counts.deletes + (what === 'delete' ? 1 : 0),
    });
    const own = this.#principal(principal);
    this.#principals.set(principal, { ...own, writes: own.writes + 1 });
  }

  rejected(id: string, principal: string, code: string): void {
    const counts = this.#counts(id);
    this.#resources.set(id.toLowerCase(), { ...counts, rejected: oneMore(counts.rejected, code) });
    const own = this.#principal(principal);
    this.#principals.set(principal, { ...own, rejected: oneMore(own.rejected, code) });
  }

  /** By id in the case first given. */
  resources(): Json {
    return Object.fromEntries(
      [...this.#resources.values()].map(({ id, creates, writes, deletes, rejected }) => [
        id,
        { creates, writes, deletes, rejected: { ...rejected } },
      ]),
    );
  }

  principals(): Json {
    return Object.fromEntries(
      [...this.#principals.entries()].map(([name, { writes, rejected }]) => [
        name,
        { writes, rejected: { ...rejected } },
      ]),
    );
  }

  #counts(id: string): CountedResource {
    return this.#resources.get(id.toLowerCase()) ?? { id, ...NOTHING };
  }

  #principal(name: string): CountedPrincipal {
    return this.#principals.get(name) ?? { writes: 0, rejected: {} };
  }
}

function oneMore(counts: Readonly<Record<string, number>>, code: string): Readonly<Record<string, number>> {
  return { ...counts, [code]: (counts[code] ?? 0) + 1 };
}
