import type { HealthBody } from './api/health.ts';
import type { Dependencies } from './dependencies.ts';
import type { DocumentStore } from './state/storage.ts';
import { APP_VERSION } from './version.ts';

type Check = HealthBody['checks'][number];

/** Documents in which timers note their last run. */
export function timerPath(name: string): string {
  return `timers/${name}.json`;
}

/** A timer that has not run for so long is broken, whatever its schedule: they all run at least hourly. */
const TIMER_SILENCE_MINUTES = 120;
/** A request that waits longer than this is not being worked off. */
const QUEUE_AGE_MINUTES = 10;

/** The app's look at itself: identity, storage, the oldest request that nobody has taken up, the timers. Never throws. */
export async function checkHealth(
  dependencies: Dependencies & { readonly documents: DocumentStore },
  nowIso: string,
): Promise<HealthBody> {
  const checks = await Promise.all([
    checked(
      'identity',
      'Grant the app a managed identity, and that identity a role in the subscriptions of the specs.',
      () => checkIdentity(dependencies),
    ),
    checked('storage', "Check the app's storage account, its firewall and the identity's role on it.", async () => {
      const pause = await dependencies.baselines.readPause();
      return pause.paused
        ? `Documents and tables answer. Everything is paused by ${pause.by}.`
        : 'Documents and tables answer.';
    }),
    checked('queueAge', 'Look at the logs of the reconciler; the timer starts it again every minute.', () =>
      checkQueue(dependencies, nowIso),
    ),
    checkTimer(dependencies.documents, 'reconcilerTimer', nowIso),
    checkTimer(dependencies.documents, 'egressTimer', nowIso),
    checkTimer(dependencies.documents, 'driftTimer', nowIso),
  ]);
  const failed = new Set(checks.filter((check) => check.state === 'failed').map((check) => check.name));
  const status = failed.has('identity') || failed.has('storage') ? 'failed' : failed.size > 0 ? 'degraded' : 'ok';
  return { status, checks, version: APP_VERSION, at: nowIso };
}

async function checked(name: string, remedy: string, work: () => Promise<string>): Promise<Check> {
  try {
    return { name, state: 'ok', message: await work() };
  } catch (error) {
    return {
      name,
      state: 'failed',
      message: error instanceof Error ? error.message.slice(0, 500) : String(error),
      remedy,
    };
  }
}

async function checkIdentity({ arm }: Dependencies): Promise<string> {
  const subscriptions = await arm.list('/subscriptions', '2022-12-01');
  return `Azure Resource Manager answers the app's identity; it sees ${subscriptions.length} ${subscriptions.length === 1 ? 'subscription' : 'subscriptions'}.`;
}

async function checkQueue({ baselines }: Dependencies, nowIso: string): Promise<string> {
  const names = await baselines.names();
  const heads = await Promise.all(names.map((name) => baselines.read(name)));
  const oldest = heads.flatMap((stored) => stored?.head.requests.map((request) => request.at) ?? []).sort()[0];
  if (oldest === undefined)
    return `${names.length} ${names.length === 1 ? 'baseline' : 'baselines'}; no request waits to be taken up.`;
  const minutes = (Date.parse(nowIso) - Date.parse(oldest)) / 60_000;
  if (minutes > QUEUE_AGE_MINUTES) throw new Error(`The oldest request has waited for ${Math.round(minutes)} minutes.`);
  return `The oldest request has waited for ${Math.round(minutes * 60)} seconds.`;
}

async function checkTimer(documents: DocumentStore, name: string, nowIso: string): Promise<Check> {
  try {
    const stored = await documents.read(timerPath(name));
    if (stored === null) return { name, state: 'unknown', message: 'The timer has not run yet.', at: null };
    const at = String(stored.value.at);
    const minutes = (Date.parse(nowIso) - Date.parse(at)) / 60_000;
    if (minutes > TIMER_SILENCE_MINUTES)
      return {
        name,
        state: 'failed',
        message: `The timer last ran ${Math.round(minutes)} minutes ago.`,
        remedy: 'Restart the app, and look at the logs of the timer function.',
        at,
      };
    return { name, state: 'ok', message: 'The timer runs.', at };
  } catch (error) {
    return {
      name,
      state: 'failed',
      message: error instanceof Error ? error.message.slice(0, 500) : String(error),
      remedy: "Check the app's storage account.",
      at: null,
    };
  }
}
