import type { HttpResponseInit } from '@azure/functions';
import { check, errorOf } from '../lib/api/errors.ts';
import { pauseRequest } from '../lib/api/pause.ts';
import { withJournal, withWaitingResumed } from '../lib/state/baseline-head.ts';
import type { Pause } from '../lib/state/baseline-store.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, jsonBody, register, valid } from './http.ts';
import { poke } from './poke.ts';

export function registerPause(appOf: () => App): void {
  register('getPause', appOf, getPause);
  register('putPause', appOf, (call) => setPause(call, true));
  register('deletePause', appOf, (call) => setPause(call, false));
}

async function getPause({ app, nowIso }: Pick<Call, 'app' | 'nowIso'>): Promise<HttpResponseInit> {
  return answer(200, pauseBody(app, await app.baselines.readPause(), nowIso));
}

function pauseBody(app: App, pause: Pause, at: string): Readonly<Record<string, unknown>> {
  if (app.settings.stopped) return { paused: true, reason: 'The app setting HUBKEEPER_STOPPED is on.', at };
  return pause.paused
    ? { paused: true, reason: pause.reason, by: pause.by, since: pause.since, at }
    : { paused: false, at };
}

export async function setPause(
  { app, request, caller, client, context, nowIso }: Call,
  paused: boolean,
): Promise<HttpResponseInit> {
  const reason = paused ? valid(check(pauseRequest, await jsonBody(request))).reason : 'resumed';
  const pause = await app.baselines.changePause(paused, caller.user, reason, nowIso);
  if (pause === null) {
    // What an app setting holds is said as it is, which names the setting.
    if (app.settings.stopped) return getPause({ app, nowIso });
    throw new ApiProblem([errorOf('NotPaused', 'Nothing is paused.')]);
  }
  for (const name of await app.baselines.names()) {
    const changed = await app.baselines.change<{ readonly start?: string }>(name, (head) =>
      withWaitingResumed(
        withJournal(head, {
          at: nowIso,
          baseline: name,
          operationId: head.currentOperationId ?? '',
          trigger: 'pause',
          resource: '',
          decision: paused ? 'paused' : 'resumed',
          reason,
          by: caller.user,
          discriminator: String(pause.generation),
        }),
        caller.user,
        nowIso,
      ),
    );
    await poke(app, client, context, changed.head, changed.result.start);
  }
  return answer(200, pauseBody(app, pause, nowIso));
}
