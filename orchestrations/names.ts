/** Names under which the functions of this folder are registered. */
export const ORCHESTRATION = {
  reconcile: 'baselineReconciler',
  plan: 'baselinePlanner',
  relieveSnatExhaustion: 'relieveSnatExhaustion',
  remediateDrift: 'remediateDrift',
} as const;
export const ACTIVITY = {
  advance: 'advanceReconciliation',
  start: 'startWrite',
  plan: 'makePlanOperation',
  pokeReconciler: 'pokeReconciler',
  decide: 'decideSnatRelief',
  follow: 'followSnatRelief',
  verify: 'verifySnatRelief',
  lookAtDrift: 'lookAtDrift',
} as const;
