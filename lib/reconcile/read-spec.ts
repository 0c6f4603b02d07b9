import type { ResolvedBaseline } from '../baseline/resolved.ts';
import type { BaselineSpec } from '../baseline/spec.ts';
import { validateSpecDocument } from '../baseline/validate.ts';
import type { Dependencies } from '../dependencies.ts';
import { ProblemError } from '../problem.ts';
import type { BaselineHead } from '../state/baseline-head.ts';

/**
 * The spec in force, read and resolved. Rules that depend on the day are those of the day on which it was put: what
 * Azure retires later is no reason to leave what runs alone.
 * @throws ProblemError when there is none, or when this version of Hubkeeper does not take it any more.
 */
export async function readResolved(
  dependencies: Pick<Dependencies, 'baselines'>,
  head: BaselineHead,
): Promise<{ readonly spec: BaselineSpec; readonly resolved: ResolvedBaseline }> {
  const stored = head.specVersion === 0 ? null : await dependencies.baselines.readSpec(head.name, head.specHash);
  if (stored === null) {
    throw noSpec(head);
  }
  const result = validateSpecDocument(Buffer.from(stored.text, 'utf8'), stored.contentType, {
    todayIso: stored.storedAt,
  });
  if (result.ok) return { spec: result.spec, resolved: result.resolved };
  const [first] = result.violations;
  throw new ProblemError({
    code: 'SpecNotValid',
    actor: 'caller',
    message: `The stored spec is not valid any more: ${first?.path ?? ''} ${first?.message ?? ''} (${result.violations.length} in all).`,
    remedy: first?.remedy ?? 'Correct the spec and put it again.',
  });
}

/** Of a baseline that was torn down, or whose spec was never put. */
export function noSpec(head: BaselineHead): ProblemError {
  return new ProblemError({
    code: 'NoSpec',
    actor: 'caller',
    message:
      head.history.length > 0
        ? `The baseline '${head.name}' was torn down: no spec of it is in force.`
        : `The baseline '${head.name}' has no spec in force.`,
    remedy: 'Apply a spec of this name to build it.',
  });
}
