import { compile } from '../baseline/compile.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { LeftChanges } from '../plan/left-changes.ts';
import { newOfSpec } from '../plan/new-of-spec.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';
import { readStoredSpec } from './read-spec.ts';

/** Whether a person asks for everything that the spec in force declares. */
export function isPersonsWhole({
  attended,
  teardown,
  scope,
  hints,
}: Pick<RunDocument, 'attended' | 'teardown' | 'scope' | 'hints'>): boolean {
  return attended && !teardown && scope === undefined && hints === undefined;
}

/**
 * Whether the spec in force is called off after a turn of a run: whoever stops what was to bring it about, or rejects it, is
 * not overruled by a look for drift; whoever asks for it again takes that back. Pure.
 */
export function calledOffAfter(
  head: Pick<BaselineHead, 'specVersion' | 'appliedSpecVersion' | 'approvals' | 'calledOff'>,
  run: RunDocument,
): BaselineHead['calledOff'] {
  const { specVersion, appliedSpecVersion, approvals, calledOff } = head;
  if (appliedSpecVersion >= specVersion) return undefined;
  if (!isPersonsWhole(run)) return calledOff?.specVersion === specVersion ? calledOff : undefined;
  if (!isFinalState(run.state) || run.specVersion !== specVersion) return undefined;
  const { operationId } = run;
  // Said again after its approvals have gone with it.
  if (calledOff?.operationId === operationId) return calledOff;
  if (run.state === 'stopped') return { specVersion, operationId, end: 'stopped' };
  const isRejected = approvals.some((one) => one.operationId === operationId && one.decision === 'reject');
  return isRejected ? { specVersion, operationId, end: 'rejected' } : undefined;
}

/** What a run without a person leaves alone since somebody has called the spec in force off; undefined: nothing. */
export async function readCalledOff(
  dependencies: Pick<Dependencies, 'baselines' | 'ledger'>,
  head: BaselineHead,
  resolved: ResolvedBaseline | undefined,
  { attended }: Pick<RunDocument, 'attended'>,
  nowIso: string,
): Promise<LeftChanges | undefined> {
  const { calledOff, specVersion, appliedSpecVersion, history, adjustments, name } = head;
  if (attended || resolved === undefined || calledOff?.specVersion !== specVersion) return undefined;
  const hash = history.find(({ version }) => version === appliedSpecVersion)?.hash;
  const applied = hash === undefined ? null : await readStoredSpec(dependencies, name, hash);
  const wanted = compile(resolved, adjustments, nowIso);
  const before = applied?.ok === true ? compile(applied.resolved, adjustments, nowIso) : { ...wanted, nodes: [] };
  const ledger = new Map((await dependencies.ledger.all(name)).map((entry) => [normaliseId(entry.id), entry]));
  const putAtIso = history.find(({ version }) => version === specVersion)?.at ?? nowIso;
  const { operationId, end } = calledOff;
  return { operationId, changes: newOfSpec(wanted, before, ledger, kindOf, putAtIso), calledOff: { specVersion, end } };
}
