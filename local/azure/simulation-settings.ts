import { Collection, type Documents } from './documents.ts';
import { type EventSetting, USUAL_EVENTS } from './events/event-setting.ts';
import { applyMergePatch, type JsonObject } from './json.ts';
import { DEFAULT_TOKEN_LIFE_SECONDS } from './token-issuer.ts';

/** A subscription that the simulation knows. */
export interface SubscriptionSetting {
  readonly displayName?: string;
  /** `Disabled` refuses writes. */
  readonly state?: 'Enabled' | 'Disabled';
  /** Namespaces that are not registered. */
  readonly unregistered?: readonly string[];
  /** Limits by usage name, for all regions. */
  readonly quotas?: Readonly<Record<string, number>>;
}

/** What somebody may do. Scopes default to everything. */
export interface PrincipalSetting {
  readonly objectId?: string;
  /** Default: a person. */
  readonly kind?: 'person' | 'service';
  /** A person's; default the principal's name. */
  readonly displayName?: string;
  readonly roles: readonly {
    /** A built-in role's name … */
    readonly role?: string;
    /** … or actions of its own. */
    readonly actions?: readonly string[];
    readonly notActions?: readonly string[];
    readonly scope?: string;
  }[];
}

/** How durations and answers are spread. */
export interface LatencySetting {
  readonly seed: number;
  /** 0: each operation takes its usual time; 1: hooks draw from their whole range and ±50 % comes on top. */
  readonly spread: number;
  /** Wall milliseconds by which answers are held back, evenly drawn: changes the order of answers. */
  readonly responseDelayMs: readonly [number, number];
  /** Simulated seconds until a role assignment counts. */
  readonly rolePropagationSeconds: number;
}

/** What becomes of the calls of action groups. */
export interface AlertSetting {
  /** How many more times each notification is sent. */
  readonly duplicate: number;
  /** Notifications are held back for up to `reorderSeconds` of simulated time each, and so overtake one another. */
  readonly reorder: boolean;
  readonly reorderSeconds: number;
  /** As by an alert processing rule: alerts fire, and no action group is called. */
  readonly muted: boolean;
}

interface SettingTypes {
  readonly subscriptions: Readonly<Record<string, SubscriptionSetting>>;
  readonly principals: Readonly<Record<string, PrincipalSetting>>;
  readonly latency: LatencySetting;
  readonly tokenLifeSeconds: number;
  readonly traffic: JsonObject;
  readonly alerts: AlertSetting;
  readonly events: EventSetting;
  readonly participants: Readonly<Record<string, string>>;
  /** Of the last start; 0: never started. */
  readonly ports: { readonly arm: number; readonly identity: number };
}

/** The subscriptions that exist from the start. */
export const KNOWN_SUBSCRIPTIONS: readonly string[] = [
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000003',
  '00000000-0000-0000-0000-000000000001',
  '00000000-0000-0000-0000-000000000002',
  '00000000-0000-0000-0000-000000000003',
  '11111111-1111-1111-1111-111111111111',
  '22222222-2222-2222-2222-222222222222',
  '33333333-3333-3333-3333-333333333333',
  'aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e',
];

/** Microsoft documents up to 10 minutes until a role assignment is known everywhere. */
const USUAL_ROLE_PROPAGATION_SECONDS = 120;

const DEFAULTS: SettingTypes = {
  subscriptions: Object.fromEntries(KNOWN_SUBSCRIPTIONS.map((id) => [id, {}])),
  principals: {},
  latency: { seed: 1, spread: 0, responseDelayMs: [0, 0], rolePropagationSeconds: USUAL_ROLE_PROPAGATION_SECONDS },
  tokenLifeSeconds: DEFAULT_TOKEN_LIFE_SECONDS,
  traffic: {},
  alerts: { duplicate: 0, reorder: false, reorderSeconds: 600, muted: false },
  events: USUAL_EVENTS,
  participants: {},
  ports: { arm: 0, identity: 0 },
};

/** What the controls can change; survives a restart. */
export class SimulationSettings {
  readonly #values: Collection<unknown>;

  constructor(documents: Documents) {
    this.#values = new Collection(documents, 'settings');
  }

  get<K extends keyof SettingTypes>(name: K): SettingTypes[K] {
    // The collection is typed by its key: only `set` below writes it.
    return (this.#values.get(name) as SettingTypes[K] | undefined) ?? DEFAULTS[name];
  }

  set<K extends keyof SettingTypes>(name: K, value: SettingTypes[K]): void {
    this.#values.set(name, value);
  }

  /** Undefined for a subscription that nobody knows. */
  subscription(id: string): SubscriptionSetting | undefined {
    return this.get('subscriptions')[id.toLowerCase()];
  }

  mergeTraffic(change: JsonObject): JsonObject {
    const merged = applyMergePatch(this.get('traffic'), change);
    this.set('traffic', merged);
    return merged;
  }
}
