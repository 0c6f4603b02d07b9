import type { Dependencies } from '../../dependencies.ts';
import type { ReactionMode } from '../../plan/reaction-rules.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import { adjustmentsUnderWay, reactionsOf, reliefOf, withRelief } from '../../state/reactions.ts';
import { withStepWithdrawn } from './end-relief.ts';

/**
 * `decidedAt` of each relief that is recorded and of which nothing is on its way to Azure: the firewall has not been
 * written since. Reads nothing where no relief is under way.
 */
export async function reliefsNotBegun(
  { ledger }: Pick<Dependencies, 'ledger'>,
  head: BaselineHead,
): Promise<ReadonlySet<string>> {
  const notBegun = new Set<string>();
  for (const { target, since } of adjustmentsUnderWay(head)) {
    const entry = await ledger.read(head.name, target);
    if (entry === null || Date.parse(entry.at) < Date.parse(since)) notBegun.add(since);
  }
  return notBegun;
}

/**
 * The head without reliefs that its spec forbids from now on and of which nothing has been written: what was declared
 * before them counts again, so that nothing else of the spec has to wait for them. Pure.
 *
 * @param notBegun from `reliefsNotBegun`.
 */
export function withForbiddenWithdrawn(
  head: BaselineHead,
  mode: ReactionMode,
  notBegun: ReadonlySet<string>,
  by: string,
  nowIso: string,
): BaselineHead {
  if (mode === 'propose' || mode === 'act') return head;
  return reactionsOf(head).reduce((current, reaction) => {
    const relief = reliefOf(reaction);
    const { action } = relief;
    if (action === null || action.appliedAt !== null || !notBegun.has(action.decidedAt)) return current;
    const reason = `egress.mode is '${mode}' from now on, and nothing of it was written.`;
    const told = withStepWithdrawn(current, reaction, action, { trigger: 'put', by, reason, nowIso });
    return withRelief(told, reaction, { ...relief, action: null });
  }, head);
}
