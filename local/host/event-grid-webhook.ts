import type { FunctionRunner } from './function-runner.ts';
import type { HostLog } from './host-log.ts';
import { type Answer, jsonAnswer, textAnswer } from './http-exchange.ts';
import type { IndexedFunction } from './indexed-function.ts';
import { isJsonObject } from './json-value.ts';

export interface EventGridRequest {
  readonly method: string;
  readonly functionName: string | null;
  readonly eventType: string | undefined;
  readonly requestOrigin: string | undefined;
  readonly body: string;
}

export interface EventGridOptions {
  readonly functions: readonly IndexedFunction[];
  readonly run: FunctionRunner;
  readonly durableClient: () => string;
  readonly log: HostLog;
}

/** The Event Grid webhook with the handshakes of both schemas: the validation event, and OPTIONS for CloudEvents. */
export async function answerEventGrid(request: EventGridRequest, options: EventGridOptions): Promise<Answer> {
  const name = request.functionName ?? '';
  const target = options.functions.find(
    (each) => each.triggerType === 'eventgridtrigger' && each.name.toLowerCase() === name.toLowerCase(),
  );
  if (target === undefined) return textAnswer(404, `cannot find function: '${name}'`);
  if (request.method === 'OPTIONS') {
    if (request.requestOrigin === undefined) return { status: 400 };
    return { status: 200, headers: { 'webhook-allowed-origin': request.requestOrigin } };
  }
  if (request.method !== 'POST') return { status: 405 };
  switch (request.eventType?.toLowerCase()) {
    case 'subscriptionvalidation':
      return validationAnswer(readEvents(request.body));
    case 'notification':
      return notify(target, readEvents(request.body), options);
    case 'unsubscribe':
      return { status: 202 };
    default:
      return { status: 400 };
  }
}

function validationAnswer(events: readonly Record<string, unknown>[] | undefined): Answer {
  const data = events?.[0]?.data;
  const code = isJsonObject(data) ? data.validationCode : undefined;
  return typeof code === 'string' ? jsonAnswer(200, { validationResponse: code }) : { status: 400 };
}

/** Every event is an invocation of its own, all at once; one failure fails the whole delivery. */
async function notify(
  target: IndexedFunction,
  events: readonly Record<string, unknown>[] | undefined,
  { run, durableClient, log }: EventGridOptions,
): Promise<Answer> {
  if (events === undefined) return { status: 400 };
  const outcomes = await Promise.all(
    events.map((event) =>
      run(target, {
        trigger: { json: JSON.stringify(event) },
        triggerMetadata: { Data: { json: JSON.stringify(event.data ?? null) } },
        durableClient: durableClient(),
      }),
    ),
  );
  const failures = outcomes.filter((outcome) => outcome.error !== undefined);
  for (const { error } of failures) {
    log('error', 'An Event Grid function failed', { function: target.name, error: error?.message });
  }
  return failures.length === 0 ? { status: 202 } : { status: 500 };
}

function readEvents(body: string): readonly Record<string, unknown>[] | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const events = Array.isArray(value) ? value : [value];
    return events.every(isJsonObject) ? events : undefined;
  } catch {
    return undefined;
  }
}
