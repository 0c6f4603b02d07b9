import { compile } from '../baseline/compile.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import type { Dependencies } from '../dependencies.ts';
import { type DesiredGraph, normaliseId } from '../plan/graph.ts';
import type { LeftChanges } from '../plan/left-changes.ts';
import { newOfSpec } from '../plan/new-of-spec.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';
import { readVersion } from './read-spec.ts';

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
 * not overruled by a look for drift, nor by a run that was asked for before; whoever asks for it again takes that back. Pure.
 */
export function calledOffAfter(
  head: Pick<BaselineHead, 'specVersion' | 'appliedSpecVersion' | 'approvals' | 'requests' | 'calledOff'>,
  run: RunDocument,
  nowIso: string,
): BaselineHead['calledOff'] {
  const { specVersion, appliedSpecVersion, approvals, requests } = head;
  if (appliedSpecVersion >= specVersion) return undefined;
  // That of the run itself too: it is said again after its approvals have gone with it.
  if (!isPersonsWhole(run) || isFromBefore(head, run)) return isCalledOff(head) ? head.calledOff : undefined;
  if (run.specVersion !== specVersion) return undefined;
  const { operationId } = run;
  const isOwn = (one: { readonly operationId: string }) => one.operationId === operationId;
  if (run.stopping) {
    const stop = requests.find((one) => isOwn(one) && one.trigger === 'resume');
    return { specVersion, operationId, end: 'stopped', at: stop?.at ?? nowIso };
  }
  const rejection = approvals.find((one) => isOwn(one) && one.decision === 'reject');
  if (rejection === undefined || !isFinalState(run.state)) return undefined;
  return { specVersion, operationId, end: 'rejected', at: rejection.decidedAt ?? nowIso };
}

/** Whether somebody has called the spec in force off, and nobody has asked for it since. */
export function isCalledOff({ calledOff, specVersion }: Pick<BaselineHead, 'calledOff' | 'specVersion'>): boolean {
  return calledOff !== undefined && calledOff.specVersion === specVersion;
}

/** Whether a run was asked for before the spec in force was called off: it was no word on that. */
function isFromBefore(
  head: Pick<BaselineHead, 'calledOff' | 'specVersion'>,
  { createdAt }: Pick<RunDocument, 'createdAt'>,
): boolean {
  return head.calledOff !== undefined && isCalledOff(head) && createdAt <= head.calledOff.at;
}

/**
 * The version of the spec that a run for everything brings about: of one that was called off after it was asked for, the
 * one that was in force then. Pure.
 */
export function versionOf(
  head: Pick<BaselineHead, 'calledOff' | 'specVersion' | 'appliedSpecVersion' | 'history'>,
  { createdAt, specVersion }: Pick<RunDocument, 'createdAt' | 'specVersion'>,
): number {
  if (!isFromBefore(head, { createdAt })) return specVersion;
  const asked = head.history.find(({ version, at }) => version < head.specVersion && at <= createdAt);
  return Math.max(head.appliedSpecVersion, asked?.version ?? 0);
}

/**
 * The version of the spec by which a run goes since the one in force was called off, 0 for none; undefined: it goes by that
 * in force. Pure.
 */
export function versionBefore(
  head: Pick<BaselineHead, 'calledOff' | 'specVersion' | 'appliedSpecVersion' | 'history'>,
  run: Pick<RunDocument, 'attended' | 'createdAt' | 'specVersion'>,
): number | undefined {
  if (!isCalledOff(head)) return undefined;
  if (!run.attended) return head.appliedSpecVersion;
  return isFromBefore(head, run) ? versionOf(head, run) : undefined;
}

/** What a spec that is called off means for what nobody has asked for since. */
export interface CalledOffSpec {
  readonly left: LeftChanges;
  /** What the spec before it declares, with the adjustments of now. */
  readonly before: DesiredGraph;
}

/** What a run leaves alone since somebody has called the spec in force off; undefined: nothing. */
export async function readCalledOff(
  dependencies: Pick<Dependencies, 'baselines' | 'ledger'>,
  head: BaselineHead,
  resolved: ResolvedBaseline | undefined,
  run: Pick<RunDocument, 'attended' | 'createdAt' | 'specVersion'>,
  nowIso: string,
): Promise<CalledOffSpec | undefined> {
  const { calledOff, specVersion, history, adjustments, name } = head;
  const version = versionBefore(head, run);
  if (resolved === undefined || calledOff === undefined || version === undefined) return undefined;
  const earlier = (await readVersion(dependencies, head, version))?.resolved;
  const wanted = compile(resolved, adjustments, nowIso);
  const before = earlier === undefined ? { ...wanted, nodes: [] } : compile(earlier, adjustments, nowIso);
  const ledger = new Map((await dependencies.ledger.all(name)).map((entry) => [normaliseId(entry.id), entry]));
  const putAtIso = history.find(({ version }) => version === specVersion)?.at ?? nowIso;
  const { operationId, end } = calledOff;
  const changes = newOfSpec(wanted, before, ledger, kindOf, putAtIso);
  return { left: { operationId, changes, calledOff: { specVersion, end } }, before };
}

/** What was brought about before the spec in force, which somebody has called off; undefined: nothing was. */
export async function readBeforeCallOff(
  dependencies: Pick<Dependencies, 'baselines'>,
  head: Pick<BaselineHead, 'appliedSpecVersion' | 'history' | 'name'>,
): Promise<ResolvedBaseline | undefined> {
  return (await readVersion(dependencies, head, head.appliedSpecVersion))?.resolved;
}
