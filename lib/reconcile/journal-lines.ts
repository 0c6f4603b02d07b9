import { isManagementLock } from '../azure/arm-answer.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Change, Plan } from '../plan/plan.ts';
import type { Problem } from '../problem.ts';
import type { Approval, ReconcileRequest } from '../state/baseline-head.ts';
import type { JournalEntry } from '../state/journal.ts';
import {
  changeOfRow,
  hasSteppedBack,
  isFinalState,
  type PlanDocument,
  type RunDocument,
  type RunRow,
} from '../state/run.ts';
import { changesById } from './changes-by-id.ts';
import type { StartOutcome } from './start-write.ts';

/** Differences that one journal line shows at most; the plan document has them all. */
const SHOWN_DIFFERENCES = 20;

type Line = Omit<JournalEntry, 'baseline' | 'operationId' | 'trigger' | 'at'>;

function lineOf(run: RunDocument, at: string, line: Line): JournalEntry {
  return {
    at,
    baseline: run.baseline,
    operationId: run.operationId,
    trigger: run.trigger,
    by: run.requestedBy,
    ...line,
  };
}

/**
 * Lines for a new plan: the plan itself, and what it refuses or makes wait that the one before did not. A run that looks
 * for drift tells what is new to the record instead: every hour it finds the same.
 */
