import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { leftToOthers } from '../drift/contest.ts';
import { type DriftVerdict, decideDrifts } from '../drift/decide-drifts.ts';
import type { DriftNews } from '../drift/drift-news.ts';
import { completeRecord, type DriftRecord, newDriftRecord, propertyKey, refusalKey } from '../drift/drift-record.ts';
import { knownRefusals } from '../drift/known-refusals.ts';
import { rejectionsOf } from '../drift/rejection.ts';
import { type Seen, type Sight, seeDrifts } from '../drift/see-drifts.ts';
import { type EndedChange, settleDrifts } from '../drift/settle-drifts.ts';
import type { Contested } from '../plan/contested.ts';
import { declaresEntry, isUnlisted } from '../plan/foreign-entries.ts';
import { normaliseId, sameId } from '../plan/graph.ts';
import type { Verdict } from '../plan/guard.ts';
import { canonicalJson } from '../plan/hash.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { leftIds } from '../plan/left-changes.ts';
import type { Plan } from '../plan/plan.ts';
import { isInScope } from '../plan/scope.ts';
import type { Problem } from '../problem.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { DriftRecordUnreadableError } from '../state/drift-record-store.ts';
import type { ChangeHint } from '../state/drift-watch.ts';
import type { JournalEntry } from '../state/journal.ts';
import { changeOfRow, isInFlight, type PlanDocument, type RunDocument, type RunRow } from '../state/run.ts';
import { changesById } from './changes-by-id.ts';
import type { GuardedRun } from './circumstances.ts';
import { causesOf, eventsOfNews, lineOfComparison, linesOfNews, lineWithoutRecord } from './drift-lines.ts';
import type { MadePlan } from './make-plan.ts';
import type { SetAside } from './set-aside.ts';

type DriftDependencies = Pick<Dependencies, 'drift'>;

/** Whether nobody asked for the run but the look for drift itself. */
function looksForDrift({ trigger }: RunDocument): boolean {
  return trigger === 'drift';
}

/** The record as the turn has it so far. @throws DriftRecordUnreadableError */
async function recordOf({ drift }: DriftDependencies, run: RunDocument): Promise<DriftRecord> {
  if (run.drift) return completeRecord(run.drift);
  return (await drift.read(run.baseline)) ?? newDriftRecord(run.baseline);
}

/**
 * What a person's request is no word on. Once its run has waited: drifts that were found after the plan that was asked for,
 * and whatever differs elsewhere than that plan was to change. Of an adjustment or its end: every drift that is known.
 * Empty: the person asks for all that differs.
 */
export async function beyondAsked(
  dependencies: DriftDependencies,
  run: RunDocument,
): Promise<Pick<GuardedRun, 'drifted' | 'asked'>> {
  const { attended, attendedOwner, teardown, askedPlan } = run;
  const hasWaited = attended && !teardown && askedPlan?.hasWaited === true;
  if (!hasWaited && (attended || attendedOwner === undefined)) return {};
  const record = await recordOf(dependencies, run).catch(problemOfUnreadable);
  // Where it cannot be read, the plan says so.
  const known = 'code' in record ? [] : record.drifts;
  if (!hasWaited) return { drifted: known.map(({ id, path }) => ({ id, path })) };
  const drifts = known.filter(({ firstSeenAt }) => firstSeenAt > askedPlan.at);
  return { drifted: drifts.map(({ id, path }) => ({ id, path })), asked: new Set(askedPlan.ids) };
}

/** The plan that a person has asked for, after one more that the run has made. */
export function askedPlanAfter(
  { attended, askedPlan }: Pick<RunDocument, 'attended' | 'askedPlan'>,
  { changes, refused }: Plan,
  nowIso: string,
): Pick<RunDocument, 'askedPlan'> {
  if (!attended || askedPlan?.hasWaited === true) return {};
  const ids = [...changes, ...refused.filter(({ code }) => !KEPT_CODES.has(code))].map(({ id }) => normaliseId(id));
  return {
    askedPlan: {
      at: askedPlan?.at ?? nowIso,
      ids: [...new Set([...(askedPlan?.ids ?? []), ...ids])].sort(),
      hasWaited: false,
    },
  };
}

/** What a rule about drift keeps says nothing of the rest of its resource. */
const KEPT_CODES = new Set(['DriftReported', 'DriftIgnored']);

/** @throws DriftRecordUnreadableError in a run that nobody asked for: what binds it may be in there. */
async function recordOrProblem(dependencies: DriftDependencies, run: RunDocument): Promise<DriftRecord | Problem> {
  return recordOf(dependencies, run).catch((error: unknown) => {
    if (!run.attended) throw error;
    return problemOfUnreadable(error);
  });
}

