import { parseResourceId } from '../azure/resource-id.ts';
import { adjustmentsInForce } from '../baseline/adjustments.ts';
import { compile } from '../baseline/compile.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { knownAsDeclared } from '../plan/as-declared.ts';
import { planChanges } from '../plan/diff.ts';
import {
  type DifferenceRules,
  type KeptDifference,
  type PostponedDifference,
  ruledGraph,
} from '../plan/drift-rules.ts';
import { type ForeignEntry, foreignEntries } from '../plan/foreign-entries.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { ownedAsBefore } from '../plan/new-of-spec.ts';
import type { Observed, Plan, Refusal } from '../plan/plan.ts';
import { isInScope, planInScope } from '../plan/scope.ts';
import type { UnmanagedResource } from '../plan/unmanaged.ts';
import { worldsOf } from '../plan/worlds.ts';
import type { Adjustment, BaselineHead } from '../state/baseline-head.ts';
import type { ChangeHint } from '../state/drift-watch.ts';
import type { ReadRotation } from '../state/read-rotation-store.ts';
import { findUnmanaged } from './find-unmanaged.ts';
import { readContents } from './group-contents.ts';
import { keepEntries, withKeptRefusals } from './keep-entries.ts';
import { alignedGraph, type LookInput, lookAtAll, lookAtNamed, lookInRotation } from './look.ts';
import { optOutsOf, type ProtectedScope, readManagementLocks, readOptOutsAround } from './protection.ts';

export interface PlanRequest {
  readonly baseline: string;
  /** Absent: nothing is wanted, everything of ours goes. */
  readonly resolved?: ResolvedBaseline;
  /** What the spec before declares, with the same adjustments, where that one is called off. */
  readonly beforeCallOff?: DesiredGraph;
  readonly specVersion: number;
  /** When that version was put; absent: it is not in force. */
  readonly putAtIso?: string;
  readonly adjustments: readonly Adjustment[];
  readonly nowIso: string;
  /** Who may put which difference right. */
  readonly rules: DifferenceRules;
  /** Only changes of this scope. */
  readonly scope?: string;
  /** Only these resources, and what their changes need, are looked at; absent: all that is declared or ours. */
  readonly hints?: readonly ChangeHint[];
  /** A scan that nobody asked for: what has to be read one by one is read in rotation. */
  readonly scan?: ScheduledScan;
}

export interface ScheduledScan {
  /** Nothing waits for its turn: what refers to something that is to be deleted has to be known. */
  readonly readsEverything: boolean;
  /** Resources that are read whether it is their turn or not. */
  readonly alwaysRead: readonly string[];
  /** Whether to list what is in our groups and not ours. */
  readonly findsUnmanaged: boolean;
}

export interface MadePlan {
  readonly plan: Plan;
  /** Desired nodes by normalised id. */
  readonly nodes: ReadonlyMap<string, DesiredNode>;
  /** What is declared of each resource, by normalised id; `isWhole`: no rule and no mode lets a part of it be. */
  readonly declared: ReadonlyMap<string, { readonly body: JsonObject; readonly isWhole: boolean }>;
  /** Whether a resource, by its id, is known to have been as it is declared. */
  readonly wasAsDeclared: (id: string) => boolean;
  readonly observed: Observed;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  /** Locked or opted out. */
  readonly protectedScopes: readonly ProtectedScope[];
  /** Wanted as new, yet there already and not ours; of the scope. */
  readonly taken: readonly DesiredNode[];
  /** Differences that stay as they are. */
  readonly kept: readonly KeptDifference[];
  /** Differences that wait until the rest of their resource is written. */
  readonly postponed: readonly PostponedDifference[];
  /** What is in our groups and nobody's that we know, the first of them; only after a whole scan. */
  readonly unmanaged?: readonly UnmanagedResource[];
  /** How many of these there are in all. */
  readonly unmanagedCount?: number;
  /** What others have put into our resources, as far as these were looked at. */
  readonly foreign: readonly ForeignEntry[];
  /** A digest of what each change would send, by normalised id. */
  readonly worlds: ReadonlyMap<string, string>;
  /** How many resources that are declared or ours were looked at, and how many were not. */
  readonly comparedCount: number;
  readonly notComparedCount: number;
  /** Of a scan in rotation: to be noted when the plan is adopted. */
  readonly rotation?: ReadRotation;
}

/** For a `PlanRequest`, when the spec of a head was put; nothing where that is yet to be put. */
export function putAtOf({
  history,
  specVersion,
}: Pick<BaselineHead, 'history' | 'specVersion'>): Pick<PlanRequest, 'putAtIso'> {
  const put = history.find(({ version }) => version === specVersion);
  return put === undefined ? {} : { putAtIso: put.at };
}

/**
 * One turn of the loop up to the plan: compile, observe, diff. Writes nothing.
 * @throws ObservationPausedError when it goes on after a pause; ProblemError when Azure refuses a read; ArmUnreachableError when it does not answer.
 */