export function journalOfPlan(
  before: RunDocument,
  after: RunDocument,
  plan: Plan,
  at: string,
): readonly JournalEntry[] {
  if (after.trigger === 'drift') return [];
  const counts = (['create', 'update', 'delete'] as const).flatMap((action) => {
    const count = plan.changes.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${count} to ${action}`];
  });
  const told = new Set(before.refused.map((refusal) => `${normaliseId(refusal.id)} ${refusal.code}`));
  const waitedFor = new Set(
    Object.values(before.rows).flatMap((row) =>
      row.waiting === undefined ? [] : [`${normaliseId(row.id)} ${row.waiting.for}`],
    ),
  );
  const isNews = before.planHash !== after.planHash;
  return [
    ...(isNews
      ? [
          lineOf(after, at, {
            resource: '',
            decision: 'planned',
            reason:
              plan.changes.length === 0 && after.refused.length === 0
                ? 'Everything is as it should be.'
                : `${counts.length === 0 ? 'Nothing to do' : counts.join(', ')}${refusedText(after.refused.length)}.`,
            after: plan.hash,
            discriminator: after.planKey,
          }),
        ]
      : []),
    ...after.refused
      .filter((refusal) => !told.has(`${normaliseId(refusal.id)} ${refusal.code}`))
      .map((refusal) =>
        lineOf(after, at, {
          resource: refusal.id,
          decision: 'refused',
          reason: refusal.why,
          discriminator: refusal.code,
        }),
      ),
    ...Object.values(after.rows)
      .filter((row) => row.waiting !== undefined && !waitedFor.has(`${normaliseId(row.id)} ${row.waiting.for}`))
      .map((row) =>
        lineOf(after, at, {
          resource: row.id,
          decision: 'waiting',
          reason: row.waiting?.why ?? '',
          discriminator: row.waiting?.for ?? '',
        }),
      ),
  ];
}

/**
 * The line for an operation that steps in before one that waits. Nobody asked for a look for drift, and that there was one
 * each hour is no news.
 */
export function journalOfSteppingIn(run: RunDocument): readonly JournalEntry[] {
  if (run.setAside === undefined || run.trigger === 'drift') return [];
  return [
    // Not the time of its turn: one that dies after it has told would have the next one tell it again.
    lineOf(run, run.createdAt, {
      resource: '',
      decision: 'stepped in',
      reason: `The operation ${run.setAside} only waits: it goes on as it was when this one has ended.`,
    }),
  ];
}

/** The line for an operation that has stepped in and comes to wait for somebody itself. */
export function journalOfSteppingBack(run: RunDocument): readonly JournalEntry[] {
  if (!hasSteppedBack(run)) return [];
  return [
    lineOf(run, run.createdAt, {
      resource: '',
      decision: 'stepped back',
      reason: `It waits itself now, beside the operation ${run.setAside}, which goes on as it was. It steps in again when somebody decides, or what it waits for ends.`,
    }),
  ];
}

/** Lines for approvals that came to nothing, or to a part only: what waited for something else besides is asked about anew. */
export function journalOfLapsed(run: RunDocument, lapsed: readonly Approval[], at: string): readonly JournalEntry[] {
  return lapsed.map(({ planHash, decidedBy = 'somebody', decidedAt, expiresAt }) =>
    lineOf(run, at, {
      resource: '',
      decision: 'approval lapsed',
      reason: `The approval of ${decidedBy} for the plan ${planHash.slice(0, 12)}… ended at ${expiresAt} before everything in it was done: what is left needs another one.`,
      discriminator: `${planHash} ${decidedAt ?? ''}`,
    }),
  );
}

function refusedText(count: number): string {
  return count === 0 ? '' : `; ${count} refused`;
}

/** Lines for a plan that somebody asked for and that was made, or not. */
export function journalOfPlanOperation(run: RunDocument, at: string): readonly JournalEntry[] {
  const [problem] = run.problems;
  if (problem !== undefined)
    return [
      lineOf(run, at, {
        resource: problem.resource ?? '',
        decision: isFinalState(run.state) ? 'not planned' : 'planning postponed',
        reason: `${problem.code}: ${problem.message} ${problem.remedy}`,
      }),
    ];
  if (!isFinalState(run.state)) return [];
  return [
    lineOf(run, at, {
      resource: '',
      decision: 'planned',
      reason: 'Somebody asked for the plan; nothing is written.',
      after: run.planHash,
    }),
  ];
}

/** The line for a plan that could not be made yet. */
export function journalOfPostponedPlan(run: RunDocument, problem: Problem, at: string): readonly JournalEntry[] {
  const seconds = Math.ceil((run.planNotBeforeMs - Date.parse(at)) / 1_000);
  return [
    lineOf(run, at, {
      resource: problem.resource ?? '',
      decision: 'planning postponed',
      reason: `${problem.code}: ${problem.message} It is planned again in ${seconds} seconds.`,
    }),
  ];
}

/** Lines for starts that came to nothing since something had moved, or a lock was set meanwhile. `run`: as it was when they answered. */
export function journalOfStarts(
  run: RunDocument,
  outcomes: readonly StartOutcome[],
  at: string,
): readonly JournalEntry[] {
  return outcomes.flatMap((outcome) => {
    const row = run.rows[outcome.id];
    if (row?.state.name !== 'starting' || row.attempt !== outcome.attempt) return [];
    const reason = whyNotWritten(row, outcome);
    if (reason === undefined) return [];
    return [
      lineOf(run, at, {
        resource: outcome.id,
        decision: 'not written',
        reason,
        discriminator: String(outcome.attempt),
      }),
    ];
  });
}

/** Undefined: it was written, or the line of its row tells what became of it. */
function whyNotWritten({ metLock }: RunRow, outcome: StartOutcome): string | undefined {
  if (outcome.outcome === 'stale') return outcome.why;
  if (outcome.outcome !== 'refused' || !isManagementLock(outcome.refusal) || metLock === true) return undefined;
  return `A management lock forbids it: ${outcome.refusal.problem.message}`;
}

/** The line for a request whose work a run does that is under way. */
export function journalOfJoin(
  run: Pick<RunDocument, 'baseline' | 'operationId' | 'createdAt'>,
  request: Pick<ReconcileRequest, 'operationId' | 'trigger' | 'requestedBy' | 'at'>,
): JournalEntry {
  return {
    // When both were there; not the time of a turn, which may die after it has told, and be played again.
    at: [request.at, run.createdAt].toSorted().at(-1) ?? run.createdAt,
    baseline: run.baseline,
    operationId: request.operationId,
    trigger: request.trigger,
    resource: '',
    decision: 'joined',
    reason: `Its work is done by the operation ${run.operationId}.`,
    by: request.requestedBy,
  };
}

/**
 * Lines for what has happened to rows since the turn began, and for the end of the operation. `causes`: why what is done
 * had to be, beyond the reason of its change, by normalised id.
 */
export function journalOfRun(
  before: RunDocument,
  after: RunDocument,
  document: PlanDocument | undefined,
  at: string,
  causes: ReadonlyMap<string, string> = new Map(),
): readonly JournalEntry[] {
  const changes = document === undefined ? new Map<string, Change>() : changesById(document.plan);
  const lines: JournalEntry[] = [];
  for (const row of Object.values(after.rows)) {
    const old = before.rows[row.id];
    const isSame = old?.state.name === row.state.name && old.attempt === row.attempt && old.overdue === row.overdue;
    if (isSame) continue;
    const line = lineOfRow(row, changeOfRow(row, changes), causes.get(normaliseId(row.id)));
    if (line !== undefined) lines.push(lineOf(after, at, line));
  }
  if (isFinalState(after.state)) {
    for (const row of Object.values(after.rows)) {
      const line = lineOfLeftRow(row, after);
      if (line !== undefined) lines.push(lineOf(after, at, line));
    }
    for (const problem of after.problems) {
      lines.push(
        lineOf(after, at, {
          resource: problem.resource ?? '',
          decision: 'problem',
          reason: `${problem.message} ${problem.remedy}`,
          discriminator: problem.code,
        }),
      );
    }
    if (!isToldByComparison(after))
      lines.push(lineOf(after, at, { resource: '', decision: after.state, reason: summaryOf(after) }));
  }
  return lines;
}

/** Nothing was started and nothing went wrong: the line of the comparison has said it all. */
function isToldByComparison({ trigger, planKey, rows, problems, stopping }: RunDocument): boolean {
  const isQuiet = Object.keys(rows).length === 0 && problems.length === 0 && !stopping;
  return trigger === 'drift' && planKey !== '' && isQuiet;
}

/** A row with which the operation has ended although it is not over. */
function lineOfLeftRow(row: RunRow, run: RunDocument): Line | undefined {
  const line = { resource: row.id, discriminator: `end ${row.attempt}` };
  switch (row.state.name) {
    case 'pending':
    case 'waiting':
    case 'retrying': {
      const reason = run.stopping
        ? 'The operation was stopped before this was done.'
        : 'The operation ended before this was done.';
      return { ...line, decision: 'not written', reason };
    }
    case 'starting':
    case 'running':
      return { ...line, decision: 'left running', reason: 'The next operation follows it to its end.' };
    default:
      return undefined;
  }
}

function lineOfRow(row: RunRow, change: Change | undefined, cause: string | undefined): Line | undefined {
  const discriminator = String(row.attempt);
  // A creation is only found done where a repeat of its own start has made it, whose answer got lost.
  const isUnchanged = row.writes === 0 && change?.action !== 'create';
  switch (row.state.name) {
    case 'done':
      return {
        resource: row.id,
        decision: isUnchanged ? 'unchanged' : pastOf(change),
        reason: [change?.reason, cause].filter((text) => text !== undefined).join(' '),
        discriminator,
        ...(isUnchanged ? {} : valuesOf(change)),
      };
    case 'failed':
      return {
        resource: row.id,
        decision: 'failed',
        reason: `${row.problem?.code ?? 'Failed'}: ${row.problem?.message ?? ''} ${row.problem?.remedy ?? ''}`,
        discriminator,
      };
    case 'running':
      if (row.overdue !== true) return undefined;
      return {
        resource: row.id,
        decision: 'overdue',
        reason: `${row.problem?.code ?? 'Overdue'}: ${row.problem?.message ?? ''}`,
        discriminator,
      };
    case 'retrying':
      return {
        resource: row.id,
        decision: 'retry',
        reason: `${row.problem?.code ?? 'Refused'}: ${row.problem?.message ?? ''}`,
        discriminator,
      };
    case 'blocked':
      return {
        resource: row.id,
        decision: 'blocked',
        reason: `It needs ${row.blockedBy ?? 'something'}, which failed.`,
        discriminator,
      };
    default:
      return undefined;
  }
}

function pastOf(change: Change | undefined): string {
  return change?.action === 'delete' ? 'deleted' : change?.action === 'create' ? 'created' : 'updated';
}

function valuesOf(change: Change | undefined): Pick<Line, 'before' | 'after'> {
  const shown = change?.diff.slice(0, SHOWN_DIFFERENCES) ?? [];
  const side = (name: 'before' | 'after') =>
    Object.fromEntries(
      shown.flatMap((difference) => (difference[name] === undefined ? [] : [[difference.path, difference[name]]])),
    );
  return { before: side('before'), after: side('after') };
}

function summaryOf(run: RunDocument): string {
  const rows = Object.values(run.rows);
  const count = (name: RunRow['state']['name']) => rows.filter((row) => row.state.name === name).length;
  const refused = run.refused.length;
  if (rows.length === 0 && refused === 0 && run.problems.length === 0) return 'Nothing was to be done.';
  const others = { failed: count('failed'), blocked: count('blocked'), refused };
  const parts = Object.entries(others).flatMap(([word, many]) => (many === 0 ? [] : [`${many} ${word}`]));
  return `${[`${count('done')} done`, ...parts].join(', ')}.`;
}
