import { normaliseId } from '../plan/graph.ts';
import type { Verdict } from '../plan/guard.ts';
import { changeHash } from '../plan/hash.ts';
import type { Change, Refusal } from '../plan/plan.ts';
import { isAtOrIn } from '../plan/scope.ts';
import type { Problem } from '../problem.ts';
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
 * The verdict without those added changes that a problem is about (its resource, group or subscription) and all that
 * builds on them. The rest of the run, which is under way, goes on.
 */
export function withoutUnfit(
  verdict: Verdict,
  changes: readonly Change[],
  added: readonly Change[],
  problems: readonly Problem[],
): Verdict {
  if (problems.length === 0) return verdict;
  const isAdded = new Set(added.map(({ id }) => normaliseId(id)));
  const refused = new Map<string, Refusal>();
  // In the plan's order, so that a refusal goes through whole chains.
  for (const { id, dependsOn } of changes) {
    const key = normaliseId(id);
    const problem = isAdded.has(key)
      ? problems.find(({ resource }) => resource === undefined || isAtOrIn(id, resource))
      : undefined;
    const base = dependsOn.find((other) => refused.has(normaliseId(other)));
    if (problem !== undefined)
      refused.set(key, { id, code: problem.code, why: `${problem.message} ${problem.remedy}` });
    else if (base !== undefined) refused.set(key, { id, code: 'DependsOnRefused', why: `Because ${base} is refused.` });
  }
  const stays = (id: string): boolean => !refused.has(normaliseId(id));
  return {
    allowed: verdict.allowed.filter(stays),
    budgeted: verdict.budgeted.filter(stays),
    waiting: verdict.waiting.filter(({ id }) => stays(id)),
    refused: [...verdict.refused.filter(({ id }) => stays(id)), ...refused.values()],
  };
}