function problemOfUnreadable(error: unknown): Problem {
  if (error instanceof DriftRecordUnreadableError) return error.problem;
  throw error;
}

/** What a plan shows of drift. */
export interface DriftOfPlan {
  readonly before: DriftRecord;
  readonly seen: Seen;
  /** Why nothing of it is kept: what was known before cannot be read. */
  readonly problem?: Problem;
}

/**
 * The properties that are left to other writers, where a run does what nobody asks for.
 * @throws DriftRecordUnreadableError in a run that nobody asked for.
 */
export async function leftByRun(
  dependencies: DriftDependencies,
  run: RunDocument,
  { specVersion }: BaselineHead,
  nowIso: string,
): Promise<readonly Contested[]> {
  if (run.attended && run.askedPlan?.hasWaited !== true) return [];
  const record = await recordOrProblem(dependencies, run);
  // Where it cannot be read, the plan says so.
  if ('code' in record) return [];
  const endings = { isTakenOver: () => false, specVersion, nowMs: Date.parse(nowIso) };
  return leftToOthers(record.contests, endings, looksForDrift(run));
}

/** The run with the record, if it has moved. One turn moves the revision once. */
function withRecord(run: RunDocument, before: DriftRecord, after: DriftRecord): RunDocument {
  if (after === before || jsonOf(after) === jsonOf(before)) return run;
  return { ...run, drift: { ...after, revision: run.drift ? before.revision : before.revision + 1 } };
}

function jsonOf(record: DriftRecord): string {
  return canonicalJson(JSON.parse(JSON.stringify(record)));
}

/** What binds a run besides its own request. */
export interface Beside extends Pick<GuardedRun, 'drifted' | 'asked'> {
  readonly setAside: SetAside | undefined;
}

/**
 * What a new plan of a run shows of drift, as it is before anything is decided about it. A person's run goes on without
 * the record where that cannot be read.
 * @throws DriftRecordUnreadableError in a run that nobody asked for: what binds it may be in there.
 */
export async function seeDriftOfPlan(
  dependencies: DriftDependencies,
  run: RunDocument,
  head: BaselineHead,
  made: MadePlan,
  beside: Beside,
  nowIso: string,
): Promise<DriftOfPlan> {
  const read = await recordOrProblem(dependencies, run);
  const [before, problem] = 'code' in read ? [newDriftRecord(run.baseline), { problem: read }] : [read, {}];
  return { before, seen: seeDrifts(before, sightOf(run, head, made, beside, nowIso)), ...problem };
}

/** Normalised ids of what a run is writing. */
function inFlightOf({ rows }: RunDocument): ReadonlySet<string> {
  return new Set(
    Object.values(rows)
      .filter(isInFlight)
      .map(({ id }) => normaliseId(id)),
  );
}

function sightOf(
  run: RunDocument,
  head: BaselineHead,
  made: MadePlan,
  { setAside, asked, drifted = [] }: Beside,
  nowIso: string,
): Sight {
  const inFlight = inFlightOf(run);
  const left = leftIds(setAside === undefined ? [] : [setAside.left, ...setAside.beside]);
  const { nodes, observed, plan, ledger } = made;
  const isInReach = (id: string): boolean => {
    if (run.scope === undefined) return true;
    const known = nodes.get(id) ?? ledger.get(id);
    return known !== undefined && isInScope(known, run.scope);
  };
  const standing = (id: string): ReturnType<Sight['standing']> => {
    const key = normaliseId(id);
    if (inFlight.has(key) || left.has(key) || !isInReach(key)) return 'unknown';
    if (!nodes.has(key)) return 'notDeclared';
    return observed.has(key) ? 'asDeclared' : 'unknown';
  };
  const isAsked = (id: string) =>
    (asked === undefined || asked.has(normaliseId(id))) && !drifted.some((one) => sameId(one.id, id));
  return {
    plan,
    kept: made.kept ?? [],
    postponed: made.postponed ?? [],
    ledger,
    wasAsDeclared: wasAsDeclared(run, head, made, { setAside, asked }),
    standing,
    foreign: made.foreign ?? [],
    foreignStanding: foreignStandingIn(made, inFlight),
    isUnderWay: (id) => inFlight.has(normaliseId(id)),
    hints: [...(run.hints ?? []), ...heardSinceWritten(head, ledger)],
    looksForDrift: looksForDrift(run),
    isTakenOver: ({ id }) => run.attended && isInReach(normaliseId(id)) && isAsked(id),
    worlds: made.worlds ?? new Map(),
    isWhole: isWhole(run),
    comparedCount: made.comparedCount ?? observed.size,
    notComparedCount: made.notComparedCount ?? 0,
    ...(made.unmanaged === undefined
      ? {}
      : { unmanaged: made.unmanaged, unmanagedCount: made.unmanagedCount ?? made.unmanaged.length }),
    specVersion: head.specVersion,
    rejected: rejectionsOf(plan, head.approvals, run.operationId, head.specVersion),
    operationId: run.operationId,
    nowIso,
  };
}

