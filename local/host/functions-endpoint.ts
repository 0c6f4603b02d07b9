import type { IncomingMessage } from 'node:http';
import { answerEventGrid } from './event-grid-webhook.ts';
import type { FunctionRunner } from './function-runner.ts';
import { type HostKeys, isOneOf } from './host-keys.ts';
import type { HostLog } from './host-log.ts';
import { type Answer, headerOf, jsonAnswer, readBody, textAnswer } from './http-exchange.ts';
import type { RouteFinder } from './http-routes.ts';
import { answerHttpTrigger } from './http-trigger.ts';
import type { IndexedFunction } from './indexed-function.ts';
import { isJsonObject } from './json-value.ts';
import type { ManagementApi } from './management-api.ts';
import type { WorkTracker } from './work-tracker.ts';

export interface FunctionsEndpointOptions {
  readonly functions: readonly IndexedFunction[];
  readonly findRoute: RouteFinder;
  readonly run: FunctionRunner;
  /** Runs a timer function once, at once; `undefined` when it is no timer function. */
  readonly runTimer: (target: IndexedFunction) => Promise<void> | undefined;
  readonly durableClient: () => string;
  readonly managementApi: ManagementApi;
  readonly keys: HostKeys;
  readonly requireKeys: boolean;
  readonly tracker: WorkTracker;
  readonly log: HostLog;
}

/** Functions that the admin endpoint can run. */
const RUNNABLE_BY_HAND: readonly string[] = ['timertrigger', 'eventgridtrigger', 'activitytrigger'];

/** What the outside sees: HTTP functions, the webhooks of the extensions, and the admin endpoint. */
export class FunctionsEndpoint {
  readonly #options: FunctionsEndpointOptions;

  constructor(options: FunctionsEndpointOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, url: URL): Promise<Answer> {
    const segments = url.pathname.split('/').filter((each) => each !== '');
    const [first = '', second = '', third = ''] = segments.map((each) => each.toLowerCase());
    const body = await readBody(request);
    if (first === 'runtime' && second === 'webhooks') {
      if (third === 'eventgrid') return this.#eventGrid(request, url, body);
      if (third === 'durabletask') return this.#durableTask(request, url, segments.slice(3), body);
      return { status: 404 };
    }
    if (first === 'admin') return this.#admin(request, url, segments.slice(1), body);
    if (segments.length === 0) return textAnswer(200, 'The Functions host is up and running.');
    return this.#httpFunction(request, url, body);
  }

  async #httpFunction(request: IncomingMessage, url: URL, body: Buffer): Promise<Answer> {
    const match = this.#options.findRoute(request.method ?? 'GET', url.pathname);
    if (match === undefined) return { status: 404 };
    const level = String(match.target.trigger.authLevel ?? 'function').toLowerCase();
    const { masterKey, functionKey } = this.#options.keys;
    if (level === 'function' && !this.#isAllowed(request, url, [functionKey, masterKey])) return { status: 401 };
    if (level === 'admin' && !this.#isAllowed(request, url, [masterKey])) return { status: 401 };
    return answerHttpTrigger(request, url, body, match, this.#options);
  }

  async #eventGrid(request: IncomingMessage, url: URL, body: Buffer): Promise<Answer> {
    const { eventGridKey, masterKey } = this.#options.keys;
    if (!this.#isAllowed(request, url, [eventGridKey, masterKey])) return { status: 401 };
    return answerEventGrid(
      {
        method: request.method ?? 'GET',
        functionName: url.searchParams.get('functionName'),
        eventType: headerOf(request, 'aeg-event-type'),
        requestOrigin: headerOf(request, 'webhook-request-origin'),
        body: body.toString('utf8'),
      },
      this.#options,
    );
  }

  #durableTask(request: IncomingMessage, url: URL, path: readonly string[], body: Buffer): Answer {
    const { durableTaskKey, masterKey } = this.#options.keys;
    if (!this.#isAllowed(request, url, [durableTaskKey, masterKey])) return { status: 401 };
    return this.#options.managementApi.answerHttp(request, url, path, body);
  }

  #admin(request: IncomingMessage, url: URL, [what, name]: readonly string[], body: Buffer): Answer {
    const { functions, keys } = this.#options;
    if (!this.#isAllowed(request, url, [keys.masterKey])) return { status: 401 };
    if (what === 'host' && name === 'status' && request.method === 'GET') return jsonAnswer(200, { state: 'Running' });
    if (what !== 'functions') return { status: 404 };
    if (name === undefined) {
      return jsonAnswer(
        200,
        functions.map((each) => ({ name: each.name })),
      );
    }
    const target = functions.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (target === undefined || request.method !== 'POST') return { status: 404 };
    return this.#runByHand(target, body.toString('utf8'));
  }

  #runByHand(target: IndexedFunction, body: string): Answer {
    const { run, runTimer, durableClient, log } = this.#options;
    if (!RUNNABLE_BY_HAND.includes(target.triggerType)) {
      return textAnswer(400, `A function with a trigger of type ${target.triggerType} cannot be run this way.`);
    }
    const parsed: unknown = body === '' ? {} : JSON.parse(body);
    const input = isJsonObject(parsed) ? parsed.input : undefined;
    if (input !== undefined && typeof input !== 'string') return textAnswer(400, '"input" must be a text.');
    void this.#inBackground(async () => {
      const timerRun = runTimer(target);
      if (timerRun !== undefined) return timerRun;
      const trigger = input === undefined ? undefined : { string: input };
      const { error } = await run(target, { trigger, durableClient: durableClient() });
      if (error !== undefined) log('error', 'A function failed', { function: target.name, error: error.message });
    });
    return { status: 202 };
  }

  #isAllowed(request: IncomingMessage, url: URL, keys: readonly string[]): boolean {
    if (!this.#options.requireKeys) return true;
    return isOneOf(headerOf(request, 'x-functions-key') ?? url.searchParams.get('code') ?? undefined, keys);
  }

  async #inBackground(body: () => Promise<void>): Promise<void> {
    const ended = this.#options.tracker.enter();
    try {
      await body();
    } finally {
      ended();
    }
  }
}
