import { expect } from '@jest/globals';
import { isFinal, type OperationBody } from '../../lib/api/operation.ts';
import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';
import {
  operationOf,
  put,
  resources,
  type SimulationStatistics,
  statistics,
  untilSettled,
} from './baseline-scenario.ts';
import type { TestEnvironment } from './environment.ts';

/** What a fault does; see the controls of the simulation. */
export type FaultEffect =
  | { readonly status: number; readonly code?: string; readonly retryAfterSeconds?: number }
  | { readonly hangSeconds: number }
  | { readonly drop: true | 'before' | 'after' }
  | { readonly failOperation: string };

let subscriptions = 0;

/** One baseline in a subscription of its own, so that many scenarios can share an environment. */
export class Stage {
  readonly environment: TestEnvironment;
  readonly name: string;
  readonly subscriptionId: string;

  private constructor(environment: TestEnvironment, name: string, subscriptionId: string) {
    this.environment = environment;
    this.name = name;
    this.subscriptionId = subscriptionId;
  }

  /** Makes a subscription known to simulated Azure. `setting`: what is special about it. */
  static async open(environment: TestEnvironment, setting: Readonly<Record<string, unknown>> = {}): Promise<Stage> {
    subscriptions += 1;
    const number = String(subscriptions).padStart(12, '0');
    const subscriptionId = `aaaaaaaa-0000-4000-8000-${number}`;
    const { status } = await environment.sim('PUT', 'subscriptions', { [subscriptionId]: setting });
    expect(status).toBe(200);
    return new Stage(environment, `stage-${subscriptions}`, subscriptionId);
  }

  /** Another baseline in the same subscription. */
  beside(name: string): Stage {
    return new Stage(this.environment, name, this.subscriptionId);
  }

  /** ARM id below the subscription: `id('rg-hub', 'virtualNetworks/vnet-westeurope-hub')`. */
  id(group: string, networkPath?: string): string {
    const resourceGroup = `/subscriptions/${this.subscriptionId}/resourceGroups/${group}`;
    return networkPath === undefined ? resourceGroup : `${resourceGroup}/providers/Microsoft.Network/${networkPath}`;
  }

  /**
   * A hub without firewall, with one zone, and two spokes `a` and `b` that share nothing but the hub and the zone:
   * small enough to run in minutes of simulated time, wide enough to show that branches are independent.
   */
  spec(change: (spec: SmallSpec) => void = () => {}): string {
    const spec: SmallSpec = {
      apiVersion: 'hubkeeper/v1',
      name: this.name,
      mode: 'no-delete',
      observability: { enabled: false },
      hub: {
        subscriptionId: this.subscriptionId,
        location: 'westeurope',
        resourceGroup: { name: 'rg-hub' },
        network: { addressPrefixes: ['10.200.0.0/24'] },
        privateDnsZones: [{ name: 'privatelink.azurecr.io' }],
      },
      spokes: [spoke('a', 240), spoke('b', 241)],
    };
    change(spec);
    return JSON.stringify(spec);
  }

  /** Puts a spec and moves time on until it has ended or waits for somebody. */
  async provision(spec: string, maximumSeconds?: number): Promise<OperationBody> {
    return untilSettled(this.environment, await put(this.environment, this.name, spec), maximumSeconds);
  }

  /** Asks for the teardown, has it approved by somebody else, and moves time on until it has ended. */
  async teardown(): Promise<OperationBody> {
    const asked = await this.environment.api<{ operationId: string; planHash: string }>(
      'DELETE',
      `/api/baselines/${this.name}`,
    );
    expect(asked).toMatchObject({ status: 202 });
    const { operationId, planHash } = asked.body;
    const waiting = await untilSettled(this.environment, operationId);
    if (waiting.state !== 'waiting') return waiting;
    await this.approve(planHash);
    return this.environment.advanceUntil(
      `the teardown ${operationId} is over`,
      async () => {
        const operation = await operationOf(this.environment, operationId);
        return isFinal(operation.state) ? operation : undefined;
      },
      6 * 3_600,
    );
  }

  /** Another person than the requester approves a plan. */
  async approve(planHash: string): Promise<void> {
    const { status, body } = await this.environment.api(
      'POST',
      `/api/approvals/${planHash}`,
      { decision: 'approve' },
      { 'x-hubkeeper-user': 'approver' },
    );
    expect({ status, body }).toMatchObject({ status: 200 });
  }

  /** The next requests of the app that fit go wrong. `url`: a regular expression; this subscription's only. */
  async fault(method: string, url: string, effect: FaultEffect, times = 1): Promise<void> {
    const match = { method, url: `${this.subscriptionId}.*${url}` };
    // Biome takes an object with `then` for a promise.
    const fault = Object.fromEntries([
      ['match', match],
      ['times', times],
      ['then', effect],
    ]);
    const { status } = await this.environment.sim('POST', 'faults', fault);
    expect(status).toBe(200);
  }