/** What becomes of an entry of others that a plan did not find any more. */
function foreignStandingIn(
  { nodes, observed }: Pick<MadePlan, 'nodes' | 'observed'>,
  inFlight: ReadonlySet<string>,
): Sight['foreignStanding'] {
  return ({ id, path }) => {
    const key = normaliseId(id);
    const node = nodes.get(key);
    if (inFlight.has(key)) return 'unknown';
    if (node === undefined) return 'notDeclared';
    const actual = observed.get(key);
    if (actual === undefined) return 'unknown';
    const { comparison } = kindOf(node.kind);
    const isDeclared = (child: string) => nodes.has(normaliseId(child));
    if (declaresEntry(node, path, comparison, isDeclared)) return 'declared';
    return actual !== null && isUnlisted(actual, path, comparison) ? 'unknown' : 'gone';
  };
}

/** What events told of resources after Hubkeeper had written them: an earlier change is not the one that is seen now. */
function heardSinceWritten(
  { driftWatch }: BaselineHead,
  ledger: ReadonlyMap<string, LedgerEntry>,
): readonly ChangeHint[] {
  return (driftWatch?.heard ?? []).filter(({ resource, at }) => {
    const entry = ledger.get(normaliseId(resource));
    return entry !== undefined && Date.parse(at) > Date.parse(entry.at);
  });
}

function isWhole({ hints, scope }: RunDocument): boolean {
  return hints === undefined && scope === undefined;
}

/**
 * Whether a resource is known to have been as it is declared now: the spec in force was brought about whole, or the
 * ledger says so, or a plan that was asked for, of this operation or of the one that is set aside, compared it and had
 * nothing to do there. Of a spec that was called off it is what the spec before it declares as well: the rest is in no plan but
 * those of people who ask for it.
 */
function wasAsDeclared(
  { attended }: Pick<RunDocument, 'attended'>,
  { appliedSpecVersion, specVersion, calledOff }: BaselineHead,
  made: MadePlan,
  { setAside, asked }: Pick<Beside, 'setAside' | 'asked'>,
): (entry: LedgerEntry) => boolean {
  if (appliedSpecVersion >= specVersion) return () => true;
  if (setAside?.comparedVersion === specVersion) return ({ id }) => !setAside.refusedIds.has(normaliseId(id));
  if (!attended && calledOff?.specVersion === specVersion && appliedSpecVersion > 0) return () => true;
  return ({ id }) => (asked !== undefined && !asked.has(normaliseId(id))) || made.wasAsDeclared(id);
}

/** What is decided about the drift that a plan of a run shows, with the lines and the events for what is new of it. */
export function withDriftDecided(
  before: RunDocument,
  after: RunDocument,
  { before: record, seen, problem }: DriftOfPlan,
  made: MadePlan,
  verdict: Pick<Verdict, 'refused' | 'waiting'>,
  nowIso: string,
): { readonly run: RunDocument; readonly journal: readonly JournalEntry[] } {
  if (problem !== undefined)
    return {
      run: after,
      journal: before.planHash === after.planHash ? [] : [lineWithoutRecord(after, problem, nowIso)],
    };
  // What a teardown takes away drifts no more.
  if (after.teardown)
    return {
      run: withRecord(after, record, { ...newDriftRecord(after.baseline), revision: record.revision }),
      journal: [],
    };
  const inFlight = inFlightOf(after);
  const decided = decideDrifts(seen, {
    unplanned: made.plan.refused,
    refused: verdict.refused,
    waiting: verdict.waiting,
    kept: made.kept ?? [],
    postponed: made.postponed ?? [],
    failed: failuresOf(after.rows),
    isUnderWay: (id) => inFlight.has(normaliseId(id)),
    operationId: after.operationId,
    isWhole: isWhole(after),
    tellsOthersOnce: looksForDrift(after),
  });
  const run: RunDocument = {
    ...withRecord(after, record, decided.record),
    knowsDrifts: decided.record.drifts.length + decided.record.failing.length > 0,
    ...(looksForDrift(after) ? { knownRefusals: knownRefusals(after.refused, record, before) } : {}),
    events: [...(after.events ?? []), ...eventsOfNews(after, decided.news, nowIso)],
  };
  return {
    run,
    journal: [
      ...comparisonLines(before, after, made, decided.record, seen, nowIso),
      ...linesOfNews(after, withoutToldByPlan(after, decided.news), nowIso),
    ],
  };
}

