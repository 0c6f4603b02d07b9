import { registerOrchestrations } from '../orchestrations/index.ts';
import { registerAdjustments } from './adjustments.ts';
import { registerAlerts } from './alerts.ts';
import { registerApprovals } from './approvals.ts';
import { registerBaselines } from './baselines.ts';
import { type App, createApp } from './composition.ts';
import { registerDriftTimer } from './drift-timer.ts';
import { registerEgressAddresses } from './egress-addresses.ts';
import { registerEgressTimer } from './egress-timer.ts';
import { registerHealth } from './health.ts';
import { registerHolds } from './holds.ts';
import { registerJournal } from './journal.ts';
import { registerOperations } from './operations.ts';
import { registerPause } from './pause.ts';
import { registerReconcilerTimer } from './reconciler-timer.ts';
import { registerResourceEvents } from './resource-events.ts';

let app: App | undefined;

/** Made at the first call: a wrong setting then fails that call with its name and remedy, not the whole app without a word. */
function appOf(): App {
  app ??= createApp(process.env);
  return app;
}

registerBaselines(appOf);
registerOperations(appOf);
registerHolds(appOf);
registerAdjustments(appOf);
registerAlerts(appOf);
registerApprovals(appOf);
registerJournal(appOf);
registerPause(appOf);
registerHealth(appOf);
registerReconcilerTimer(appOf);
registerEgressTimer(appOf);
registerDriftTimer(appOf);
registerResourceEvents(appOf);
registerEgressAddresses(appOf);
registerOrchestrations(appOf);
