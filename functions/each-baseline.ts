import { app, type InvocationContext, type Timer } from '@azure/functions';
import * as df from 'durable-functions';
import { timerPath } from '../lib/health.ts';
import type { App } from './composition.ts';
import { reasonOf } from './reason-of.ts';

/** One call of a timer. */
export interface TimerCall {
  readonly application: App;
  readonly client: df.DurableClient;
  readonly context: InvocationContext;
  readonly nowIso: string;
}

/** What a timer looks at one baseline with. */
export interface BaselineLook extends TimerCall {
  /** Name of the baseline. */
  readonly name: string;
  /** When the timer runs next, as the host says; absent: it does not. */
  readonly nextIso?: string;
}

/** A timer that looks at every baseline. */
export interface BaselineTimer {
  /** Name of the function, which `/api/health` shows with its last run. */
  readonly name: string;
  /** App setting with its NCRONTAB schedule. */
  readonly scheduleSetting: string;
  /** Logged when one baseline could not be looked at: a constant, so that it can be counted. */
  readonly complaint: string;
  readonly look: (look: BaselineLook) => Promise<void>;
  /** What is done once, after all of them. */
  readonly afterwards?: (call: TimerCall) => Promise<unknown>;
}

function nextRunOf(timing: Partial<Timer> | undefined): Pick<BaselineLook, 'nextIso'> {
  const nextMs = Date.parse(timing?.scheduleStatus?.next ?? '');
  return Number.isNaN(nextMs) ? {} : { nextIso: new Date(nextMs).toISOString() };
}

/** Registers a timer over all baselines that notes when it last ran. */
export function registerBaselineTimer(
  appOf: () => App,
  { name: timer, scheduleSetting, complaint, look, afterwards }: BaselineTimer,
): void {
  app.timer(timer, {
    schedule: `%${scheduleSetting}%`,
    extraInputs: [df.input.durableClient()],
    handler: async (timing, context) => {
      const application = appOf();
      const client = df.getClient(context);
      const nowIso = (await application.time()).toISOString();
      const next = nextRunOf(timing);
      for (const name of await application.baselines.names()) {
        try {
          await look({ application, client, context, name, nowIso, ...next });
        } catch (error) {
          // One baseline that cannot be read must not keep the others from being looked at.
          context.error(complaint, { baseline: name, reason: reasonOf(error) });
        }
      }
      await afterwards?.({ application, client, context, nowIso });
      await application.documents.write(timerPath(timer), { at: nowIso }, { if: 'any' });
    },
  });
}