  /** How many faults still wait for their request. */
  async faultsLeft(): Promise<number> {
    const { body } = await this.environment.sim<{ faults: readonly unknown[] }>('GET', 'faults');
    return body.faults.length;
  }

  /** What simulated Azure holds in this subscription, by id in lower case. */
  async world(): Promise<ReadonlyMap<string, Body>> {
    const all = await resources(this.environment);
    // What tests look into is what Azure's types say of these bodies.
    return new Map(
      [...all].flatMap(([id, body]) => (id.includes(this.subscriptionId) ? [[id, body as unknown as Body]] : [])),
    );
  }

  /** One resource as it is; fails when it is not there. */
  async resource(id: string): Promise<Body> {
    const found = (await this.world()).get(id.toLowerCase());
    if (found === undefined) throw new Error(`There is no ${id}.`);
    return found;
  }

  /** Counts of this subscription's resources, by id in lower case. */
  async counts(): Promise<ReadonlyMap<string, SimulationStatistics['resources'][string]>> {
    const { resources: counted } = await statistics(this.environment);
    return new Map(
      Object.entries(counted)
        .filter(([id]) => id.toLowerCase().includes(this.subscriptionId))
        .map(([id, counts]) => [id.toLowerCase(), counts]),
    );
  }

  /** Accepted writes in this subscription by anybody. */
  async writes(): Promise<number> {
    return [...(await this.counts()).values()].reduce((sum, { writes, deletes }) => sum + writes + deletes, 0);
  }

  /** Resources that were made more than once: there must be none. */
  async madeTwice(): Promise<readonly string[]> {
    return [...(await this.counts())].filter(([, { creates }]) => creates > 1).map(([id]) => id);
  }

  /** Somebody else's call to ARM that must be accepted. */
  async colleague(
    method: string,
    id: string,
    body?: unknown,
    apiVersion = '2025-05-01',
    headers?: Readonly<Record<string, string>>,
  ): Promise<Body> {
    const path = `${id}?api-version=${apiVersion}`;
    const answer = await this.environment.armAs<Body>('colleague', method, path, body, headers);
    if (answer.status >= 300)
      throw new Error(`${method} ${id} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Somebody else reads, changes and writes a resource. */
  async colleagueEdits(id: string, change: (body: Body) => void, apiVersion?: string): Promise<void> {
    const body = await this.colleague('GET', id, undefined, apiVersion);
    change(body);
    await this.colleague('PUT', id, body, apiVersion);
    await this.environment.advance(120);
  }
}

/** A member of a list in an ARM body. */
export interface Entry {
  readonly name: string;
  readonly properties: Record<string, unknown>;
}

/** An ARM body as tests look into it: they know what kind of resource they asked for. */
export interface Body {
  readonly id: string;
  readonly name: string;
  readonly etag: string;
  tags?: Record<string, string>;
  readonly properties: {
    [name: string]: unknown;
    provisioningState?: string;
    subnets: Entry[];
    routes: Entry[];
    securityRules: Entry[];
    ruleCollections: { readonly name: string; priority: number; rules: Record<string, unknown>[] }[];
    ipConfigurations: Entry[];
  };
}

export type SmallSpec = Omit<BaselineSpecInput, 'spokes'> & { spokes: NonNullable<BaselineSpecInput['spokes']> };
export type SmallSpoke = SmallSpec['spokes'][number];

/** A spoke with one subnet that has a security group of its own. */
export function spoke(name: string, secondOctet: number): SmallSpoke {
  return {
    name,
    resourceGroup: { name: `rg-${name}` },
    network: { addressPrefixes: [`10.${secondOctet}.0.0/24`] },
    subnets: [{ name: 'snet-vms', purpose: 'general', addressPrefix: `10.${secondOctet}.0.0/26` }],
  };
}

/** Gives the hub a firewall with one public address, and so its spokes a route to it. */
export function withFirewall(spec: SmallSpec): void {
  spec.hub.subnets = { firewall: { addressPrefix: '10.200.0.0/26' } };
  spec.hub.firewall = { tier: 'Standard', publicIps: { count: 1, minimum: 1, maximum: 5 } };
}

/** Names of an operation's nodes that ended in a state, each as its last two parts of the id: `virtualNetworks/hub`. */
export function namesIn(operation: OperationBody, state: OperationBody['nodes'][number]['state']): readonly string[] {
  return operation.nodes
    .filter((node) => node.state === state)
    .map(({ id }) => shortName(id))
    .sort();
}

export function shortName(id: string): string {
  return id.split('/').slice(-2).join('/');
}
