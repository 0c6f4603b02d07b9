import { errorOfScope } from '../lib/api/known-scope.ts';
import { compile } from '../lib/baseline/compile.ts';
import { EVERYTHING } from '../lib/plan/scope.ts';
import { readResolved } from '../lib/reconcile/read-spec.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import type { App } from './composition.ts';
import { ApiProblem } from './http.ts';

/** Ends the call when nothing of the baseline is in the scope. */
export async function checkScope(app: App, name: string, scope: string, nowIso: string): Promise<void> {
  const stored = await app.baselines.read(name);
  if (stored === null) throw baselineNotFound(name);
  // During an incident everything can be held, whatever has become of the spec.
  if (scope === EVERYTHING) return;
  const { resolved } = await readResolved(app, stored.head);
  const error = errorOfScope(scope, compile(resolved, stored.head.adjustments, nowIso));
  if (error !== null) throw new ApiProblem([error]);
}
