import { compile } from '../../lib/baseline/compile.ts';
import { kindOf } from '../../lib/baseline/kinds/index.ts';
import type { ResolvedBaseline } from '../../lib/baseline/resolved.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type PlanInput, planChanges } from '../../lib/plan/diff.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../../lib/plan/graph.ts';
import type { LedgerEntry } from '../../lib/plan/ledger.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../../lib/plan/merge.ts';
import { nextLedgerEntry } from '../../lib/plan/ownership.ts';
import type { Change, Plan } from '../../lib/plan/plan.ts';
import { azureAnswer } from './azure-answers.ts';
import { foreignResources } from './foreign-resources.ts';

const NOW = '2026-11-20T00:00:00Z';
const OPERATION = 'generated-1';

/** Azure and the ledger in memory, for one desired graph. What the spec adopts or refers to is there from the start. */
export class WorldInMemory {
  readonly graph: DesiredGraph;
  readonly #bodies = new Map<string, JsonObject>();
  readonly #ledger = new Map<string, LedgerEntry>();

  constructor(resolved: ResolvedBaseline) {
    this.graph = compile(resolved, [], NOW);
    for (const foreign of foreignResources(this.graph)) this.#bodies.set(normaliseId(foreign.id), azureAnswer(foreign));
  }

  bodyOf(id: string): JsonObject | undefined {
    return this.#bodies.get(normaliseId(id));
  }

  /** Somebody else changes a resource; `null`: deletes it. */
  drift(id: string, body: JsonObject | null): void {
    if (body === null) this.#bodies.delete(normaliseId(id));
    else this.#bodies.set(normaliseId(id), body);
  }

  /** What a planner is given that has looked at these declared resources, or at all of them. */
  input(looksAt: (node: DesiredNode) => boolean = () => true): PlanInput {
    const nodes = this.graph.nodes.filter(looksAt);
    return {
      graph: this.graph,
      observed: new Map(nodes.map(({ id }) => [normaliseId(id), this.#bodies.get(normaliseId(id)) ?? null])),
      ledger: [...this.#ledger.values()],
      kinds: kindOf,
      specVersion: '1',
    };
  }

  plan(): Plan {
    return planChanges(this.input());
  }

  /** Makes every change in the plan's order, as a run does. @throws when a change comes before what it points at. */
  apply({ changes }: Plan): void {
    const nodes = new Map(this.graph.nodes.map((node) => [normaliseId(node.id), node]));
    for (const change of changes) {
      const node = nodes.get(normaliseId(change.id));
      if (node === undefined) throw new Error(`The plan changes ${change.id}, which nobody declares.`);
      this.#write(change, node);
    }
  }

  #write(change: Change, node: DesiredNode): void {
    const key = normaliseId(node.id);
    const { comparison, referencesOf } = kindOf(node.kind);
    const actual = this.#bodies.get(key) ?? null;
    const entry = this.#ledger.get(key) ?? null;
    const owned = ownedBeforeOf(entry);
    const body = mergeForWrite(node.body, actual, comparison, owned);
    for (const id of referencesOf(body)) {
      if (!this.#exists(id)) throw new Error(`${change.id} was written before ${id}.`);
    }
    const fields = ownedFieldsOf(node, comparison, { actual, owned });
    const at = { operationId: OPERATION, atIso: NOW };
    const intended = nextLedgerEntry(entry, { name: 'intend', node, creates: actual === null, fields, ...at });
    const confirmed = nextLedgerEntry(intended, { name: 'confirm', ...at });
    this.#bodies.set(key, azureAnswer({ id: node.id, kind: node.kind, body }));
    if (confirmed !== null) this.#ledger.set(key, confirmed);
  }

  /** The resource, or the one that it is a part of: a subnet lives in its network's body. */
  #exists(id: string): boolean {
    const key = normaliseId(id);
    return this.#bodies.has(key) || this.#bodies.has(key.split('/').slice(0, -2).join('/'));
  }
}
