import type { BaselineSpec } from '../../baseline/spec.ts';
import type { Dependencies } from '../../dependencies.ts';
import { ProblemError } from '../../problem.ts';
import { readResolved } from '../../reconcile/read-spec.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';

/** Whether changes behind the back of a baseline's spec are looked for. */
export type DriftIsOff = (head: BaselineHead) => Promise<boolean>;

/**
 * What the spec in force says. One that this version does not take any more counts as on: the run that follows tells
 * what is wrong with it, silence would not.
 */
export async function readDriftIsOff(
  dependencies: Pick<Dependencies, 'baselines'>,
  head: BaselineHead,
): Promise<boolean> {
  try {
    const { spec } = await readResolved(dependencies, head);
    return isOff(spec);
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

function isOff({ drift }: BaselineSpec): boolean {
  return drift.mode === 'off';
}

/** Baselines whose answer is kept: events come in bursts, and a spec takes milliseconds to read and check. */
const KEPT_ANSWERS = 50;

/** The same with the latest answers kept in memory. A spec never changes under its hash. */
export function createDriftIsOff(dependencies: Pick<Dependencies, 'baselines'>): DriftIsOff {
  const kept = new Map<string, boolean>();
  return async (head) => {
    const key = `${head.name} ${head.specHash}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const answer = await readDriftIsOff(dependencies, head);
    kept.set(key, answer);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT_ANSWERS))) kept.delete(oldest);
    return answer;
  };
}
