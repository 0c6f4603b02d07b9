import type { Clock } from '../../clock.ts';
import { normaliseLocation } from '../catalogue.ts';
import { Collection, type Documents } from '../documents.ts';
import type { StoredResource, World } from '../resource-type.ts';
import { guidOf, sameName } from '../resource-types/support/ids.ts';
import { seededRandom } from '../seeded-random.ts';
import type { SimulationSettings } from '../simulation-settings.ts';
import {
  type AlertMemories,
  type AlertSignal,
  type AlertTarget,
  type Check,
  checkRule,
  type Draws,
} from './alert-evaluation.ts';
import { type AlertRule, METRIC_ALERTS, readAlertRule } from './alert-rule.ts';
import type { GaugeHistory } from './gauge-history.ts';
import { MINUTE_MS } from './metric-series.ts';

interface RuleState {
  /** The rule as it was evaluated: what it remembers is of no use to another one. */
  readonly signature: string;
  readonly checkedMs: number;
  /** Every check since had, and will have, the same outcome. */
  readonly steady: boolean;
  readonly memories: AlertMemories;
}

interface Parts {
  readonly documents: Documents;
  readonly world: World;
  readonly gauges: GaugeHistory;
  readonly settings: SimulationSettings;
  readonly clock: Clock;
  /** Tells whom a rule tells. */
  notify(rule: AlertRule, signal: AlertSignal): void;
}

/** How far ahead checks are made at a time, to find the next one that matters. */
const MOST_CHECKS_AHEAD = 500;

/**
 * Evaluates metric alert rules, each at its frequency on the simulated clock. Gauges change rarely, so only the checks
 * that matter wake anybody: those in between are made up for when something changes. Survives a restart.
 */
export class AlertEngine {
  readonly #parts: Parts;
  readonly #states: Collection<RuleState>;
  readonly #wakes = new Map<string, { cancel(): void }>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#states = new Collection<RuleState>(parts.documents, 'alert-rules');
  }

  /** Resources or, if so said, gauges have changed. */
  observe(gaugesChanged: boolean): void {
    const rules = new Map<string, AlertRule>();
    for (const resource of this.#parts.world.list(METRIC_ALERTS)) {
      const rule = readAlertRule(resource);
      if (rule?.enabled === true) rules.set(rule.id.key, rule);
    }
    for (const [key] of [...this.#states.entries()]) if (!rules.has(key)) this.#forget(key);
    for (const [key, rule] of rules) {
      const known = this.#states.get(key);
      const isNew = known?.signature !== signatureOf(rule);
      if (isNew || gaugesChanged || !(known.steady || this.#wakes.has(key))) this.#run(rule, true);
    }
  }

  #forget(key: string): void {
    this.#states.delete(key);
    this.#wakes.get(key)?.cancel();
    this.#wakes.delete(key);
  }

  /** Makes the checks that are due, and finds the next one that matters. */
  #run(rule: AlertRule, changed: boolean): void {
    const nowMs = this.#parts.clock.nowMs();
    const targets = this.#targets(rule);
    let state = this.#stateOf(rule, nowMs);
    for (let atMs = nextCheckMs(rule, state.checkedMs); atMs <= nowMs; atMs = nextCheckMs(rule, state.checkedMs)) {
      if (state.steady) {
        state = { ...state, checkedMs: nowMs };
        break;
      }
      const { memories, signals, steady } = this.#check(rule, state.memories, targets, atMs);
      state = { ...state, checkedMs: atMs, memories, steady };
      for (const signal of signals) this.#parts.notify(rule, signal);
    }
    if (changed) state = { ...state, steady: false };
    const wakeMs = state.steady ? undefined : this.#nextThatMatters(rule, state, targets);
    this.#states.set(rule.id.key, { ...state, steady: wakeMs === undefined });
    this.#wakeAt(rule, wakeMs);
  }

  /** Undefined: none until something changes. */
  #nextThatMatters(rule: AlertRule, state: RuleState, targets: readonly AlertTarget[]): number | undefined {
    let { memories, checkedMs } = state;
    for (let ahead = 0; ahead < MOST_CHECKS_AHEAD; ahead++) {
      const atMs = nextCheckMs(rule, checkedMs);
      const check = this.#check(rule, memories, targets, atMs);
      if (check.signals.length > 0) return atMs;
      // Nothing in between is told to anybody, but what is remembered must be right when something changes.
      if (check.steady) return check.memories === memories || same(check.memories, state.memories) ? undefined : atMs;
      memories = check.memories;
      checkedMs = atMs;
    }
    return checkedMs;
  }

  #check(rule: AlertRule, memories: AlertMemories, targets: readonly AlertTarget[], atMs: number): Check {
    return checkRule(rule, memories, targets, atMs, this.#draws());
  }

  #stateOf(rule: AlertRule, nowMs: number): RuleState {
    const signature = signatureOf(rule);
    const known = this.#states.get(rule.id.key);
    if (known?.signature === signature) return known;
    return { signature, checkedMs: nowMs, steady: false, memories: {} };
  }

  #wakeAt(rule: AlertRule, wakeMs: number | undefined): void {
    const { key } = rule.id;
    this.#wakes.get(key)?.cancel();
    this.#wakes.delete(key);
    if (wakeMs === undefined) return;
    const wake = this.#parts.clock.schedule(wakeMs, () => {
      this.#wakes.delete(key);
      const stored = this.#parts.world.get(rule.id.id);
      const current = stored === undefined ? undefined : readAlertRule(stored);
      if (current?.enabled === true) this.#run(current, false);
      this.#parts.documents.flush();
    });
    this.#wakes.set(key, wake);
  }

  #targets(rule: AlertRule): readonly AlertTarget[] {
    const { world, gauges } = this.#parts;
    const found = rule.scopes.flatMap((scope): readonly StoredResource[] => {
      const one = world.get(scope);
      if (one !== undefined && one.id.type !== 'Microsoft.Resources/resourceGroups') return [one];
      const region = normaliseLocation(rule.targetResourceRegion ?? '');
      const within = rule.targetResourceType === undefined ? [] : world.list(rule.targetResourceType, scope);
      return within.filter(({ location }) => location !== undefined && sameName(location, region));
    });
    return found.map(({ id }) => ({
      id: id.id,
      steadySinceMs: gauges.steadySinceMs(id.id),
      series: (metric) => gauges.series(id.id, metric),
    }));
  }

  #draws(): Draws {
    const { seed, spread } = this.#parts.settings.get('latency');
    return {
      newAlertId: (what) => guidOf('alert', seed, what),
      random: (what) => (spread === 0 ? 0.5 : seededRandom(`${seed} alert ${what}`)()),
    };
  }
}

/** When a rule is checked next: at its own second of the minute. */
export function nextCheckMs(rule: AlertRule, afterMs: number): number {
  const phaseMs = (Number.parseInt(guidOf(rule.id.key).slice(0, 6), 16) % 60) * 1000;
  const { frequencyMs } = rule;
  const period = Math.max(frequencyMs, MINUTE_MS);
  return Math.floor((afterMs - phaseMs) / period) * period + period + phaseMs;
}

/** Whom it tells, and how it is described, may change while an alert is fired. */
function signatureOf({ scopes, criteria, frequencyMs, windowMs, stateful, targetResourceType }: AlertRule): string {
  return JSON.stringify([scopes, criteria, frequencyMs, windowMs, stateful, targetResourceType]);
}

function same(a: AlertMemories, b: AlertMemories): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
