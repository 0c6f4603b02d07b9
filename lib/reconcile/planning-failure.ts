import { type ArmRefusal, ArmRefusalError, readListRefusal, refusalOfUnreachable } from '../azure/arm-answer.ts';
import { ArmListError, ArmUnreachableError } from '../azure/arm-errors.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { problemOfGivenUp } from './retry-policy.ts';

/** Tries to read what there is before the operation fails, and the first and longest pause between them: 15 minutes in all. */
const MAXIMUM_PLAN_FAILURES = 8;
const FIRST_PLAN_PAUSE_SECONDS = 30;
const LONGEST_PLAN_PAUSE_SECONDS = 180;

/**
 * What it means for the operation that a plan could not be made.
 * @throws what is no problem of Azure's, the operator's or the caller's: that is a fault of ours.
 */
export function refusalOfPlanning(error: unknown, baseline: string): ArmRefusal {
  if (error instanceof ArmRefusalError) return error.refusal;
  if (error instanceof ProblemError) return { disposition: 'stop', problem: error.problem };
  if (error instanceof ArmListError) return readListRefusal(error);
  if (error instanceof ArmUnreachableError) return refusalOfUnreachable(error, `'${baseline}' was being planned`);
  throw error;
}

/** The problem to show, and after how many seconds planning is tried again; `null`: never. `failures` counts this one. */
export function afterPlanFailure(
  refusal: ArmRefusal,
  failures: number,
): { readonly problem: Problem; readonly pauseSeconds: number | null } {
  const { problem } = refusal;
  if (problem.actor !== 'azure-temporary') return { problem, pauseSeconds: null };
  if (failures >= MAXIMUM_PLAN_FAILURES) return { problem: problemOfGivenUp(refusal, failures), pauseSeconds: null };
  const backoffSeconds = Math.min(LONGEST_PLAN_PAUSE_SECONDS, FIRST_PLAN_PAUSE_SECONDS * 2 ** (failures - 1));
  return { problem, pauseSeconds: Math.max(backoffSeconds, refusal.retryAfterSeconds ?? 0) };
}
