import type { BaselineHead } from '../state/baseline-head.ts';
import type { RunDocument, RunRow } from '../state/run.ts';

/** Unattended updates and deletes, by operation, of one day. */
type DayBudget = BaselineHead['budget'];

/** The day, in UTC, that something done at a time counts for. */
function dayOf(nowIso: string): string {
  return nowIso.slice(0, 'YYYY-MM-DD'.length);
}

/** `changeHash` of what a run has begun and not brought to its end: another try of it is paid for. */
export function paidChanges({ spent }: Pick<RunDocument, 'spent'>): readonly string[] {
  return spent.filter(({ done }) => done !== true).map(({ changeHash }) => changeHash);
}

/** The run after changes have come to their end: what comes to the same afterwards takes from the budget again. */
export function withPaidDone<Run extends Pick<RunDocument, 'spent'>>(run: Run, doneHashes: readonly string[]): Run {
  const done = new Set(doneHashes);
  if (!run.spent.some((one) => one.done !== true && done.has(one.changeHash))) return run;
  return { ...run, spent: run.spent.map((one) => (done.has(one.changeHash) ? { ...one, done: true } : one)) };
}

/** The run with these writes of rows counted; another try of a change that has not come to its end is none. */
export function withSpent<Run extends Pick<RunDocument, 'spent'>>(
  run: Run,
  written: readonly RunRow[],
  nowIso: string,
): Run {
  const known = new Set(paidChanges(run));
  const added = written.filter((row) => row.budgeted === true && !known.has(row.changeHash));
  if (added.length === 0) return run;
  const day = dayOf(nowIso);
  const hashes = [...new Set(added.map(({ changeHash }) => changeHash))];
  return { ...run, spent: [...run.spent, ...hashes.map((changeHash) => ({ changeHash, day }))] };
}

/** The run with a fresh budget: what it has made so far, an earlier one has paid. */
export function refilled<Run extends Pick<RunDocument, 'spent' | 'spentBefore'>>(run: Run): Run {
  return { ...run, spentBefore: run.spent.length };
}

/** Unattended changes that the run's present budget has paid. */
export function usedInRun(run: Pick<RunDocument, 'spent' | 'spentBefore'>): number {
  return run.spent.length - run.spentBefore;
}

/** Unattended changes of the day: those of other operations as booked, and those of this run as it stands. */
export function usedToday(
  budget: DayBudget,
  { operationId, spent }: Pick<RunDocument, 'operationId' | 'spent'>,
  nowIso: string,
): number {
  const day = dayOf(nowIso);
  const others = Object.entries(budget.day === day ? budget.runs : {}).filter(([id]) => id !== operationId);
  return others.reduce((sum, [, count]) => sum + count, spent.filter((one) => one.day === day).length);
}

/** The budget of the day with this run booked as it stands: booked again it is the same. */
export function booked(
  budget: DayBudget,
  { operationId, spent }: Pick<RunDocument, 'operationId' | 'spent'>,
  nowIso: string,
): DayBudget {
  const day = dayOf(nowIso);
  const runs = budget.day === day ? budget.runs : {};
  const count = spent.filter((one) => one.day === day).length;
  return count === (runs[operationId] ?? 0) ? budget : { day, runs: { ...runs, [operationId]: count } };
}
