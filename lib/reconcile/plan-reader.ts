import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Change } from '../plan/plan.ts';
import type { PlanDocument, RunRow } from '../state/run.ts';
import { changesById } from './changes-by-id.ts';

/** Reads plan documents once per turn. */
export class PlanReader {
  readonly #dependencies: Dependencies;
  readonly #operationId: string;

  constructor(dependencies: Dependencies, operationId: string) {
    this.#dependencies = dependencies;
    this.#operationId = operationId;
  }

  async of(plan: { readonly operationId: string; readonly key: string }): Promise<PlanDocument> {
    return this.#dependencies.runs.readPlan(plan.operationId, plan.key);
  }

  /** The change that a row was started for. */
  async changeOf(row: RunRow): Promise<Change | undefined> {
    return row.plan === undefined ? undefined : changesById((await this.of(row.plan)).plan).get(normaliseId(row.id));
  }

  async changes(key: string): Promise<ReadonlyMap<string, Change>> {
    return key === '' ? new Map() : changesById((await this.of({ operationId: this.#operationId, key })).plan);
  }
}
