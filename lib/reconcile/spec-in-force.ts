import type { Dependencies } from '../dependencies.ts';
import { MODES, type Mode } from '../plan/guard.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import type { RunDocument } from '../state/run.ts';
import { readResolved, readStoredSpec } from './read-spec.ts';

/** Where no spec was brought about yet, nobody has let anything go. */
const MODE_BEFORE_ANY: Mode = 'no-delete';

/**
 * The spec in force as it binds a run. The mode of one that somebody has called off is called off as well: without a
 * person nothing is done that the spec before it forbids.
 * @throws as `readResolved`.
 */
export async function readInForce(
  dependencies: Pick<Dependencies, 'baselines'>,
  head: BaselineHead,
  { attended }: Pick<RunDocument, 'attended'>,
): ReturnType<typeof readResolved> {
  const input = await readResolved(dependencies, head);
  if (attended || head.calledOff?.specVersion !== head.specVersion) return input;
  const before = await modeBefore(dependencies, head);
  const mode = MODES.find((one) => one === before || one === input.spec.mode) ?? input.spec.mode;
  const spec = { ...input.spec, mode };
  return { spec, resolved: { ...input.resolved, spec } };
}

/** The mode of the spec that was brought about last. */
async function modeBefore(
  dependencies: Pick<Dependencies, 'baselines'>,
  { appliedSpecVersion, history, name }: BaselineHead,
): Promise<Mode> {
  const hash = history.find(({ version }) => version === appliedSpecVersion)?.hash;
  const applied = hash === undefined ? null : await readStoredSpec(dependencies, name, hash);
  return applied?.ok === true ? applied.spec.mode : MODE_BEFORE_ANY;
}
