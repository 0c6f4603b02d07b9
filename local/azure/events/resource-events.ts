import type { Clock } from '../../clock.ts';
import { permissionType } from '../catalogue.ts';
import { Collection, type Documents } from '../documents.ts';
import type { Json } from '../json.ts';
import type { Operation } from '../operation-table.ts';
import type { CallActivity } from '../outgoing/call-queue.ts';
import type { ResourceChange } from '../resource-changes.ts';
import { guidOf } from '../resource-types/support/ids.ts';
import { seededRandom } from '../seeded-random.ts';
import type { SimulationSettings } from '../simulation-settings.ts';
import { EventDeliveries, shownEndpoint } from './event-deliveries.ts';
import { EventFaults } from './event-fault.ts';
import type { EventSetting } from './event-setting.ts';
import { validateEndpoint } from './handshake.ts';
import { resourceEvent } from './resource-event.ts';
import type { ResourceOutcome, ResourceRequest } from './resource-request.ts';

interface Parts {
  readonly documents: Documents;
  readonly settings: SimulationSettings;
  readonly clock: Clock;
  readonly activity: CallActivity;
}

const OUTCOMES = { Succeeded: 'Success', Failed: 'Failure', Canceled: 'Cancel' } as const;

/** Tells the event subscription of each request that changed something, when it has ended. */
export class ResourceEvents {
  readonly faults: EventFaults;
  readonly #parts: Parts;
  readonly #deliveries: EventDeliveries;
  /** Requests whose operations are under way, by the operation's id. */
  readonly #underWay: Collection<ResourceRequest>;
  /** How many events there were of each resource: what is drawn for an event depends on nothing else. */
  readonly #counts: Collection<number>;
  readonly #ending = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.faults = new EventFaults(parts.documents);
    this.#deliveries = new EventDeliveries(parts);
    this.#underWay = new Collection<ResourceRequest>(parts.documents, 'requests-under-way');
    this.#counts = new Collection<number>(parts.documents, 'event-counts');
  }

  resume(): void {
    this.#deliveries.resume();
  }

  close(): void {
    this.#ending.abort();
    this.#deliveries.close();
  }

  /** A request was done at once, or refused after it had been let in. */
  ended(request: ResourceRequest, outcome: ResourceOutcome): void {
    this.#publish(request, outcome);
  }

  /** A request was accepted; its operation tells how it ended. */
  accepted(request: ResourceRequest, operation: Operation): void {
    // A second request may be answered with an operation that runs already.
    if (!this.#underWay.has(operation.id)) this.#underWay.set(operation.id, request);
  }

  operationEnded({ id, status }: Operation): void {
    const request = this.#underWay.get(id);
    if (request === undefined || status === 'InProgress') return;
    this.#underWay.delete(id);
    this.#publish(request, OUTCOMES[status]);
  }

  /** A resource went because the group around it is being deleted: as if each had been deleted by itself. */
  changed({ kind, id, type, causedBy }: ResourceChange): void {
    const request = causedBy === undefined ? undefined : this.#underWay.get(causedBy);
    if (kind !== 'deleted' || request === undefined) return;
    const operationName = `${permissionType(type)}/delete`;
    this.#publish({ ...request, kind: 'delete', resourceId: id, operationName, creates: false }, 'Success');
  }

  /** Asks an endpoint whether it wants events. Answers a sentence that says why it does not. */
  async validate({ endpoint, schema }: EventSetting): Promise<string | undefined> {
    const { clock, activity } = this.#parts;
    if (endpoint === null) return undefined;
    activity.enter();
    try {
      return await validateEndpoint(endpoint, schema, clock.nowMs(), this.#ending.signal);
    } finally {
      activity.leave();
    }
  }

  /** The event subscription, and what became of its deliveries. */
  show(): Json {
    const { endpoint, delaySeconds, ...others } = this.#parts.settings.get('events');
    return {
      subscription: { ...others, endpoint: shownEndpoint(endpoint), delaySeconds: [...delaySeconds] },
      deliveries: this.#deliveries.show(),
    };
  }

  #publish(request: ResourceRequest, outcome: ResourceOutcome): void {
    const { settings, clock } = this.#parts;
    const { endpoint, delaySeconds, duplicateShare, lostShare } = settings.get('events');
    if (endpoint === null) return;
    const what = `${settings.get('latency').seed} event ${this.#nth(request.resourceId)}`;
    const random = seededRandom(what);
    const afterSeconds = (): number => delaySeconds[0] + random() * (delaySeconds[1] - delaySeconds[0]);
    const made = (copy: number): ReturnType<typeof resourceEvent> =>
      resourceEvent(request, outcome, { id: guidOf(what, copy), ms: clock.nowMs() }, random);
    const event = made(0);
    const fault = this.faults.take(event);
    const isLost = random() < lostShare;
    const isDoubled = random() < duplicateShare;
    if (fault?.kind === 'drop' || (fault === undefined && isLost)) {
      this.#deliveries.lose(event);
      return;
    }
    this.#deliveries.send(event, fault?.kind === 'delay' ? fault.seconds : afterSeconds());
    const copies = fault?.kind === 'copies' ? fault.copies : fault === undefined && isDoubled ? 1 : 0;
    for (let copy = 1; copy <= copies; copy++) {
      // Azure may tell of a creation twice, each time by an event of its own; else the same event comes again.
      this.#deliveries.send(request.creates ? made(copy) : event, afterSeconds());
    }
  }

  #nth(resourceId: string): string {
    const key = resourceId.toLowerCase();
    const nth = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, nth);
    return `${key} ${nth}`;
  }
}
