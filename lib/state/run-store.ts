import type { JsonObject } from '../json.ts';
import type { PlanDocument, RunDocument } from './run.ts';
import type { DocumentStore } from './storage.ts';

/** Operations as stored: one document that changes, and the plans it runs, which never do. */
export interface RunStore {
  read(operationId: string): Promise<{ readonly run: RunDocument; readonly etag: string } | null>;
  /** `etag` of the document that this one was made from; absent: there must be none. `conflict`: somebody else wrote it. */
  write(run: RunDocument, etag: string | undefined): Promise<{ readonly etag: string } | 'conflict'>;
  /** @throws when it is not there. */
  readPlan(operationId: string, key: string): Promise<PlanDocument>;
  findPlan(operationId: string, key: string): Promise<PlanDocument | null>;
  writePlan(plan: PlanDocument): Promise<void>;
  /** Keys of an operation's plans, in no order. */
  listPlans(operationId: string): Promise<readonly string[]>;
  /** A plan that is gone is no error. */
  removePlan(operationId: string, key: string): Promise<void>;
  /** Ids of a baseline's operations, newest first. */
  list(baseline: string): Promise<readonly string[]>;
  /** Removes the documents of an operation. */
  remove(operationId: string): Promise<void>;
}

/** Plans kept in memory: one turn's starts all read the same one. */
const CACHED_PLANS = 4;

/** Baseline and number of an operation id; `null` for text that is none. */
export function parseOperationId(operationId: string): { readonly baseline: string; readonly number: number } | null {
  const match = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)-(\d+)$/.exec(operationId);
  return match?.[1] === undefined ? null : { baseline: match[1], number: Number(match[2]) };
}

export function createRunStore(documents: DocumentStore): RunStore {
  const cache = new Map<string, PlanDocument>();

  function folder(operationId: string): string {
    const baseline = parseOperationId(operationId)?.baseline;
    if (baseline === undefined) throw new Error(`'${operationId}' is not an operation id.`);
    return `operations/${baseline}/${operationId}`;
  }
  const planPath = (operationId: string, key: string) => `${folder(operationId)}/plan-${key}.json`;

  async function findPlan(operationId: string, key: string): Promise<PlanDocument | null> {
    const path = planPath(operationId, key);
    const cached = cache.get(path);
    if (cached !== undefined) return cached;
    const stored = await documents.read(path);
    if (stored === null) return null;
    const plan = stored.value as unknown as PlanDocument;
    cache.set(path, plan);
    for (const oldest of [...cache.keys()].slice(0, Math.max(0, cache.size - CACHED_PLANS))) cache.delete(oldest);
    return plan;
  }

  return {
    async read(operationId) {
      const stored = await documents.read(`${folder(operationId)}/run.json`);
      return stored === null ? null : { run: stored.value as unknown as RunDocument, etag: stored.etag };
    },
    async write(run, etag) {
      const value = JSON.parse(JSON.stringify(run)) as JsonObject;
      return documents.write(
        `${folder(run.operationId)}/run.json`,
        value,
        etag === undefined ? { if: 'new' } : { if: 'unchanged', etag },
      );
    },
    findPlan,
    async readPlan(operationId, key) {
      const plan = await findPlan(operationId, key);
      if (plan === null) throw new Error(`The plan ${key} of operation ${operationId} is not in the storage account.`);
      return plan;
    },
    async writePlan(plan) {
      await documents.write(planPath(plan.operationId, plan.key), JSON.parse(JSON.stringify(plan)) as JsonObject, {
        if: 'any',
      });
    },
    async listPlans(operationId) {
      const paths = await documents.list(`${folder(operationId)}/`);
      return paths.flatMap((path) => /\/plan-([^/]+)\.json$/.exec(path)?.[1] ?? []);
    },
    async removePlan(operationId, key) {
      const path = planPath(operationId, key);
      cache.delete(path);
      await documents.remove(path);
    },
    async list(baseline) {
      const paths = await documents.list(`operations/${baseline}/`);
      const ids = paths.filter((path) => path.endsWith('/run.json')).map((path) => path.split('/')[2] ?? '');
      const numberOf = (id: string) => parseOperationId(id)?.number ?? 0;
      return ids.sort((a, b) => numberOf(b) - numberOf(a));
    },
    async remove(operationId) {
      for (const path of await documents.list(`${folder(operationId)}/`)) await documents.remove(path);
    },
  };
}
