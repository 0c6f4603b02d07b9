import type { MonitorCondition } from '../../lib/alerts/alert-payload.ts';
import type { EventPublisher } from '../../lib/azure/event-publisher.ts';
import type { FirewallMetrics } from '../../lib/azure/metrics.ts';
import type { Dependencies } from '../../lib/dependencies.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { decideSnatRelief } from '../../lib/reactions/snat/decide-snat-relief.ts';
import { followSnatRelief } from '../../lib/reactions/snat/follow-snat-relief.ts';
import { attachedNames } from '../../lib/reactions/snat/observe-egress.ts';
import { RELIEF_KIND } from '../../lib/reactions/snat/relief-names.ts';
import type { ReliefStep } from '../../lib/reactions/snat/relief-step.ts';
import { verifySnatRelief } from '../../lib/reactions/snat/verify-snat-relief.ts';
import { watchEgress } from '../../lib/reactions/snat/watch-egress.ts';
import { decideApproval } from '../../lib/reconcile/decide-approval.ts';
import { withGeneration } from '../../lib/state/baseline-head.ts';
import type { JournalEntry } from '../../lib/state/journal.ts';
import { type RecordedSignal, reactionOf, withSignal } from '../../lib/state/reactions.ts';
import type { Storage } from '../../lib/state/storage.ts';
import type { FakeAzure } from './fake-azure.ts';
import { memoryDependencies } from './memory-dependencies.ts';
import { Reconciling, smallSpec } from './reconciling.ts';
import { level, MINUTE_MS, metric } from './snat.ts';

const NAME = 'small';
const MOST_STEPS = 50;

/** What differs from one relief to another. */
export interface RelievingOptions {
  readonly mode?: 'off' | 'observe' | 'propose' | 'act';
  readonly driftMode?: 'off' | 'observe' | 'propose' | 'act';
  readonly utilizationPercent?: number;
  readonly events?: EventPublisher;
  /** Metrics of its own instead of the gauge. */
  readonly metrics?: FirewallMetrics;
  /** The baseline's; `full` if nothing is said. */
  readonly baselineMode?: 'observe' | 'create-only' | 'no-delete' | 'full';
  /** Where its state is; absent: in memory. */
  readonly storage?: Storage;
  /** More of the spec's section `egress`. */
  readonly egress?: JsonObject;
  /** More of the spec's section `hub.firewall.publicIps`. */
  readonly publicIps?: JsonObject;
}

interface Gauge {
  utilizationPercent: number;
  /** Highest value of each minute; absent: as the average. */
  maximumPercent?: number;
  instances: number;
  /** Azure Monitor has no values. */
  isBlind?: boolean;
}

/** A hub with a firewall of three addresses that is provisioned in a fake of Azure, and reliefs played step by step. */
export class Relieving {
  readonly dependencies: Dependencies & { readonly arm: FakeAzure };
  readonly reconciling: Reconciling;
  readonly firewallId: string;
  /** What the metric says from now on, also of the past. */
  readonly gauge: Gauge;
  #alerts = 0;

  private constructor(
    dependencies: Dependencies & { readonly arm: FakeAzure },
    reconciling: Reconciling,
    firewall: string,
    gauge: Gauge,
  ) {
    this.dependencies = dependencies;
    this.reconciling = reconciling;
    this.firewallId = firewall;
    this.gauge = gauge;
  }

  static async provisioned(options: RelievingOptions = {}): Promise<Relieving> {
    const { mode = 'act', driftMode = 'observe', utilizationPercent = 88, events } = options;
    const gauge: Gauge = { utilizationPercent, instances: 2 };
    const window: FirewallMetrics['snatPortUtilization'] = async ({ fromMs, untilMs, grainMinutes = 1 }) =>
      metric(
        (untilMs - fromMs) / MINUTE_MS,
        gauge.isBlind === true ? {} : { TCP: level(gauge.utilizationPercent, gauge.maximumPercent) },
        grainMinutes,
        untilMs,
      );
    const capacity: FirewallMetrics['observedCapacity'] = async ({ fromMs, untilMs, grainMinutes = 1 }) =>
      metric((untilMs - fromMs) / MINUTE_MS, { '': level(gauge.instances) }, grainMinutes, untilMs);
    const dependencies = {
      ...memoryDependencies({}, options.storage),
      metrics: options.metrics ?? { snatPortUtilization: window, observedCapacity: capacity },
      ...(events === undefined ? {} : { events }),
    };
    const reconciling = new Reconciling(dependencies, NAME);
    await reconciling.put(relievingSpec({ ...options.egress, mode }, { driftMode, ...options.publicIps }), 'author');
    await reconciling.settle();
    if (options.baselineMode !== undefined) {
      const changed = { driftMode, mode: options.baselineMode, ...options.publicIps };
      await reconciling.put(relievingSpec({ ...options.egress, mode }, changed), 'author');
      await reconciling.settle();
    }
    // Whatever has just been written rests.
    reconciling.pass(3_600);
    const firewall = (await dependencies.ledger.all(NAME)).find(({ kind }) => kind === 'azureFirewall');
    if (firewall === undefined) throw new Error('The firewall was not provisioned.');
    return new Relieving(dependencies, reconciling, firewall.id, gauge);
  }

