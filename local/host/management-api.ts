import type { IncomingMessage } from 'node:http';
import type { DurableEngine } from './durable-engine.ts';
import { DurableOperations, type MessageResult } from './durable-operations.ts';
import type { Instance, InstanceFilter } from './durable-store.ts';
import { EventType, eventTypeName, type HistoryEvent } from './history-event.ts';
import { type Answer, headerOf, jsonAnswer, textAnswer } from './http-exchange.ts';
import { isFinal } from './instance-events.ts';
import { parseJson } from './json-value.ts';

/** Where the pieces of the Durable HTTP API are. */
export interface ManagementUrls {
  /** `http://host:port/runtime/webhooks/durabletask`. */
  readonly webhookUrl: string;
  /** Loopback endpoint that asks for no key, with a slash at its end. */
  readonly rpcUrl: string;
  readonly systemKey: string;
  readonly hubName: string;
}

export interface ManagementRequest {
  readonly method: string;
  /** Below the base, decoded, without a slash at its beginning. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
  readonly continuationToken: string | undefined;
}

/** The value of a durable client input, as JSON text. */
export function durableClientInput(urls: ManagementUrls): string {
  const base = urls.webhookUrl;
  const key = `code=${encodeURIComponent(urls.systemKey)}`;
  return JSON.stringify({
    taskHubName: urls.hubName,
    creationUrls: {
      createNewInstancePostUri: `${base}/orchestrators/{functionName}[/{instanceId}]?${key}`,
      createAndWaitOnNewInstancePostUri: `${base}/orchestrators/{functionName}[/{instanceId}]?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${key}`,
    },
    managementUrls: managementUrls(urls, 'INSTANCEID'),
    baseUrl: base,
    requiredQueryStringParameters: key,
    rpcBaseUrl: urls.rpcUrl,
  });
}

function managementUrls({ webhookUrl, systemKey, hubName }: ManagementUrls, id: string): Record<string, string> {
  const query = `taskHub=${encodeURIComponent(hubName)}&connection=Storage&code=${encodeURIComponent(systemKey)}`;
  const instance = `${webhookUrl}/instances/${id}`;
  return {
    id,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

/** The Durable HTTP management API: the same calls for the loopback endpoint and for the webhook. */
export class ManagementApi {
  readonly #engine: () => DurableEngine;
  readonly #operations: DurableOperations;
  readonly #urls: () => ManagementUrls;

  constructor(engine: () => DurableEngine, urls: () => ManagementUrls) {
    this.#engine = engine;
    this.#operations = new DurableOperations(engine);
    this.#urls = urls;
  }

  /** Answers a request whose path below the base, undecoded, is `path`. */
  answerHttp(request: IncomingMessage, url: URL, path: readonly string[], body: Buffer): Answer {
    return this.answer({
      method: request.method ?? 'GET',
      path: path.map(decodeURIComponent),
      query: url.searchParams,
      body: body.toString('utf8'),
      continuationToken: headerOf(request, 'x-ms-continuation-token'),
    });
  }

  answer(request: ManagementRequest): Answer {
    const [collection, ...rest] = request.path;
    switch (collection?.toLowerCase()) {
      case 'orchestrators':
        return request.method === 'POST' ? this.#start(rest, request) : notFound();
      case 'instances':
        return this.#instances(rest, request);
      case 'entities':
        return textAnswer(501, 'Durable entities are not supported by the embedded host.');
      default:
        return notFound();
    }
  }

  #start([name, instanceId]: readonly string[], { query, body }: ManagementRequest): Answer {
    if (name === undefined) return notFound();
    if (query.has('timeout')) return textAnswer(501, 'Starting and waiting is not supported by the embedded host.');
    const input = body === '' ? '""' : body;
    if (!isJson(input)) return textAnswer(400, 'Invalid JSON content.');
    const started = this.#operations.start({ name, instanceId, input, version: query.get('version') ?? undefined });
    switch (started.kind) {
      case 'started':
        return this.#checkStatus(started.instanceId);
      case 'unknownFunction':
        return textAnswer(
          400,
          `The function '${name}' doesn't exist, is disabled, or is not an orchestrator function.`,
        );
      case 'badInstanceId':
        return textAnswer(400, started.why);
      case 'alreadyExists':
        return textAnswer(409, `An Orchestration instance with the status ${started.status} already exists.`);
    }
  }

  #checkStatus(instanceId: string): Answer {
    const urls = managementUrls(this.#urls(), instanceId);
    return jsonAnswer(202, urls, { location: urls.statusQueryGetUri ?? '', 'retry-after': '10' });
  }

  #instances(path: readonly string[], request: ManagementRequest): Answer {
    const [instanceId = '', verb, eventName] = path;
    if (instanceId === '') return this.#many(request);
    if (verb === undefined || verb === '') {
      if (request.method === 'GET') return this.#status(instanceId, request.query);
      return request.method === 'DELETE' ? this.#purge(instanceId) : notFound();
    }
    if (request.method !== 'POST') return notFound();
    const reason = request.query.get('reason') ?? '';
    switch (verb.toLowerCase()) {
      case 'raiseevent':
        return this.#raise(instanceId, eventName ?? '', request.body);
      case 'terminate':
        return messageAnswer(this.#operations.terminate(instanceId, reason));
      case 'suspend':
        return messageAnswer(this.#operations.suspend(instanceId, reason));
      case 'resume':
        return messageAnswer(this.#operations.resume(instanceId, reason));
      case 'restart':
        return this.#restart(instanceId, request.query.get('restartWithNewInstanceId') !== 'false');
      case 'rewind':
        return textAnswer(501, 'Rewind is not supported by the embedded host.');
      default:
        return notFound();
    }
  }

  #raise(instanceId: string, name: string, body: string): Answer {
    if (name === '') return notFound();
    const input = body === '' ? 'null' : body;
    if (!isJson(input)) return textAnswer(400, 'Invalid JSON content.');
    return messageAnswer(this.#operations.raiseEvent(instanceId, name, input));
  }

  #restart(instanceId: string, isNewId: boolean): Answer {
    const instance = this.#engine().store.instance(instanceId);
    if (instance === undefined) return notFound();
    const { name, input, version } = instance;
    const started = this.#operations.start({
      name,
      instanceId: isNewId ? undefined : instanceId,
      input: input ?? 'null',
      version: version ?? undefined,
    });
    if (started.kind === 'started') return this.#checkStatus(started.instanceId);
    return textAnswer(
      started.kind === 'alreadyExists' ? 409 : 400,
      `The instance cannot be started again: ${started.kind}.`,
    );
  }

  #purge(instanceId: string): Answer {
    switch (this.#operations.purge(instanceId)) {
      case 'purged':
        return jsonAnswer(200, { instancesDeleted: 1 });
      case 'notFound':
        return notFound();
      case 'live':
        return textAnswer(
          412,
          `The instance '${instanceId}' has not ended: terminate it and wait before it is purged.`,
        );
    }
  }

