import { compile } from '../baseline/compile.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import type { Dependencies } from '../dependencies.ts';
import { type DesiredGraph, normaliseId } from '../plan/graph.ts';
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

/** Whether somebody has called the spec in force off, and nobody has asked for it since. */
export function isCalledOff({ calledOff, specVersion }: Pick<BaselineHead, 'calledOff' | 'specVersion'>): boolean {
  return calledOff !== undefined && calledOff.specVersion === specVersion;
}

/** What a spec that is called off means for what nobody has asked for since. */
export interface CalledOffSpec {
  readonly left: LeftChanges;
  /** What the spec before it declares, with the adjustments of now. */
  readonly before: DesiredGraph;
}

/** What a run without a person leaves alone since somebody has called the spec in force off; undefined: nothing. */
export async function readCalledOff(
  dependencies: Pick<Dependencies, 'baselines' | 'ledger'>,
  head: BaselineHead,
  resolved: ResolvedBaseline | undefined,
  { attended }: Pick<RunDocument, 'attended'>,
  nowIso: string,
): Promise<CalledOffSpec | undefined> {
  const { calledOff, specVersion, history, adjustments, name } = head;
  if (attended || resolved === undefined || calledOff === undefined || !isCalledOff(head)) return undefined;
  const applied = await readBeforeCallOff(dependencies, head);
  const wanted = compile(resolved, adjustments, nowIso);
  const before = applied === undefined ? { ...wanted, nodes: [] } : compile(applied, adjustments, nowIso);
  const ledger = new Map((await dependencies.ledger.all(name)).map((entry) => [normaliseId(entry.id), entry]));
  const putAtIso = history.find(({ version }) => version === specVersion)?.at ?? nowIso;
  const { operationId, end } = calledOff;
  const changes = newOfSpec(wanted, before, ledger, kindOf, putAtIso);
  return { left: { operationId, changes, calledOff: { specVersion, end } }, before };
}

/** The spec that was brought about before the one in force, which somebody has called off; undefined: there is none. */
export async function readBeforeCallOff(
  dependencies: Pick<Dependencies, 'baselines'>,
  { appliedSpecVersion, history, name }: Pick<BaselineHead, 'appliedSpecVersion' | 'history' | 'name'>,
): Promise<ResolvedBaseline | undefined> {
  const hash = history.find(({ version }) => version === appliedSpecVersion)?.hash;
  const applied = hash === undefined ? null : await readStoredSpec(dependencies, name, hash);
  return applied?.ok === true ? applied.resolved : undefined;
}
