import type { HttpResponseInit } from '@azure/functions';
import { baselineName } from '../lib/api/common.ts';
import { check, errorOf } from '../lib/api/errors.ts';
import { holdRequest } from '../lib/api/hold.ts';
import { errorOfUntil } from '../lib/api/until.ts';
import { type Hold, withGeneration, withHold, withJournal, withWaitingResumed } from '../lib/state/baseline-head.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, jsonBody, parameter, register, valid } from './http.ts';
import { poke } from './poke.ts';
import { checkScope } from './scope.ts';

export function registerHolds(appOf: () => App): void {
  register('putHold', appOf, putHold);
  register('deleteHold', appOf, deleteHold);
}

export async function putHold({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const name = parameter<string>(request, 'name', baselineName);
  const wanted = valid(check(holdRequest, await jsonBody(request)));
  const tooLate = errorOfUntil(wanted.until, Date.parse(nowIso));
  if (tooLate !== null) throw new ApiProblem([tooLate]);
  if (wanted.scope !== undefined) await checkScope(app, name, wanted.scope, nowIso);
  const hold: Hold = {
    owner: wanted.owner,
    reason: wanted.reason,
    until: new Date(wanted.until).toISOString(),
    since: nowIso,
    by: caller.user,
    ...(wanted.scope === undefined ? {} : { scope: wanted.scope }),
  };
  const changed = await app.baselines.change<{ readonly start?: string }>(name, (head) => {
    const next = withHold(head, hold, nowIso);
    if ('heldBy' in next) {
      const { owner, until } = next.heldBy;
      throw new ApiProblem([
        errorOf('Conflict', `${owner} holds the baseline '${name}' until ${until}.`, {
          path: 'owner',
          remedy: `Agree with ${owner}; whoever releases that hold can set another one.`,
        }),
      ]);
    }
    const held = withJournal(next.head, {
      at: nowIso,
      baseline: name,
      operationId: head.currentOperationId ?? '',
      trigger: 'hold',
      resource: '',
      decision: 'held',
      reason: `${hold.owner}: ${hold.reason} (until ${hold.until}${hold.scope === undefined ? '' : `, ${hold.scope}`})`,
      by: caller.user,
      discriminator: String(next.head.generation),
    });
    return withWaitingResumed(held, caller.user, nowIso);
  });
  await poke(app, client, context, changed.head, changed.result.start);
  return answer(200, hold);
}

export async function deleteHold({ app, request, caller, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const name = parameter<string>(request, 'name', baselineName);
  const changed = await app.baselines.change<{ readonly start?: string }>(name, (head) => {
    if (head.hold === null) throw new ApiProblem([errorOf('HoldNotFound', `The baseline '${name}' is not on hold.`)]);
    const released = withJournal(withGeneration({ ...head, hold: null }), {
      at: nowIso,
      baseline: name,
      operationId: head.currentOperationId ?? '',
      trigger: 'hold',
      resource: '',
      decision: 'released',
      reason: `The hold of ${head.hold.owner} was released.`,
      by: caller.user,
      discriminator: String(head.generation + 1),
    });
    return withWaitingResumed(released, caller.user, nowIso);
  });
  await poke(app, client, context, changed.head, changed.result.start);
  return { status: 204 };
}
