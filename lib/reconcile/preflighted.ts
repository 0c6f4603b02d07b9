import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Verdict } from '../plan/guard.ts';
import type { Problem } from '../problem.ts';
import type { RunDocument } from '../state/run.ts';
import { notPreflighted, withNothingAllowed, withoutUnfit, withRefused } from './late-preflight.ts';
import { type MadePlan, takenRefusals } from './make-plan.ts';
import { preflight } from './preflight.ts';

/** A verdict after a look at what would make its changes fail. */
export interface Preflighted {
  readonly verdict: Verdict;
  /** Problems for which the run ends before its first write. */
  readonly problems: readonly Problem[];
  /** There was something to look at. */
  readonly looked: boolean;
}

/**
 * Looks for what would make the allowed changes fail. Whoever asked for a change hears at once that it cannot be made
 * whole: before its first write such a run ends, and only leaves out what a later plan adds. Of what nobody asked for the
 * rest is made, so that one problem does not keep everything else as it is.
 * @throws as `preflight`.
 */
export async function preflighted(
  dependencies: Dependencies,
  run: Pick<RunDocument, 'attended' | 'trigger' | 'preflighted' | 'rows'>,
  made: MadePlan,
  verdict: Verdict,
): Promise<Preflighted> {
  const { changes } = made.plan;
  const allowedIds = new Set(verdict.allowed.map(normaliseId));
  const allowed = changes.filter(({ id }) => allowedIds.has(normaliseId(id)));
  const unseen = run.preflighted ? notPreflighted(allowed, run.rows) : allowed;
  const unfit = unseen.length === 0 ? [] : await preflight(dependencies, made, unseen);
  const goesOn = !isAskedFor(run);
  if (unfit.length > 0 && !run.preflighted && !goesOn)
    return {
      verdict: withNothingAllowed(verdict, unfit),
      problems: unfit.map(({ problem }) => problem),
      looked: true,
    };
  const fit = withoutUnfit(verdict, changes, unfit);
  // What has a name that is taken may be just as it was wanted, and is not ours all the same.
  return {
    verdict: goesOn ? withRefused(fit, takenRefusals(made.taken)) : fit,
    problems: [],
    looked: unseen.length > 0,
  };
}

/** A person asked for it, or a reaction, whose step is judged as a whole. */
function isAskedFor({ attended, trigger }: Pick<RunDocument, 'attended' | 'trigger'>): boolean {
  return attended || trigger === 'adjustment';
}
