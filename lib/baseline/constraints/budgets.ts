import type { BaselineSpec } from '../spec.ts';

/** The smallest of a spec's budgets, whatever its unit; 0: nothing may change unattended. */
export function leastBudget({
  perRun,
  perDay,
  percentPerRun = 100,
  percentPerDay = 100,
}: BaselineSpec['budgets']): number {
  return Math.min(perRun, perDay, percentPerRun, percentPerDay);
}
