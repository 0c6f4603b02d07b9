import { normaliseId } from '../plan/graph.ts';
import type { Verdict } from '../plan/guard.ts';
import { changeHash } from '../plan/hash.ts';
import type { Change, Refusal } from '../plan/plan.ts';
import type { Problem } from '../problem.ts';
import type { Unfit } from './preflight-rules.ts';
import type { Rows } from './rows.ts';

/** Changes that no preflight of this run has looked at yet: a newer plan, an approval or the end of a hold added them. */
export function notPreflighted(allowed: readonly Change[], rows: Rows): readonly Change[] {
  const covered = new Map(
    Object.values(rows).flatMap((row) =>
      row.state.name === 'waiting' ? [] : [[normaliseId(row.id), row.changeHash] as const],
    ),
  );
  return allowed.filter((change) => covered.get(normaliseId(change.id)) !== changeHash(change));
}

/**
 * The verdict without the changes that would fail, and all that builds on them: the rest is made. Pure.
 */
export function withoutUnfit(verdict: Verdict, changes: readonly Change[], unfit: readonly Unfit[]): Verdict {
  if (unfit.length === 0) return verdict;
  const problems = problemsById(unfit);
  const refused = new Map<string, Refusal>();
  // In the plan's order, so that a refusal goes through whole chains.
  for (const { id, dependsOn } of changes) {
    const key = normaliseId(id);
    const problem = problems.get(key);
    const base = dependsOn.find((other) => refused.has(normaliseId(other)));
    if (problem !== undefined)
      refused.set(key, { id, code: problem.code, why: `${problem.message} ${problem.remedy}` });
    else if (base !== undefined) refused.set(key, { id, code: 'DependsOnRefused', why: `Because ${base} is refused.` });
  }
  return withRefused(verdict, [...refused.values()]);
}

/** The verdict of a run that writes nothing at all because of problems. Pure. */
export function withNothingAllowed(verdict: Verdict, unfit: readonly Unfit[]): Verdict {
  const problems = problemsById(unfit);
  const [first] = unfit;
  if (first === undefined) return verdict;
  const refused = verdict.allowed.map((id): Refusal => {
    const { code, message, remedy } = problems.get(normaliseId(id)) ?? first.problem;
    return { id, code, why: `Nothing was written: ${message} ${remedy}` };
  });
  return withRefused(verdict, refused);
}

/** The first problem of each change, by normalised id. */
function problemsById(unfit: readonly Unfit[]): ReadonlyMap<string, Problem> {
  return new Map(
    unfit.toReversed().flatMap(({ problem, ids }) => ids.map((id) => [normaliseId(id), problem] as const)),
  );
}

/** The verdict with these changes refused, whatever it said of them. */
export function withRefused(verdict: Verdict, refused: readonly Refusal[]): Verdict {
  const ids = new Set(refused.map(({ id }) => normaliseId(id)));
  const stays = (id: string): boolean => !ids.has(normaliseId(id));
  return {
    allowed: verdict.allowed.filter(stays),
    budgeted: verdict.budgeted.filter(stays),
    waiting: verdict.waiting.filter(({ id }) => stays(id)),
    refused: [...verdict.refused.filter(({ id }) => stays(id)), ...refused],
  };
}