/** What a run that somebody asked for refuses or makes wait has a line of its plan. */
function withoutToldByPlan(run: RunDocument, news: readonly DriftNews[]): readonly DriftNews[] {
  if (looksForDrift(run)) return news;
  const waits = Object.values(run.rows).flatMap(({ id, waiting }) =>
    waiting === undefined ? [] : [refusalKey({ id, code: waiting.for })],
  );
  const told = new Set([...run.refused.map(refusalKey), ...waits]);
  return news.filter((one) => one.news !== 'decided' || !told.has(refusalKey(one.drift)));
}

function comparisonLines(
  before: RunDocument,
  after: RunDocument,
  made: MadePlan,
  record: DriftRecord,
  { seen }: Seen,
  nowIso: string,
): readonly JournalEntry[] {
  if (!looksForDrift(after) || before.planHash === after.planHash) return [];
  const drifts = record.drifts.filter((drift) => seen.has(propertyKey(drift)));
  const drifted = new Set(drifts.map(({ id }) => normaliseId(id)));
  const compared = {
    comparedCount: made.comparedCount ?? made.observed.size,
    notComparedCount: made.notComparedCount ?? 0,
    otherCount: otherChanges(made.plan, new Set([...drifted, ...inFlightOf(after)])),
  };
  return [lineOfComparison(after, compared, drifts, nowIso)];
}

function otherChanges({ changes }: Plan, drifted: ReadonlySet<string>): number {
  return changes.filter(({ id }) => !drifted.has(normaliseId(id))).length;
}

function failuresOf(rows: RunDocument['rows']): DriftVerdict['failed'] {
  return new Map(
    Object.values(rows).flatMap((row) =>
      row.state.name === 'failed'
        ? [[normaliseId(row.id), { code: row.problem?.code ?? 'Failed', message: row.problem?.message ?? '' }] as const]
        : [],
    ),
  );
}

/**
 * The run with what the rows that have ended since mean for drift, and with what of that people have to know. `causes`: why
 * what was put right had to be, by normalised id.
 */
export async function withDriftSettled(
  dependencies: DriftDependencies,
  before: RunDocument,
  after: RunDocument,
  document: PlanDocument | undefined,
  nowIso: string,
): Promise<{
  readonly run: RunDocument;
  readonly causes: ReadonlyMap<string, string>;
  readonly journal: readonly JournalEntry[];
}> {
  const ended = endedChanges(before.rows, after.rows, document);
  const isOfRecord = after.knowsDrifts === true || (!after.attended && ended.some(({ tried }) => tried !== undefined));
  if (!isOfRecord || ended.length === 0) return { run: after, causes: new Map(), journal: [] };
  const record = await recordOf(dependencies, after).catch(problemOfUnreadable);
  // The next plan says so.
  if ('code' in record) return { run: after, causes: new Map(), journal: [] };
  const settled = settleDrifts(record, ended, {
    isUnattended: (id) => !after.attended || document?.notAskedFor?.includes(normaliseId(id)) === true,
    operationId: after.operationId,
    specVersion: after.specVersion,
    nowIso,
  });
  const run = withRecord(after, record, settled.record);
  return {
    run: { ...run, events: [...(run.events ?? []), ...eventsOfNews(run, settled.news, nowIso)] },
    causes: causesOf(settled.right),
    journal: linesOfNews(run, settled.news, nowIso),
  };
}

function endedChanges(
  before: RunDocument['rows'],
  after: RunDocument['rows'],
  document: PlanDocument | undefined,
): readonly EndedChange[] {
  const changes = document === undefined ? new Map() : changesById(document.plan);
  return Object.values(after).flatMap((row): readonly EndedChange[] => {
    const old = before[row.id];
    if (old?.state.name === row.state.name && old.attempt === row.attempt) return [];
    const change = changeOfRow(row, changes);
    return change === undefined ? [] : endOf(row, change);
  });
}

function endOf(row: RunRow, change: EndedChange['change']): readonly EndedChange[] {
  switch (row.state.name) {
    case 'done':
      return [{ change, end: 'done', code: '', why: '', wrote: row.writes > 0 || change.action === 'create' }];
    case 'failed':
      return [
        {
          change,
          end: 'failed',
          code: row.problem?.code ?? 'Failed',
          why: row.problem?.message ?? '',
          wrote: false,
          tried: { changeHash: row.changeHash, worldHash: row.worldHash ?? '' },
        },
      ];
    case 'blocked':
      return [
        {
          change,
          end: 'failed',
          code: 'Blocked',
          why: `It needs ${row.blockedBy ?? 'something'}, which failed.`,
          wrote: false,
        },
      ];
    default:
      return [];
  }
}
