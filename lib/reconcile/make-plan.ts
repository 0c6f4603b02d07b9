import { parseResourceId } from '../azure/resource-id.ts';
import { compile } from '../baseline/compile.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { planChanges } from '../plan/diff.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Observed, Plan, Refusal } from '../plan/plan.ts';
import { planInScope } from '../plan/scope.ts';
import type { Adjustment } from '../state/baseline-head.ts';
import { keepEntries, withKeptRefusals } from './keep-entries.ts';
import { observeBaseline } from './observe-baseline.ts';
import { optOutOf, type ProtectedScope, readManagementLocks } from './protection.ts';

export interface PlanRequest {
  readonly baseline: string;
  /** Absent: nothing is wanted, everything of ours goes. */
  readonly resolved?: ResolvedBaseline;
  readonly specVersion: number;
  readonly adjustments: readonly Adjustment[];
  readonly nowIso: string;
  /** Only changes of this scope. */
  readonly scope?: string;
}

export interface MadePlan {
  readonly plan: Plan;
  /** Desired nodes by normalised id. */
  readonly nodes: ReadonlyMap<string, DesiredNode>;
  readonly observed: Observed;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  /** Locked or opted out. */
  readonly protectedScopes: readonly ProtectedScope[];
  /** Wanted as new, yet there already and not ours. */
  readonly taken: readonly DesiredNode[];
}

const RESOURCES_API_VERSION = '2025-04-01';

/**
 * One turn of the loop up to the plan: compile, observe, diff. Writes nothing.
 * @throws ObservationPausedError when it goes on after a pause; ProblemError when Azure refuses a read; ArmUnreachableError when it does not answer.
 */
export async function makePlan(dependencies: Dependencies, request: PlanRequest): Promise<MadePlan> {
  const declared: DesiredGraph =
    request.resolved === undefined
      ? { baseline: request.baseline, nodes: [] }
      : compile(request.resolved, request.adjustments, request.nowIso);
  const ledger = await dependencies.ledger.all(request.baseline);
  const ledgerById = new Map(ledger.map((entry) => [normaliseId(entry.id), entry]));
  const wanted = new Set(declared.nodes.map(({ id }) => normaliseId(id)));

  const references = [...declared.nodes, ...ledger.filter((entry) => !wanted.has(normaliseId(entry.id)))];
  const observed = await observeBaseline(dependencies, request.baseline, references, ledgerById, request.nowIso);
  const graph: DesiredGraph = {
    ...declared,
    nodes: declared.nodes.map((node) => aligned(node, observed.get(normaliseId(node.id)))),
  };
  const kept = request.resolved?.spec.mode === 'no-delete' ? keepEntries(graph, observed, ledgerById) : undefined;
  const nodes = new Map((kept?.graph ?? graph).nodes.map((node) => [normaliseId(node.id), node]));
  const subscriptions = new Set(
    references.map((reference) => parseResourceId(reference.id).subscriptionId.toLowerCase()),
  );
  const locks = await readManagementLocks(dependencies.arm, [...subscriptions]);

  const present = graph.nodes.filter(
    (node) =>
      node.presence !== 'reference' && observed.get(normaliseId(node.id)) && !ledgerById.has(normaliseId(node.id)),
  );
  // What is to leave is asked about too: a row whose claim another baseline has by now stands for nothing.
  const leaving = ledger.filter(({ id }) => !wanted.has(normaliseId(id)) && observed.get(normaliseId(id)));
  const claimedByOthers = await holdersBesides(dependencies, request.baseline, [...present, ...leaving]);

  const planned = planChanges({
    graph: kept?.graph ?? graph,
    observed,
    ledger,
    kinds: kindOf,
    specVersion: String(request.specVersion),
    teardown: request.resolved === undefined,
    groupContents: await readGroupContents(
      dependencies,
      ledger.filter((entry) => !nodes.has(normaliseId(entry.id)) && observed.get(normaliseId(entry.id))),
    ),
    claimedByOthers,
  });
  const plan = kept === undefined ? planned : withKeptRefusals(planned, kept);
  const optedOut = [...observed].flatMap(([id, body]) => (body === null ? [] : (optOutOf(id, body) ?? [])));
  return {
    plan: request.scope === undefined ? plan : planInScope(plan, request.scope, String(request.specVersion)),
    nodes,
    observed,
    ledger: ledgerById,
    protectedScopes: [...locks, ...optedOut],
    taken: present.filter((node) => node.presence === 'create' && !claimedByOthers.has(normaliseId(node.id))),
  };
}

/** The node with the parts of its body where Azure has them. */
function aligned(node: DesiredNode, actual: JsonObject | null | undefined): DesiredNode {
  if (!actual || node.presence === 'reference') return node;
  const body = kindOf(node.kind).align?.(node.body, actual);
  return body === undefined || body === node.body ? node : { ...node, body };
}

/** Storage reads at the same time. */
const PARALLEL_READS = 16;

/** Which of these resources belong to another baseline, by normalised id. */
async function holdersBesides(
  { ledger }: Pick<Dependencies, 'ledger'>,
  baseline: string,
  resources: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, string>> {
  const holders = new Map<string, string>();
  const queue = [...resources];
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL_READS, queue.length) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const holder = await ledger.holderOf(next.id);
        if (holder !== null && holder !== baseline) holders.set(normaliseId(next.id), holder);
      }
    }),
  );
  return holders;
}

/** What is in each resource group that may be deleted, so that a group with anything foreign in it is not. */
async function readGroupContents(
  dependencies: Dependencies,
  leaving: readonly LedgerEntry[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const contents = new Map<string, readonly string[]>();
  for (const entry of leaving) {
    if (entry.kind !== 'resourceGroup' || !entry.created) continue;
    const resources = await dependencies.arm.list(`${entry.id}/resources`, RESOURCES_API_VERSION);
    contents.set(
      normaliseId(entry.id),
      resources.map((resource) => String(resource.id)),
    );
  }
  return contents;
}

/** A refusal for each resource that is there already and is not ours. */
export function takenRefusals(taken: readonly DesiredNode[]): readonly Refusal[] {
  return taken.map((node) => ({
    id: node.id,
    code: 'NameTaken',
    why: 'A resource of this name exists already and was not made by Hubkeeper: adopt it by its id in the spec, or choose another name in nameOverrides.',
  }));
}
