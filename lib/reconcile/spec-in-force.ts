import type { Dependencies } from '../dependencies.ts';
import { MODES, type Mode } from '../plan/guard.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import type { RunDocument } from '../state/run.ts';
import { versionBefore } from './called-off.ts';
import { readResolved, readVersion } from './read-spec.ts';

/** Where no spec was brought about yet, nobody has let anything go. */
const MODE_BEFORE_ANY: Mode = 'no-delete';

/**
 * The spec in force as it binds a run. The mode of one that somebody has called off is called off as well: without a
 * person, or by one who asked for nothing since, nothing is done that the spec before it forbids.
 * @throws as `readResolved`.
 */
export async function readInForce(
  dependencies: Pick<Dependencies, 'baselines'>,
  head: BaselineHead,
  run: Pick<RunDocument, 'attended' | 'createdAt' | 'specVersion'>,
): ReturnType<typeof readResolved> {
  const input = await readResolved(dependencies, head);
  const version = versionBefore(head, run);
  if (version === undefined) return input;
  const before = (await readVersion(dependencies, head, version))?.spec.mode ?? MODE_BEFORE_ANY;
  const mode = MODES.find((one) => one === before || one === input.spec.mode) ?? input.spec.mode;
  const spec = { ...input.spec, mode };
  return { spec, resolved: { ...input.resolved, spec } };
}
