import { errorOfScope } from '../lib/api/known-scope.ts';
import { compile } from '../lib/baseline/compile.ts';
import { readResolved } from '../lib/reconcile/read-spec.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import type { App } from './composition.ts';
import { ApiProblem } from './http.ts';

/** Ends the call when nothing of the baseline is in the scope. */
export async function checkScope(app: App, name: string, scope: string, nowIso: string): Promise<void> {
  const stored = await app.baselines.read(name);
  if (stored === null) throw baselineNotFound(name);
  const { resolved } = await readResolved(app, stored.head, nowIso);
  const error = errorOfScope(scope, compile(resolved, stored.head.adjustments, nowIso));
  if (error !== null) throw new ApiProblem([error]);
}
