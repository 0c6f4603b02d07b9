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
  const result = head.specVersion === 0 ? null : await readStoredSpec(dependencies, head.name, head.specHash);
  if (result === null) throw noSpec(head);
  if (result.ok) return { spec: result.spec, resolved: result.resolved };
  const [first] = result.violations;
  throw new ProblemError({
    code: 'SpecNotValid',
    actor: 'caller',
    message: `The stored spec is not valid any more: ${first?.path ?? ''} ${first?.message ?? ''} (${result.violations.length} in all).`,
    remedy: first?.remedy ?? 'Correct the spec and put it again.',
  });
}

/** A spec that was put, by its hash, as this version of Hubkeeper takes it; null: it is not there. */
export async function readStoredSpec(
  { baselines }: Pick<Dependencies, 'baselines'>,
  name: string,
  hash: string,
): Promise<ReturnType<typeof validateSpecDocument> | null> {
  const stored = await baselines.readSpec(name, hash);
  if (stored === null) return null;
  return validateSpecDocument(Buffer.from(stored.text, 'utf8'), stored.contentType, { todayIso: stored.storedAt });
}

/** A version of the spec, as this version of Hubkeeper takes it; undefined: it is not there, or not taken any more. */
export async function readVersion(
  dependencies: Pick<Dependencies, 'baselines'>,
  { history, name }: Pick<BaselineHead, 'history' | 'name'>,
  version: number,
): Promise<{ readonly spec: BaselineSpec; readonly resolved: ResolvedBaseline } | undefined> {
  const hash = history.find((one) => one.version === version)?.hash;
  const stored = hash === undefined ? null : await readStoredSpec(dependencies, name, hash);
  return stored?.ok === true ? stored : undefined;
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
