import type { Dependencies } from '../dependencies.ts';
import { guard, type Verdict } from '../plan/guard.ts';
import type { Plan } from '../plan/plan.ts';
import type { BaselineHead, ReconcileRequest } from '../state/baseline-head.ts';
import type { ChangeHint } from '../state/drift-watch.ts';
import type { RunDocument } from '../state/run.ts';
import { newRun } from './new-run.ts';
import { judgingOfRun, planOfRun } from './plan-of-run.ts';
import { takeRequests } from './take-requests.ts';

/** Nobody waits here: the pause and the stop switch only delay a change. */
const NOT_PAUSED = { generation: 0, paused: false, by: '', reason: '', since: '' };

/** A look at a few resources: what a large comparison has read so far stays that one's own. */
const NOTHING_KEPT: Dependencies['keptReads'] = {
  read: async () => null,
  write: async () => {},
  remove: async () => {},
};

/** What a run would plan, and what would be refused of that. */
export interface Foreseen {
  readonly plan: Plan;
  readonly refused: Verdict['refused'];
}

/**
 * What would become of some resources if a request was worked off now: by the same plan and the same guard as of the run
 * that would do it, which may be one that waits. `head`: with all that is recorded together with the request, yet without
 * that; `ids`: as they are declared then. Writes nothing.
 * @throws as `planOfRun`.
 */
export async function foresee(
  dependencies: Dependencies,
  head: BaselineHead,
  request: ReconcileRequest,
  ids: readonly string[],
  nowIso: string,
): Promise<Foreseen> {
  const hints = ids.map(
    (resource): ChangeHint => ({ resource, action: 'write', at: nowIso, author: null, correlationId: null }),
  );
  const run = { ...(await runFor(dependencies, head, request, nowIso)), hints };
  const beside = { ...dependencies, keptReads: NOTHING_KEPT, settings: { ...dependencies.settings, stopped: false } };
  const ofRun = await planOfRun(beside, run, head, nowIso);
  const { plan } = ofRun.made;
  const { circumstances } = await judgingOfRun(beside, run, head, NOT_PAUSED, ofRun, nowIso);
  // What waits is not refused, whatever it waits for; a budget that is used up is one more wait.
  return { plan, refused: guard(plan, circumstances).refused };
}

/** The run that would work a request off: the current one, or one of its own. */
async function runFor(
  { runs }: Pick<Dependencies, 'runs'>,
  head: BaselineHead,
  request: ReconcileRequest,
  nowIso: string,
): Promise<RunDocument> {
  const current = head.currentOperationId === null ? undefined : (await runs.read(head.currentOperationId))?.run;
  const { primary, joined, setAside } = takeRequests(
    { ...head, requests: [...head.requests, request] },
    current,
    nowIso,
  );
  if (joined.includes(request)) {
    if (primary !== undefined) return newRun(head, primary, [], {}, nowIso);
    if (current !== undefined) return current;
  }
  const own = newRun(head, request, [], {}, nowIso);
  return setAside === undefined ? own : { ...own, setAside };
}
