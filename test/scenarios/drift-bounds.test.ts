import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';
import { operationOf, planOf } from '../support/baseline-scenario.ts';
import { driftOf, linesOf, loseEvents, scan } from '../support/drift-scenario.ts';
import { type InjectedDrift, inject, resourceOf } from '../support/drifts.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { type SmallSpec, Stage, spoke } from '../support/stage.ts';
import { Topic } from '../support/topic.ts';

/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const HOUR_SECONDS = 3_600;

let environment: TestEnvironment;
let topic: Topic;

beforeAll(async () => {
  topic = await Topic.reserve();
  environment = await startEnvironment({
    record: 'drift-bounds',
    settings: { HUBKEEPER_EVENT_TOPIC_ENDPOINT: topic.endpoint },
  });
  await topic.open(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
  await topic?.close();
});

async function nowMs(): Promise<number> {
  return (await environment.sim<{ simulatedMs: number }>('GET', 'clock')).body.simulatedMs;
}

const isoOf = (ms: number) => new Date(ms).toISOString();

/** A baseline whose drift is put right by itself, provisioned and compared once. */
async function opened(change: (spec: SmallSpec) => void): Promise<Stage> {
  const stage = await Stage.open(environment);
  const spec = stage.spec((wanted) => {
    wanted.tags = { team: 'network' };
    wanted.drift = { mode: 'act' };
    change(wanted);
  });
  expect(await stage.provision(spec)).toMatchObject({ state: 'succeeded', errors: [] });
  return stage;
}

const nodes = (name: string) => `networkSecurityGroups/nsg-vnet-spoke-${name}-snet-vms`;
const network = (name: string) => `virtualNetworks/vnet-spoke-${name}`;
const HUB = 'virtualNetworks/vnet-westeurope-hub';

function retagged(name: string, resource: InjectedDrift['resource'], apiVersion = '2025-05-01'): InjectedDrift {
  return {
    name,
    fate: 'putRight',
    resource,
    apiVersion,
    path: 'tags.team',
    edit: (body) => {
      body.tags = { team: 'other' };
    },
  };
}

/** Both sides of a peering let nobody through any more. */
function shut(name: string): readonly InjectedDrift[] {
  const sides = [
    ['rg-hub', `${HUB}/virtualNetworkPeerings/hub-to-spoke-${name}`],
    [`rg-${name}`, `${network(name)}/virtualNetworkPeerings/spoke-${name}-to-hub`],
  ] as const;
  return sides.map((resource) => ({
    name: resource[1],
    fate: 'putRight',
    resource,
    path: 'properties.allowVirtualNetworkAccess',
    edit: (body) => {
      body.properties.allowVirtualNetworkAccess = false;
    },
  }));
}

/** Whether what was changed is as declared again, by the name of each drift. */
async function putRight(stage: Stage, drifts: readonly InjectedDrift[]): Promise<Readonly<Record<string, boolean>>> {
  const world = await stage.world();
  return Object.fromEntries(
    drifts.map((drift) => {
      const body = world.get(resourceOf(stage, drift).toLowerCase());
      const isRight =
        drift.path === 'tags.team'
          ? body?.tags?.team === 'network'
          : body?.properties.allowVirtualNetworkAccess === true;
      return [drift.name, isRight];
    }),
  );
}

const countOf = (right: Readonly<Record<string, boolean>>) => Object.values(right).filter(Boolean).length;

describe('a budget of unattended changes', () => {
  const threeSpokes = (budgets: BaselineSpecInput['budgets']) => (spec: SmallSpec) => {
    spec.budgets = budgets;
    spec.spokes = ['a', 'b', 'c'].map((name, index) => spoke(name, 240 + index));
  };

  it(
    'for one run admits whole changes, tells the rest, and goes on with each scan',
    async () => {
      const stage = await opened(threeSpokes({ perRun: 3, perDay: 60 }));
      await loseEvents(stage);
      const singles = [
        retagged('nodes a', ['rg-a', nodes('a')]),
        retagged('nodes b', ['rg-b', nodes('b')]),
        retagged('nodes c', ['rg-c', nodes('c')]),
        retagged('network c', ['rg-c', network('c')]),
        retagged('zone', ['rg-hub', 'privateDnsZones/privatelink.azurecr.io'], '2024-06-01'),
        retagged('network b', ['rg-b', network('b')]),
      ];
      const pairs = ['a', 'b'].map(shut);
      const drifts = [...singles, ...pairs.flat()];
      expect(drifts).toHaveLength(10);
      const planned = await stage.writes();
      await inject(stage, drifts);
      const injected = await stage.writes();
      expect(injected).toBe(planned + drifts.length);

      const counts: number[] = [0];
      const operations = new Set<string>();
      for (let scans = 0; scans < 6 && counts.at(-1) !== drifts.length; scans++) {
        const operation = await scan(stage);
        operations.add(operation.id);
        const right = await putRight(stage, drifts);
        counts.push(countOf(right));
        for (const pair of pairs) expect(new Set(pair.map(({ name }) => right[name])).size).toBe(1);
        // A network goes before its peerings do.
        if (right['network b'] === false) expect(right[pairs[1]?.[0]?.name ?? '']).toBe(false);
        expect(operation.errors).toEqual([]);
        expect(await stage.writes()).toBe(injected + countOf(right));

        const left = drifts.length - countOf(right);
        const { drifts: known } = await driftOf(stage);
        expect(known).toHaveLength(left);
        for (const one of known)
          expect(one).toMatchObject({
            policy: 'enforce',
            state: 'waiting',
            code: 'budget',
            why: expect.stringMatching(/^The budget of unattended changes \(3 in one run\)/),
            approvePlanHash: operation.planHash,
          });
        expect(operation.state).toBe(left === 0 ? 'succeeded' : 'waiting');
        expect(operation.nodes.filter(({ state }) => state === 'waiting')).toHaveLength(left);
      }

      const made = counts.slice(1).map((count, at) => count - (counts[at] ?? 0));
      // Both sides of two peerings are left for the third: one pair fits, half of the other does not.
      expect(made).toEqual([3, 3, 2, 2]);
      expect(operations.size).toBe(1);
      const found = await linesOf(stage, 'drift found');
      expect(found).toHaveLength(drifts.length);
      const told = (what: RegExp) => found.filter(({ reason }) => what.test(reason)).length;
      expect(told(/It is put right\.$/)).toBe(3);
      expect(told(/It waits: The budget of unattended changes/)).toBe(7);
      expect(await linesOf(stage, 'updated')).toHaveLength(drifts.length);
      expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    },
    WITHIN_MS,
  );

  it(
    'for one day goes on by itself when the next day begins',
    async () => {
      const stage = await opened(threeSpokes({ perRun: 2, perDay: 2 }));
      await loseEvents(stage);
      const drifts = ['a', 'b', 'c'].map((name) => retagged(name, [`rg-${name}`, nodes(name)]));
      const hour = new Date(await nowMs()).getUTCHours();
      if (hour > 18) await environment.advance((25 - hour) * HOUR_SECONDS);
      await inject(stage, drifts);

      const operation = await scan(stage);
      expect(operation.state).toBe('waiting');
      expect(countOf(await putRight(stage, drifts))).toBe(2);
      const midnight = `${isoOf((await nowMs()) + 24 * HOUR_SECONDS * 1_000).slice(0, 10)}T00:00:00.000Z`;
      expect((await driftOf(stage)).drifts).toMatchObject([{ state: 'waiting', code: 'budget', until: midnight }]);
      // Scans of the same day change nothing.
      const again = await scan(stage);
      expect(again).toMatchObject({ id: operation.id, state: 'waiting' });
      expect(countOf(await putRight(stage, drifts))).toBe(2);

      const secondsLeft = Math.floor((Date.parse(midnight) - (await nowMs())) / 1_000);
      await environment.advance(secondsLeft - 60);
      expect(countOf(await putRight(stage, drifts))).toBe(2);
      await environment.advance(240);
      expect(countOf(await putRight(stage, drifts))).toBe(3);
      expect((await operationOf(environment, operation.id)).state).toBe('succeeded');
    },
    WITHIN_MS,
  );

  it(
    'in percent of what is managed binds as a number does',
    async () => {
      const stage = await opened(threeSpokes({ perRun: 20, perDay: 60, percentPerRun: 10 }));
      await loseEvents(stage);
      const drifts = ['a', 'b', 'c'].flatMap((name) => [
        retagged(`nodes ${name}`, [`rg-${name}`, nodes(name)]),
        retagged(`network ${name}`, [`rg-${name}`, network(name)]),
      ]);
      await inject(stage, drifts);

      expect(await scan(stage)).toMatchObject({ state: 'waiting' });
      const { drifts: left } = await driftOf(stage);
      const [, share, managed] =
        /\((\d+), which is 10 % of (\d+) resources, in one run\)/.exec(left[0]?.why ?? '') ?? [];
      expect(Number(share)).toBe(Math.floor(Number(managed) / 10));
      expect(countOf(await putRight(stage, drifts))).toBe(Number(share));
      expect(left).toHaveLength(drifts.length - Number(share));
    },
    WITHIN_MS,
  );
});