export async function makePlan(dependencies: Dependencies, request: PlanRequest): Promise<MadePlan> {
  const declared = declaredGraph(request);
  const ledger = await dependencies.ledger.all(request.baseline);
  const ledgerById = new Map(ledger.map((entry) => [normaliseId(entry.id), entry]));
  const wanted = new Set(declared.nodes.map(({ id }) => normaliseId(id)));

  const look = { declared, ledger: ledgerById, nowIso: request.nowIso };
  const { observed, rotation } = await lookFor(dependencies, request, look);
  const graph = alignedGraph(declared, observed);
  const wasAsDeclared = knownAsDeclared(declared, ledgerById, request.putAtIso);
  const ruled = ruledGraph(graph, observed, ledgerById, kindOf, { ...request.rules, wasAsDeclared });
  const kept = request.resolved?.spec.mode === 'no-delete' ? keepEntries(ruled.graph, observed, ledgerById) : undefined;
  const wantedGraph = kept?.graph ?? ruled.graph;
  const nodes = new Map(wantedGraph.nodes.map((node) => [normaliseId(node.id), node]));
  const present = graph.nodes.filter(
    (node) =>
      node.presence !== 'reference' && observed.get(normaliseId(node.id)) && !ledgerById.has(normaliseId(node.id)),
  );
  // What is to leave is asked about too: a row whose claim another baseline has by now stands for nothing.
  const leaving = ledger.filter(({ id }) => !wanted.has(normaliseId(id)) && observed.get(normaliseId(id)));
  const claimedByOthers = await holdersBesides(dependencies, request.baseline, [...present, ...leaving]);

  const planned = planChanges({
    graph: wantedGraph,
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
    adjustmentsInForce: adjustmentsInForce(request.adjustments, request.nowIso),
  });
  const withEntries = kept === undefined ? planned : withKeptRefusals(planned, kept);
  const complete = {
    ...withEntries,
    refused: [...withEntries.refused, ...refusedInScope(ruled.refused, nodes, request)],
  };
  const plan =
    request.scope === undefined ? complete : planInScope(complete, request.scope, String(request.specVersion));
  const known = [...new Set([...wanted, ...ledgerById.keys()])];
  const comparedCount = known.filter((id) => observed.has(id)).length;
  const changing = plan.changes.map(({ id }) => id);
  const optedOut = [...optOutsOf(observed), ...(await readOptOutsAround(dependencies.arm, changing, observed))];
  const unmanaged =
    request.scan?.findsUnmanaged === true ? await findUnmanaged(dependencies, graph, ledgerById, observed) : undefined;
  return {
    plan,
    nodes,
    declared: declaredOf(declared, graph, nodes),
    wasAsDeclared,
    observed,
    ledger: ledgerById,
    protectedScopes: [...(await locksOver(dependencies, plan)), ...optedOut],
    kept: ruled.kept,
    postponed: ruled.postponed,
    worlds: worldsOf({ plan, nodes, observed, ledger: ledgerById }, kindOf),
    foreign: foreignEntries({
      graph,
      observed,
      ledger: ledgerById,
      kinds: kindOf,
      rules: request.rules,
      claimedByOthers,
    }),
    comparedCount,
    ...(unmanaged === undefined ? {} : { unmanaged: unmanaged.resources, unmanagedCount: unmanaged.count }),
    notComparedCount: known.length - comparedCount,
    ...(rotation === undefined ? {} : { rotation }),
    taken: present.filter(
      (node) =>
        node.presence === 'create' &&
        !claimedByOthers.has(normaliseId(node.id)) &&
        (request.scope === undefined || isInScope(node, request.scope)),
    ),
  };
}

function declaredGraph({ baseline, resolved, adjustments, nowIso, beforeCallOff }: PlanRequest): DesiredGraph {
  if (resolved === undefined) return { baseline, nodes: [] };
  const graph = compile(resolved, adjustments, nowIso);
  return beforeCallOff === undefined ? graph : ownedAsBefore(graph, beforeCallOff, kindOf);
}

/** What stays as it is outside of the scope is no matter of the plan. */
function refusedInScope(
  refused: readonly Refusal[],
  nodes: MadePlan['nodes'],
  { scope }: Pick<PlanRequest, 'scope'>,
): readonly Refusal[] {
  if (scope === undefined) return refused;
  return refused.filter(({ id }) => {
    const node = nodes.get(normaliseId(id));
    return node !== undefined && isInScope(node, scope);
  });
}

/** What is declared, as it was before anything was aligned with Azure or let be. */
function declaredOf(declared: DesiredGraph, aligned: DesiredGraph, wanted: MadePlan['nodes']): MadePlan['declared'] {
  const isWhole = new Map(
    aligned.nodes.map(({ id, body }) => [normaliseId(id), wanted.get(normaliseId(id))?.body === body]),
  );
  return new Map(
    declared.nodes.map(({ id, body }) => {
      const key = normaliseId(id);
      return [key, { body, isWhole: isWhole.get(key) ?? false }];
    }),
  );
}

/** Looks at what the request is about. */
async function lookFor(
  dependencies: Dependencies,
  request: PlanRequest,
  look: LookInput,
): Promise<{ readonly observed: Observed; readonly rotation?: ReadRotation }> {
  if (request.hints !== undefined) return { observed: await lookAtNamed(dependencies, look, request.hints) };
  return request.scan === undefined || request.scan.readsEverything
    ? { observed: await lookAtAll(dependencies, look) }
    : lookInRotation(dependencies, look, new Set(request.scan.alwaysRead.map(normaliseId)));
}

/** Management locks where something is to be written: a plan without changes asks for none. */
async function locksOver({ arm }: Pick<Dependencies, 'arm'>, plan: Plan): Promise<readonly ProtectedScope[]> {
  const subscriptions = new Set(plan.changes.map(({ id }) => parseResourceId(id).subscriptionId.toLowerCase()));
  return readManagementLocks(arm, [...subscriptions]);
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
    if (kindOf(entry.kind).holdsResources !== true || !entry.created) continue;
    const resources = await readContents(dependencies, entry.id);
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
