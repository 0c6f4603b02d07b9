import type { Clock } from '../clock.ts';
import type { DurableStore, TimerTriggerStatus } from './durable-store.ts';
import { StaleEpochError } from './durable-store.ts';
import type { FunctionRunner } from './function-runner.ts';
import { type HostLog, messageOf } from './host-log.ts';
import { type AppSettings, resolveSettings } from './host-settings.ts';
import type { IndexedFunction, RefusedFunction } from './indexed-function.ts';
import { Ncrontab } from './ncrontab.ts';
import type { WorkTracker } from './work-tracker.ts';

/** Below this interval a timer has no monitor, Microsoft documents. */
const LEAST_MONITORED_INTERVAL_MS = 60_000;

export interface TimerTrigger {
  readonly target: IndexedFunction;
  readonly schedule: string;
  readonly times: Ncrontab;
  readonly usesMonitor: boolean;
  readonly runsOnStartup: boolean;
}

/** Reads the schedules of all timer functions; one whose schedule is none, or names a missing setting, is refused. */
export function readTimerTriggers(
  functions: readonly IndexedFunction[],
  settings: AppSettings,
): { readonly triggers: readonly TimerTrigger[]; readonly refused: readonly RefusedFunction[] } {
  const triggers: TimerTrigger[] = [];
  const refused: RefusedFunction[] = [];
  for (const target of functions) {
    if (target.triggerType !== 'timertrigger') continue;
    try {
      const schedule = resolveSettings(String(target.trigger.schedule ?? ''), settings);
      triggers.push({
        target,
        schedule,
        times: new Ncrontab(schedule),
        usesMonitor: target.trigger.useMonitor !== false,
        runsOnStartup: target.trigger.runOnStartup === true,
      });
    } catch (thrown) {
      refused.push({ name: target.name, reason: messageOf(thrown) });
    }
  }
  return { triggers, refused };
}

export interface TimerTriggersOptions {
  readonly store: DurableStore;
  readonly clock: Clock;
  readonly run: FunctionRunner;
  readonly durableClient: () => string;
  readonly tracker: WorkTracker;
  readonly log: HostLog;
}

/** Runs the timer functions: one run of each at a time; what falls due during a run is skipped. */
export class TimerTriggers {
  readonly #options: TimerTriggersOptions;
  readonly #handles = new Map<string, { cancel(): void }>();
  #alive = true;

  constructor(options: TimerTriggersOptions) {
    this.#options = options;
  }

  start(triggers: readonly TimerTrigger[]): void {
    for (const trigger of triggers) this.#startOne(trigger);
  }

  drop(): void {
    this.#alive = false;
    for (const handle of this.#handles.values()) handle.cancel();
    this.#handles.clear();
  }

  /** Runs a timer function at once, as the admin endpoint does. */
  async runNow(trigger: TimerTrigger): Promise<void> {
    await this.#run(trigger, this.#status(trigger), false);
  }

  #startOne(trigger: TimerTrigger): void {
    const { store, clock } = this.#options;
    const nowMs = clock.nowMs();
    const known = this.#status(trigger);
    if (known !== undefined) {
      // A changed schedule is reckoned anew from the last run, so that the change alone makes no run past due.
      const from = known.lastMs ?? known.updatedMs;
      const dueMs = known.schedule === trigger.schedule ? known.nextMs : (trigger.times.nextMs(from) ?? known.nextMs);
      if (dueMs <= nowMs) {
        this.#begin(trigger, { ...known, nextMs: dueMs }, true);
        return;
      }
    } else if (this.#isMonitored(trigger)) {
      const nextMs = trigger.times.nextMs(nowMs);
      if (nextMs !== null) {
        const status = { schedule: trigger.schedule, lastMs: null, nextMs, updatedMs: nowMs };
        store.transaction(() => store.putTimerTrigger(trigger.target.name, status));
      }
    }
    if (trigger.runsOnStartup) this.#begin(trigger, known, false);
    else this.#arm(trigger);
  }

  #arm(trigger: TimerTrigger): void {
    if (!this.#alive) return;
    const { clock } = this.#options;
    const dueMs = trigger.times.nextMs(clock.nowMs());
    if (dueMs === null) return;
    const handle = clock.schedule(dueMs, () => this.#begin(trigger, this.#status(trigger), false));
    this.#handles.set(trigger.target.name, handle);
  }

  #begin(trigger: TimerTrigger, status: TimerTriggerStatus | undefined, isPastDue: boolean): void {
    if (!this.#alive) return;
    const ended = this.#options.tracker.enter();
    void this.#run(trigger, status, isPastDue).finally(() => {
      this.#arm(trigger);
      ended();
    });
  }

  async #run(trigger: TimerTrigger, status: TimerTriggerStatus | undefined, isPastDue: boolean): Promise<void> {
    const { store, clock, run, durableClient, log } = this.#options;
    const { target, schedule, times } = trigger;
    const startedMs = clock.nowMs();
    const payload = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: {
        Last: new Date(status?.lastMs ?? startedMs).toISOString(),
        LastUpdated: new Date(status?.updatedMs ?? startedMs).toISOString(),
        Next: new Date(times.nextMs(startedMs) ?? startedMs).toISOString(),
      },
      IsPastDue: isPastDue,
    };
    if (isPastDue) log('information', 'A timer is past due', { function: target.name });
    const outcome = await run(target, { trigger: { json: JSON.stringify(payload) }, durableClient: durableClient() });
    if (outcome.error !== undefined) {
      log('error', 'A timer function failed', { function: target.name, error: outcome.error.message });
    }
    if (!this.#alive || !this.#isMonitored(trigger)) return;
    const nextMs = times.nextMs(clock.nowMs());
    if (nextMs === null) return;
    try {
      store.transaction(() =>
        store.putTimerTrigger(target.name, { schedule, lastMs: startedMs, nextMs, updatedMs: clock.nowMs() }),
      );
    } catch (thrown) {
      if (!(thrown instanceof StaleEpochError)) throw thrown;
    }
  }

  #status(trigger: TimerTrigger): TimerTriggerStatus | undefined {
    return this.#isMonitored(trigger) ? this.#options.store.timerTrigger(trigger.target.name) : undefined;
  }

  #isMonitored({ usesMonitor, times }: TimerTrigger): boolean {
    return usesMonitor && times.intervalMs(this.#options.clock.nowMs()) >= LEAST_MONITORED_INTERVAL_MS;
  }
}