  #status(instanceId: string, query: URLSearchParams): Answer {
    const { store } = this.#engine();
    const instance = store.instance(instanceId);
    if (instance === undefined) return notFound();
    const history = isTrue(query, 'showHistory') ? store.history(instanceId, instance.executionId) : undefined;
    const body = statusOf(instance, query, history);
    if (!isFinal(instance)) {
      const location = managementUrls(this.#urls(), instanceId).statusQueryGetUri ?? '';
      return jsonAnswer(202, body, { location, 'retry-after': '5' });
    }
    const isError = instance.status === 'Failed' && isTrue(query, 'returnInternalServerErrorOnFailure');
    return jsonAnswer(isError ? 500 : 200, body);
  }

  #many({ method, query, continuationToken }: ManagementRequest): Answer {
    const filter = readFilter(query);
    if (typeof filter === 'string') return textAnswer(400, filter);
    const found = this.#engine().store.instances(filter);
    if (method === 'DELETE') {
      if (filter.createdFromMs === undefined) return textAnswer(400, 'createdTimeFrom is required.');
      const deleted = found.filter((instance) => this.#operations.purge(instance.instanceId) === 'purged').length;
      return deleted === 0 ? notFound() : jsonAnswer(200, { instancesDeleted: deleted });
    }
    if (method !== 'GET') return notFound();
    const top = Number(query.get('top') ?? Number.POSITIVE_INFINITY);
    const from = continuationToken === undefined ? 0 : Number(continuationToken);
    const page = found.slice(from, from + (top > 0 ? top : Number.POSITIVE_INFINITY));
    const next = from + page.length;
    const headers: Record<string, string> = next < found.length ? { 'x-ms-continuation-token': String(next) } : {};
    return jsonAnswer(
      200,
      page.map((instance) => statusOf(instance, query, undefined)),
      headers,
    );
  }
}

function statusOf(instance: Instance, query: URLSearchParams, history: readonly HistoryEvent[] | undefined): unknown {
  const showsInput = query.get('showInput')?.toLowerCase() !== 'false';
  return {
    name: instance.name,
    instanceId: instance.instanceId,
    runtimeStatus: instance.status,
    input: showsInput ? jsonValue(instance.input) : null,
    customStatus: jsonValue(instance.customStatus),
    output: jsonValue(instance.output),
    createdTime: wholeSeconds(instance.createdMs),
    lastUpdatedTime: wholeSeconds(instance.updatedMs),
    ...(history === undefined ? {} : { historyEvents: history.flatMap((event) => shown(event, query)) }),
  };
}

/** Events as the API shows them: without the frame of the episodes, results only when asked for. */
function shown(event: HistoryEvent, query: URLSearchParams): readonly unknown[] {
  const type = event.EventType;
  if (type === EventType.OrchestratorStarted || type === EventType.OrchestratorCompleted) return [];
  const { EventType: _, IsPlayed: __, Input: ___, Result, ...rest } = event;
  const result = isTrue(query, 'showHistoryOutput') && Result !== undefined ? { Result: jsonValue(Result) } : {};
  return [{ ...rest, EventType: eventTypeName(type), ...result }];
}

function readFilter(query: URLSearchParams): InstanceFilter | string {
  const from = timeOf(query, 'createdTimeFrom');
  const to = timeOf(query, 'createdTimeTo');
  if (from === 'bad' || to === 'bad') return 'createdTimeFrom and createdTimeTo must be times.';
  const statuses = query.get('runtimeStatus');
  const idPrefix = query.get('instanceIdPrefix');
  return {
    ...(from === undefined ? {} : { createdFromMs: from }),
    ...(to === undefined ? {} : { createdToMs: to }),
    ...(statuses === null || statuses === '' ? {} : { statuses: statuses.split(',').map((each) => each.trim()) }),
    ...(idPrefix === null ? {} : { idPrefix }),
  };
}

function timeOf(query: URLSearchParams, name: string): number | 'bad' | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? 'bad' : ms;
}

function messageAnswer(result: MessageResult): Answer {
  switch (result) {
    case 'accepted':
      return { status: 202 };
    case 'notFound':
      return notFound();
    case 'ended':
      return { status: 410 };
  }
}

function notFound(): Answer {
  return { status: 404 };
}

function isTrue(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === 'true';
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

function jsonValue(json: string | null): unknown {
  return json === null ? null : parseJson(json);
}

function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
