import type { Clock } from '../../clock.ts';
import { Collection, type Documents } from '../documents.ts';
import type { Json, JsonObject } from '../json.ts';
import { type CallActivity, CallQueue, type QueuedCall } from '../outgoing/call-queue.ts';
import { postJson } from '../outgoing/http-call.ts';
import type { World } from '../resource-type.ts';
import { guidOf } from '../resource-types/support/ids.ts';
import { seededRandom } from '../seeded-random.ts';
import type { SimulationSettings } from '../simulation-settings.ts';
import { TENANT_ID, type TokenIssuer } from '../token-issuer.ts';
import type { AlertSignal } from './alert-evaluation.ts';
import { commonAlert, legacyAlert } from './alert-payload.ts';
import type { AlertRule } from './alert-rule.ts';
import { type Receiver, receiversOf, shownAddress } from './receivers.ts';

/** Microsoft's first-party application that calls secure webhooks, and the role that its documents give it. */
export const SECURE_WEBHOOK_APP_ID = '461e8683-5575-4561-ac7f-899cc907d62a';
export const SECURE_WEBHOOK_ROLE = 'ActionGroupsSecureWebhook';

/** Microsoft documents up to five retries, after these times … */
const RETRY_AFTER_SECONDS: readonly number[] = [5, 20, 5, 40, 5];
/** … only for these answers, or none … */
const RETRIED_STATUSES: readonly number[] = [408, 429, 503, 504];
/** … and then 15 minutes in which no action group calls the endpoint. */
const BLOCKED_MS = 15 * 60_000;

/** Microsoft documents 30 days for which alerts are kept. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

const TOKEN_LIFE_SECONDS = 3_600;
const USER_AGENT = 'IcMBroadcaster/1.0';

interface FiredAlert {
  readonly alertId: string;
  readonly rule: string;
  readonly target: string;
  readonly dimensions: readonly { readonly name: string; readonly value: string }[];
  readonly condition: 'Fired' | 'Resolved';
  readonly firedMs: number;
  readonly resolvedMs?: number;
  readonly values: readonly { readonly metric: string; readonly value: number }[];
  /** Action groups could not be called: they are gone, disabled or muted. */
  readonly unsent?: string;
}

type CallState = 'waiting' | 'delivered' | 'refused' | 'given-up' | 'blocked';

interface Call extends QueuedCall {
  readonly alertId: string;
  readonly condition: 'Fired' | 'Resolved';
  readonly actionGroup: string;
  readonly receiver: Receiver;
  readonly payload: JsonObject;
  /** 0, or the number of the copy. */
  readonly copy: number;
  readonly state: CallState;
}

interface Parts {
  readonly documents: Documents;
  readonly world: World;
  readonly settings: SimulationSettings;
  readonly clock: Clock;
  readonly tokens: TokenIssuer;
  readonly activity: CallActivity;
  /** Where the address of a receiver leads; by default to itself. */
  readonly addressOf?: (url: string) => string;
}

