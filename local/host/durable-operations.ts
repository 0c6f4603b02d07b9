import type { DurableEngine } from './durable-engine.ts';
import type { Instance } from './durable-store.ts';
import { EventType } from './history-event.ts';
import { executionStarted, isFinal, newExecutionId, stamp } from './instance-events.ts';

export type StartResult =
  | { readonly kind: 'started'; readonly instanceId: string }
  | { readonly kind: 'unknownFunction' }
  | { readonly kind: 'badInstanceId'; readonly why: string }
  | { readonly kind: 'alreadyExists'; readonly status: string };

export type MessageResult = 'accepted' | 'notFound' | 'ended';

export interface StartRequest {
  readonly name: string;
  readonly instanceId: string | undefined;
  /** JSON text. */
  readonly input: string;
  readonly version: string | undefined;
}

const MAX_INSTANCE_ID_LENGTH = 256;

/** What a durable client can ask for, in whole transactions. */
export class DurableOperations {
  readonly #engine: () => DurableEngine;

  /** `engine` gives the one that runs now: a dropped host is replaced by a new one. */
  constructor(engine: () => DurableEngine) {
    this.#engine = engine;
  }

  /** Begins an instance. An id that is taken by an instance that has ended is used anew, with nothing left of the old one. */
  start({ name, instanceId = newExecutionId(), input, version }: StartRequest): StartResult {
    const engine = this.#engine();
    const target = engine.orchestrator(name);
    if (target === undefined) return { kind: 'unknownFunction' };
    const why = instanceIdProblem(instanceId);
    if (why !== undefined) return { kind: 'badInstanceId', why };
    const { store, clock, settings } = engine;
    const nowMs = clock.nowMs();
    const instance: Instance = {
      instanceId,
      executionId: newExecutionId(),
      name: target.name,
      version: version ?? settings.defaultVersion ?? null,
      status: 'Pending',
      input,
      output: null,
      customStatus: null,
      createdMs: nowMs,
      updatedMs: nowMs,
      parent: null,
    };
    const existing = store.transaction(() => {
      const other = store.instance(instanceId);
      if (other !== undefined && !isFinal(other)) return other;
      store.removeInstance(instanceId);
      store.putInstance(instance);
      store.putMessage(instanceId, instance.executionId, executionStarted(instance, nowMs));
      return undefined;
    });
    if (existing !== undefined) return { kind: 'alreadyExists', status: existing.status };
    engine.forget(instanceId);
    engine.wake(instanceId);
    return { kind: 'started', instanceId };
  }

  raiseEvent(instanceId: string, name: string, input: string): MessageResult {
    return this.#send(instanceId, { EventType: EventType.EventRaised, Name: name, Input: input });
  }

  terminate(instanceId: string, reason: string): MessageResult {
    return this.#send(instanceId, { EventType: EventType.ExecutionTerminated, Reason: reason });
  }

  suspend(instanceId: string, reason: string): MessageResult {
    return this.#send(instanceId, { EventType: EventType.ExecutionSuspended, Reason: reason });
  }

  resume(instanceId: string, reason: string): MessageResult {
    return this.#send(instanceId, { EventType: EventType.ExecutionResumed, Reason: reason });
  }

  /** Removes an instance. A live one is left alone: what becomes of it in Azure depends on the storage behind it. */
  purge(instanceId: string): 'purged' | 'notFound' | 'live' {
    const engine = this.#engine();
    const { store } = engine;
    const found = store.transaction(() => {
      const instance = store.instance(instanceId);
      if (instance === undefined) return 'notFound';
      if (!isFinal(instance)) return 'live';
      store.removeInstance(instanceId);
      return 'purged';
    });
    if (found === 'purged') engine.forget(instanceId);
    return found;
  }

  #send(instanceId: string, event: Parameters<typeof stamp>[1]): MessageResult {
    const engine = this.#engine();
    const { store, clock } = engine;
    const result = store.transaction(() => {
      const instance = store.instance(instanceId);
      if (instance === undefined) return 'notFound';
      if (isFinal(instance)) return 'ended';
      store.putMessage(instanceId, null, stamp(clock.nowMs(), event));
      return 'accepted';
    });
    if (result === 'accepted') engine.wake(instanceId);
    return result;
  }
}

function instanceIdProblem(instanceId: string): string | undefined {
  if (instanceId.length === 0 || instanceId.length > MAX_INSTANCE_ID_LENGTH) {
    return `Instance ids must have 1 to ${MAX_INSTANCE_ID_LENGTH} characters.`;
  }
  if (instanceId.startsWith('@')) return 'Instance ids must not start with @.';
  // biome forbids control characters in patterns; their codes say the same.
  const bad = [...instanceId].find(
    (each) => '/\\#?'.includes(each) || (each.codePointAt(0) ?? 0) < 32 || each === '\u007f',
  );
  return bad === undefined ? undefined : 'Instance ids must not contain /, \\, #, ? or control characters.';
}
