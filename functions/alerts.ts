import type { HttpResponseInit } from '@azure/functions';
import { statusOfAnswer } from '../lib/alerts/alert-answer.ts';
import { errorOf } from '../lib/api/errors.ts';
import { receiveAlert } from '../lib/reactions/receive-alert.ts';
import type { BaselineHead } from '../lib/state/baseline-head.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, hashedJsonBody, register } from './http.ts';
import { poke, startReaction } from './poke.ts';

/** Azure Monitor documents 256 KB as the most that an alert has. */
const MAXIMUM_ALERT_BYTES = 262_144;
/** A journal line has less than a kilobyte. */
const MOST_LINES_WAITING = 50;

export function registerAlerts(appOf: () => App): void {
  register('receiveAlert', appOf, receiveKeyedAlert);
  register('receiveSecureAlert', appOf, receiveSecureAlert);
}

/** The function key has opened the door; a token that comes along must hold as well. */
export async function receiveKeyedAlert(call: Call): Promise<HttpResponseInit> {
  const token = bearerTokenOf(call);
  if (token !== undefined && call.app.alertTokens !== undefined) await mustHold(call.app.alertTokens, token);
  return receive(call);
}

/** No key is asked for here, so that nothing but the token opens the door. */
export async function receiveSecureAlert(call: Call): Promise<HttpResponseInit> {
  const { alertTokens } = call.app;
  if (alertTokens === undefined) throw new ApiProblem([errorOf('TokensNotTaken', 'This app takes no tokens.')]);
  const token = bearerTokenOf(call);
  if (token === undefined) throw new ApiProblem([errorOf('TokenMissing', 'The call has no bearer token.')]);
  await mustHold(alertTokens, token);
  return receive(call);
}

async function receive({ app, request, client, context, nowIso }: Call): Promise<HttpResponseInit> {
  const { value, sha256 } = await hashedJsonBody(request, MAXIMUM_ALERT_BYTES);
  const received = await receiveAlert(app, value, { nowIso, payloadSha256: sha256 });
  if (received.outcome === 'malformed') throw new ApiProblem(received.faults);
  for (const { target, why } of received.answer.ignored) context.log('alert ignored', { target, why });
  for (const started of received.starts) await startReaction(client, context, started);
  for (const head of received.heads) await bringHome(app, client, context, head);
  return answer(statusOfAnswer(received.answer), received.answer);
}

/**
 * Journal lines wait in the baseline's row until a timer fetches them, which keeps the intake fast. In a storm of alerts
 * the row must not grow meanwhile.
 */
async function bringHome(
  app: App,
  client: Call['client'],
  context: Call['context'],
  head: BaselineHead,
): Promise<void> {
  if (head.outbox.length < MOST_LINES_WAITING) return;
  try {
    await poke(app, client, context, head, undefined);
  } catch (error) {
    // The alert is recorded: the sender must not send it again for the sake of the journal.
    context.warn('journal lines wait', {
      baseline: head.name,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

function bearerTokenOf({ request }: Call): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(request.headers.get('authorization') ?? '')?.[1];
}

async function mustHold(check: NonNullable<App['alertTokens']>, token: string): Promise<void> {
  const judged = await check(token);
  switch (judged.verdict) {
    case 'accepted':
      return;
    case 'invalid':
      throw new ApiProblem([errorOf('TokenInvalid', `The token is not valid: ${judged.why}`)]);
    case 'notAllowed':
      throw new ApiProblem([errorOf('TokenNotAllowed', `The token does not allow this call: ${judged.why}`)]);
    case 'unknown':
      throw new ApiProblem([errorOf('TokenUnverifiable', `The token could not be checked: ${judged.why}`)]);
  }
}