  /** A firing alert as the intake records it. */
  async alert(severity: RecordedSignal['severity'] = 'Sev1'): Promise<void> {
    this.#alerts += 1;
    await this.#signal('Fired', severity);
  }

  /** The end of the last alert as the intake records it. */
  async resolve(): Promise<void> {
    await this.#signal('Resolved', 'Sev1');
  }

  async #signal(condition: MonitorCondition, severity: RecordedSignal['severity']): Promise<void> {
    const signal = {
      alertId: `/alerts/${this.#alerts}`,
      alertRule: 'snat',
      condition,
      severity,
      at: this.reconciling.nowIso,
      thresholdPercent: 80,
      valuePercent: 88,
    };
    await this.reconciling.change(
      (head) =>
        withSignal(head, { kind: RELIEF_KIND, target: this.firewallId, signal, nowIso: this.reconciling.nowIso }).head,
    );
  }

  /** What a person says of the one plan that waits for approval, or of that of one operation. */
  async decideApproval(decision: 'approve' | 'reject', operationId?: string): Promise<void> {
    const head = await this.reconciling.head();
    const approval = head.approvals.find((one) => operationId === undefined || one.operationId === operationId);
    const decided = decideApproval(head, {
      planHash: approval?.planHash ?? '',
      decision,
      user: 'approver',
      selfApproval: false,
      nowIso: this.reconciling.nowIso,
    });
    if ('code' in decided) throw new Error(decided.message);
    await this.reconciling.change(() => decided.head);
  }

  /** What the egress timer does, for changes that wait for outsiders and others. @returns whether it asks for a look. */
  async timer(waiting: ReadonlySet<string> = new Set()): Promise<boolean> {
    this.reconciling.pass(1);
    const { result } = await this.dependencies.baselines.change(NAME, (head) => {
      const watched = watchEgress(head, { waiting }, this.reconciling.nowIso);
      return { head: watched.head, result: watched.reactions.length > 0 };
    });
    return result;
  }

  decide(): Promise<ReliefStep> {
    return this.#step(decideSnatRelief);
  }

  follow(): Promise<ReliefStep> {
    return this.#step(followSnatRelief);
  }

  verify(): Promise<ReliefStep> {
    return this.#step(verifySnatRelief);
  }

  /** Follows until the relief goes on to something else. */
  async followed(): Promise<ReliefStep> {
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const step = await this.follow();
      if (step.next !== 'follow') return step;
    }
    throw new Error('The relief follows for ever.');
  }

  async #step(step: typeof decideSnatRelief): Promise<ReliefStep> {
    this.reconciling.pass(1);
    const reaction = reactionOf(await this.reconciling.head(), RELIEF_KIND, this.firewallId);
    return step(this.dependencies, {
      baseline: NAME,
      target: this.firewallId,
      instanceId: reaction?.instance?.id ?? 'nobody',
      nowIso: this.reconciling.nowIso,
    });
  }

  /** A person adjusts the number of addresses for a week, and it is carried out. */
  async adjustByHand(value: Json): Promise<void> {
    const since = this.reconciling.nowIso;
    const until = new Date(Date.parse(since) + 7 * 24 * 60 * MINUTE_MS).toISOString();
    const theirs = { id: 'by-hand', kind: 'firewallPublicIpCount', scope: 'egress', target: this.firewallId };
    await this.reconciling.record('adjustment', 'alice', { scope: 'egress' }, (head) =>
      withGeneration({
        ...head,
        adjustments: [...head.adjustments, { ...theirs, value, reason: 'by hand', since, until, by: 'alice' }],
      }),
    );
    await this.reconciling.settle();
  }

  /** A person ends every adjustment, and it is carried out. */
  async endAdjustments(): Promise<void> {
    await this.reconciling.record('adjustment', 'alice', { scope: 'egress' }, (head) =>
      withGeneration({ ...head, adjustments: [] }),
    );
    await this.reconciling.settle();
  }

  /** Somebody else's edit of a resource. */
  edit(id: string, change: (body: JsonObject) => JsonObject): void {
    const { id: _, ...body } = this.dependencies.arm.body(id) ?? {};
    this.dependencies.arm.put(id, change(body));
  }

  /** Somebody else puts an address of theirs on the firewall. @returns its id. */
  attachForeign(name: string): string {
    const id = this.#publicIpId(name);
    const { location = 'westeurope' } = this.dependencies.arm.body(this.firewallId) ?? {};
    this.dependencies.arm.put(id, { name, location, properties: { provisioningState: 'Succeeded' } });
    this.#reattach((configurations) => [...configurations, { name, properties: { publicIPAddress: { id } } }]);
    return id;
  }

  /** Somebody else publishes a service on an address of the firewall, by a DNAT rule of its policy. */
  publish(name: string): void {
    const ipAddressOf = (index: number) => `203.0.113.${index + 1}`;
    for (const [index, one] of this.names().entries())
      this.edit(this.#publicIpId(one), (body) => ({
        ...body,
        properties: { ...propertiesOf(body), ipAddress: ipAddressOf(index) },
      }));
    const ipAddress = ipAddressOf(this.names().indexOf(name));
    const policy = propertiesOf(this.dependencies.arm.body(this.firewallId) ?? {}).firewallPolicy;
    const rule = {
      ruleType: 'NatRule',
      ipProtocols: ['TCP'],
      destinationAddresses: [ipAddress],
      destinationPorts: ['443'],
    };
    const ruleCollections = [{ ruleCollectionType: 'FirewallPolicyNatRuleCollection', rules: [rule] }];
    this.dependencies.arm.put(`${isJsonObject(policy) ? String(policy.id) : ''}/ruleCollectionGroups/theirs`, {
      name: 'theirs',
      properties: { provisioningState: 'Succeeded', ruleCollections },
    });
  }

  #publicIpId(name: string): string {
    return this.firewallId.replace(/azureFirewalls\/[^/]+$/i, `publicIPAddresses/${name}`);
  }

  /** Somebody else takes the configuration at a place of Azure's list off the firewall. */
  detach(index: number): void {
    this.#reattach((configurations) => configurations.toSpliced(index, 1));
  }

  #reattach(change: (configurations: readonly JsonObject[]) => readonly JsonObject[]): void {
    const ipConfigurations = change(this.#configurations());
    this.edit(this.firewallId, (body) => ({
      ...body,
      properties: { ...propertiesOf(body), ipConfigurations },
    }));
  }

  #configurations(): readonly JsonObject[] {
    const list = propertiesOf(this.dependencies.arm.body(this.firewallId) ?? {}).ipConfigurations;
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  }

  addresses(): number {
    return this.#configurations().length;
  }

  /** Names of the addresses on the firewall, in its order. */
  names(): readonly string[] {
    return attachedNames(this.dependencies.arm.body(this.firewallId) ?? {});
  }

  /** Puts the spec with this section `egress` and these spokes, and works until nothing is left to do. */
  async put(
    egress: JsonObject,
    spokes: readonly string[] = [],
    publicIps: { readonly count?: number; readonly maximum?: number } = {},
  ): Promise<void> {
    await this.reconciling.put(relievingSpec(egress, { spokes, ...publicIps }), 'author');
    await this.reconciling.settle();
  }

  async journal(): Promise<readonly JournalEntry[]> {
    return (await this.dependencies.journal.read({ baseline: NAME })).entries;
  }
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? properties : {};
}

interface RelievingSpecOptions extends JsonObject {
  readonly driftMode?: string;
  /** The baseline's. */
  readonly mode?: string;
  readonly spokes?: readonly string[];
}

/** The spec of such a hub with this section `egress`; further options are those of its public addresses. */
export function relievingSpec(
  egress: JsonObject,
  { driftMode = 'observe', mode = 'full', spokes = [], ...publicIps }: RelievingSpecOptions = {},
): string {
  const { hub } = JSON.parse(smallSpec(NAME, []));
  return smallSpec(NAME, spokes, {
    mode,
    egress,
    drift: { mode: driftMode },
    hub: {
      ...hub,
      subnets: { firewall: { addressPrefix: '10.200.0.0/26' } },
      firewall: { publicIps: { count: 3, minimum: 3, maximum: 20, ...publicIps } },
    },
  });
}