/** Calls the receivers of action groups over HTTP, as Azure Monitor does: at least once, in no order, with few retries. */
export class ActionGroupCalls {
  readonly #parts: Parts;
  readonly #alerts: Collection<FiredAlert>;
  readonly #calls: CallQueue<Call>;
  readonly #blockedUntilMs: Collection<number>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#alerts = new Collection<FiredAlert>(parts.documents, 'alerts');
    this.#blockedUntilMs = new Collection<number>(parts.documents, 'blocked-endpoints');
    this.#calls = new CallQueue<Call>({
      ...parts,
      collection: 'action-group-calls',
      attempt: (call, signal) => this.#attempt(call, signal),
    });
  }

  /** Takes up what was under way when the process ended. */
  resume(): void {
    this.#calls.resume();
  }

  close(): void {
    this.#calls.close();
  }

  /** An alert has fired or is resolved: every receiver of its rule's action groups is told. */
  notify(rule: AlertRule, signal: AlertSignal): void {
    const { world, settings } = this.#parts;
    this.#forgetOld();
    const { muted, duplicate } = settings.get('alerts');
    const groups = rule.actions.map((action) => ({ action, group: world.get(action.actionGroupId) }));
    const calls = groups.flatMap(({ action, group }) =>
      group === undefined ? [] : receiversOf(group).map((receiver) => ({ action, group, receiver })),
    );
    this.#note(rule, signal, muted ? 'muted' : calls.length === 0 ? 'nobody to call' : undefined);
    if (muted) return;
    for (const { action, group, receiver } of calls) {
      const build = receiver.commonSchema ? commonAlert : legacyAlert;
      const payload = build(rule, signal, action.properties);
      for (let copy = 0; copy <= duplicate; copy++) {
        const { alertId, condition } = signal;
        const dueMs = this.#firstDueMs(`${alertId} ${condition} ${receiver.url} ${copy}`);
        const call: Call = {
          ...{ alertId, condition, actionGroup: group.id.id, receiver, payload, copy, dueMs },
          state: 'waiting',
          attempts: [],
        };
        this.#calls.add(call);
      }
    }
  }

  /** What has fired, and what became of the calls. Addresses without keys, payloads left out. */
  show(): Json {
    const time = (ms: number): string => new Date(ms).toISOString();
    return {
      alerts: [...this.#alerts.values()].map(({ firedMs, resolvedMs, ...alert }) => ({
        ...alert,
        dimensions: alert.dimensions.map((dimension) => ({ ...dimension })),
        values: alert.values.map((value) => ({ ...value })),
        firedAt: time(firedMs),
        resolvedAt: resolvedMs === undefined ? null : time(resolvedMs),
      })),
      calls: [...this.#calls.entries()].map(([, { receiver, dueMs, attempts, payload: _, ...call }]) => ({
        ...call,
        receiver: receiver.name,
        kind: receiver.kind,
        address: shownAddress(receiver.url),
        dueAt: call.state === 'waiting' ? time(dueMs) : null,
        attempts: attempts.map(({ atMs, answer }) => ({ at: time(atMs), answer })),
      })),
      blocked: [...this.#blockedUntilMs.entries()]
        .filter(([, untilMs]) => untilMs > this.#parts.clock.nowMs())
        .map(([address, untilMs]) => ({ address, until: time(untilMs) })),
      settings: { ...this.#parts.settings.get('alerts') },
    };
  }

  #note(rule: AlertRule, signal: AlertSignal, unsent: string | undefined): void {
    const { alertId, condition, firedMs, resolvedMs, values } = signal;
    this.#alerts.set(alertId, {
      alertId,
      rule: rule.id.id,
      target: signal.targetId,
      dimensions: values.flatMap(({ dimensions }) => dimensions),
      condition,
      firedMs,
      ...(resolvedMs === undefined ? {} : { resolvedMs }),
      values: values.map(({ criterion, value }) => ({ metric: criterion.metric, value })),
      ...(unsent === undefined ? {} : { unsent }),
    });
  }

  #firstDueMs(what: string): number {
    const { settings, clock } = this.#parts;
    const { reorder, reorderSeconds } = settings.get('alerts');
    if (!reorder) return clock.nowMs();
    const random = seededRandom(`${settings.get('latency').seed} ${what}`);
    return clock.nowMs() + Math.round(reorderSeconds * 1000 * random());
  }

  async #attempt(call: Call, signal: AbortSignal): Promise<Call | undefined> {
    const address = shownAddress(call.receiver.url);
    if ((this.#blockedUntilMs.get(address) ?? 0) > this.#parts.clock.nowMs()) return { ...call, state: 'blocked' };
    const { receiver, payload } = call;
    const url = this.#parts.addressOf?.(receiver.url) ?? receiver.url;
    const headers = { 'user-agent': USER_AGENT, ...this.#authorization(receiver) };
    const answer = await postJson(url, payload, headers, signal);
    return signal.aborted ? undefined : this.#concluded(call, answer);
  }

  #concluded(before: Call, answer: number | string): Call {
    const nowMs = this.#parts.clock.nowMs();
    const call = { ...before, attempts: [...before.attempts, { atMs: nowMs, answer }] };
    if (typeof answer === 'number' && answer >= 200 && answer < 300) return { ...call, state: 'delivered' };
    if (typeof answer === 'number' && !RETRIED_STATUSES.includes(answer)) return { ...call, state: 'refused' };
    const pauseSeconds = RETRY_AFTER_SECONDS[call.attempts.length - 1];
    if (pauseSeconds !== undefined) return { ...call, dueMs: nowMs + pauseSeconds * 1000 };
    this.#blockedUntilMs.set(shownAddress(call.receiver.url), nowMs + BLOCKED_MS);
    return { ...call, state: 'given-up' };
  }

  #authorization({ kind, audience, tenantId = TENANT_ID }: Receiver): Readonly<Record<string, string>> {
    if (kind !== 'secureWebhook' || audience === undefined) return {};
    const { token } = this.#parts.tokens.issueFor(
      {
        audience,
        tenantId: tenantId.toLowerCase(),
        clientId: SECURE_WEBHOOK_APP_ID,
        objectId: guidOf('secure webhook', tenantId),
        roles: [SECURE_WEBHOOK_ROLE],
      },
      TOKEN_LIFE_SECONDS,
    );
    return { authorization: `Bearer ${token}` };
  }

  #forgetOld(): void {
    const oldestMs = this.#parts.clock.nowMs() - KEPT_MS;
    this.#calls.forgetBefore(oldestMs);
    for (const [key, { firedMs }] of [...this.#alerts.entries()]) if (firedMs < oldestMs) this.#alerts.delete(key);
  }
}
