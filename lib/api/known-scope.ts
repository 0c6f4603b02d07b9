import type { DesiredGraph } from '../plan/graph.ts';
import { isInScope, scopesOf } from '../plan/scope.ts';
import { type ApiError, errorOf } from './errors.ts';

/** What is wrong with a scope for this baseline; `null` when something is in it. A hold on nothing would hold nothing. */
export function errorOfScope(scope: string, graph: DesiredGraph): ApiError | null {
  if (graph.nodes.some((node) => isInScope(node, scope))) return null;
  return errorOf('InvalidRequest', `Nothing of the baseline is in the scope ${scope}.`, {
    path: 'scope',
    remedy: `Use one of: everything, ${scopesOf(graph).join(', ')}; or the ARM id of a resource of the baseline.`,
  });
}
