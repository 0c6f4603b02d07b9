import type { ReconcileRequest } from '../../state/baseline-head.ts';

/** A run of the egress for what the relief has changed. */
export function egressRequest(operationId: string, { nowIso }: { readonly nowIso: string }): ReconcileRequest {
  return { operationId, trigger: 'adjustment', requestedBy: 'hubkeeper', at: nowIso, scope: 'egress' };
}
