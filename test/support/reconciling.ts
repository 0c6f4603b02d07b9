import type { Dependencies } from '../../lib/dependencies.ts';
import { hashOf } from '../../lib/plan/hash.ts';
import { advanceAfresh, startAfresh } from '../../lib/reactions/snat/reconcile-afresh.ts';
import type { AdvanceRequest } from '../../lib/reconcile/advance.ts';
import type { StartOutcome } from '../../lib/reconcile/start-write.ts';
import { watchHead } from '../../lib/reconcile/watch.ts';
import {
  type BaselineHead,
  type ReconcileRequest,
  type Trigger,
  withNextOperation,
  withRequest,
  withSpec,
} from '../../lib/state/baseline-head.ts';
import type { Decision, RunDocument } from '../../lib/state/run.ts';

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';
/** More turns than any of these small baselines takes: one that needs more hangs. */
const MOST_TURNS = 300;

/** A small baseline: a hub and spokes of one subnet each. */
export function smallSpec(
  name: string,
  spokes: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    apiVersion: 'hubkeeper/v1',
    name,
    mode: 'full',
    observability: { diagnosticSettings: false },
    hub: {
      subscriptionId: SUBSCRIPTION,
      location: 'westeurope',
      resourceGroup: { name: `rg-${name}` },
      network: { addressPrefixes: ['10.200.0.0/24'] },
      subnets: {},
    },
    spokes: spokes.map((spoke, at) => ({
      name: spoke,
      resourceGroup: { name: `rg-${name}-${spoke}` },
      network: { addressPrefixes: [`10.${at + 1}.0.0/16`] },
      subnets: [{ name: 'snet-a', purpose: 'general', addressPrefix: `10.${at + 1}.0.0/24` }],
    })),
    ...more,
  });
}

/** Plays triggers, timers and the orchestration of one baseline against its state, with a clock of its own. */
export class Reconciling {
  readonly #dependencies: Dependencies;
  readonly #name: string;
  #nowMs = Date.parse('2026-06-01T08:00:00.000Z');
  #turn = 1;
  #instanceId = '';
  #outcomes: readonly StartOutcome[] = [];
  #last: AdvanceRequest | undefined;

  constructor(dependencies: Dependencies, name: string) {
    this.#dependencies = dependencies;
    this.#name = name;
  }

  get nowIso(): string {
    return new Date(this.#nowMs).toISOString();
  }

  pass(seconds: number): void {
    this.#nowMs += seconds * 1_000;
  }

  async head(): Promise<BaselineHead> {
    const stored = await this.#dependencies.baselines.read(this.#name);
    if (stored === null) throw new Error(`There is no baseline ${this.#name}.`);
    return stored.head;
  }

  async run(operationId: string): Promise<RunDocument> {
    const stored = await this.#dependencies.runs.read(operationId);
    if (stored === null) throw new Error(`There is no operation ${operationId}.`);
    return stored.run;
  }

  /** Records a request as a trigger does. @returns its operation's id. */
  async record(
    trigger: Trigger,
    by: string,
    request: Partial<ReconcileRequest> = {},
    alter: (head: BaselineHead) => BaselineHead = (head) => head,
  ): Promise<string> {
    this.pass(1);
    const { result } = await this.#dependencies.baselines.change(
      this.#name,
      (before) => {
        const { head, operationId } = withNextOperation(alter(before));
        const requested = withRequest(head, { operationId, trigger, requestedBy: by, at: this.nowIso, ...request });
        return { head: requested.head, result: operationId };
      },
      { create: true },
    );
    return result;
  }

  async put(text: string, by: string): Promise<string> {
    const contentType = 'application/json';
    const hash = hashOf({ text, contentType });
    await this.#dependencies.baselines.writeSpec(this.#name, {
      hash,
      storedBy: by,
      storedAt: this.nowIso,
      text,
      contentType,
    });
    return this.record('put', by, {}, (head) => withSpec(head, { hash, mode: 'full', by, at: this.nowIso }));
  }

  /** Changes the baseline as a function of the API does. */
  async change(change: (head: BaselineHead) => BaselineHead): Promise<void> {
    this.pass(1);
    await this.#dependencies.baselines.change(this.#name, (head) => ({ head: change(head), result: undefined }));
  }

  /** One turn with what it starts. */
  async turn(): Promise<Decision> {
    const { reconciler } = await this.head();
    if (reconciler === null) return { next: 'end' };
    if (reconciler.instanceId !== this.#instanceId) {
      this.#instanceId = reconciler.instanceId;
      this.#turn = 1;
      this.#outcomes = [];
    }
    const nowIso = this.nowIso;
    this.#last = {
      baseline: this.#name,
      instanceId: this.#instanceId,
      turn: this.#turn,
      outcomes: this.#outcomes,
      nowIso,
    };
    const decision = await advanceAfresh(this.#dependencies, this.#last);
    this.#turn += 1;
    this.#outcomes = [];
    if (decision.next === 'wait') this.pass(decision.seconds);
    if (decision.next === 'start') {
      const { nodes, next: _, ...shared } = decision;
      const start = { baseline: this.#name, instanceId: this.#instanceId, nowIso, ...shared };
      this.#outcomes = await Promise.all(nodes.map((node) => startAfresh(this.#dependencies, { ...start, ...node })));
    }
    return decision;
  }

  /** The reconciler dies, and the timer has another one take over. */
  async die(): Promise<void> {
    await this.change((head) => {
      const watched = watchHead(head, head.reconciler?.instanceId, 'dead', false, this.nowIso);
      return watched.head ?? head;
    });
  }

  /** The last turn once more, as a host does that lost its answer; nothing is started for it again. */
  async repeatTurn(): Promise<Decision> {
    if (this.#last === undefined) throw new Error('There was no turn yet.');
    return advanceAfresh(this.#dependencies, this.#last);
  }

  /** Turns until the reconciler ends, or until `stop` says so. */
  async settle(stop: (decision: Decision) => boolean | Promise<boolean> = () => false): Promise<Decision> {
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      const decision = await this.turn();
      if (decision.next === 'end' || (await stop(decision))) return decision;
    }
    throw new Error(`The run has not come to its end in ${MOST_TURNS} turns.`);
  }
}
