import { type BaselineHead, withNextOperation, withRequest } from '../../state/baseline-head.ts';
import type { ChangeHint } from '../../state/drift-watch.ts';

/**
 * Records that resources are to be compared with the spec: those that hints name, or with `null` everything. What comes
 * of it is told when it has been compared: that a look was asked for is no news. Pure.
 */
export function askForComparison(
  head: BaselineHead,
  hints: readonly ChangeHint[] | null,
  nowIso: string,
): { readonly head: BaselineHead; readonly operationId: string; readonly start?: string } {
  const { head: numbered, operationId } = withNextOperation(head);
  const requested = withRequest(numbered, {
    operationId,
    trigger: 'drift',
    requestedBy: 'hubkeeper',
    at: nowIso,
    ...(hints === null ? {} : { hints }),
  });
  return { ...requested, operationId };
}
