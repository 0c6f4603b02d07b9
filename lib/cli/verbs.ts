import type { Verb } from './verb.ts';
import { adjustVerb, unadjustVerb } from './verbs/adjust.ts';
import { applyVerb } from './verbs/apply.ts';
import { approvalsVerb } from './verbs/approvals.ts';
import { approveVerb, rejectVerb } from './verbs/approve.ts';
import { egressAddressesVerb } from './verbs/egress-addresses.ts';
import { followVerb } from './verbs/follow.ts';
import { healthVerb } from './verbs/health.ts';
import { holdVerb, releaseVerb } from './verbs/hold.ts';
import { journalVerb } from './verbs/journal.ts';
import { operationsVerb } from './verbs/operations.ts';
import { pauseVerb, resumeVerb } from './verbs/pause.ts';
import { planVerb } from './verbs/plan.ts';
import { reconcileVerb } from './verbs/reconcile.ts';
import { schemaVerb } from './verbs/schema.ts';
import { simulateVerb } from './verbs/simulate.ts';
import { statusVerb } from './verbs/status.ts';
import { stopVerb } from './verbs/stop.ts';
import { teardownVerb } from './verbs/teardown.ts';
import { validateVerb } from './verbs/validate.ts';

/** Every command, in the order of the help. */
export const verbs: readonly Verb[] = [
  validateVerb,
  schemaVerb,
  planVerb,
  applyVerb,
  reconcileVerb,
  followVerb,
  stopVerb,
  statusVerb,
  operationsVerb,
  journalVerb,
  egressAddressesVerb,
  approvalsVerb,
  approveVerb,
  rejectVerb,
  holdVerb,
  releaseVerb,
  adjustVerb,
  unadjustVerb,
  pauseVerb,
  resumeVerb,
  teardownVerb,
  healthVerb,
  simulateVerb,
];
