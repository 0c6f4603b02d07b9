import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApprovalBody } from '../../lib/api/approval.ts';
import { EVENT_TYPE } from '../../lib/azure/event-publisher.ts';
import type { BaselineSpecInput } from '../../lib/baseline/spec.ts';
import { operationOf, planOf, provision, resources, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { bringEvents, driftOf, linesOf, loseEvents, scan } from '../support/drift-scenario.ts';
import { type InjectedDrift, inject, openPort, resourceOf } from '../support/drifts.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import {
  addressesOf,
  decisions,
  firewallId,
  PORTS_PER_ADDRESS,
  setTraffic,
  snatSpec,
} from '../support/snat-scenario.ts';
import { type Body, type SmallSpec, Stage, shortName, spoke, withFirewall } from '../support/stage.ts';
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

async function untilSucceeded(
  { operationId }: { readonly operationId: string },
  maximumSeconds: number,
): Promise<void> {
  await environment.advanceUntil(
    'everything is put right',
    async () => ((await operationOf(environment, operationId)).state === 'succeeded' ? true : undefined),
    maximumSeconds,
    30,
  );
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

/** Nobody comes in by SSH. */
const ours = {
  name: 'ours',
  priority: 200,
  direction: 'Inbound' as const,
  access: 'Deny' as const,
  protocol: 'Tcp' as const,
  sourceAddressPrefixes: ['10.0.0.0/8'],
  destinationPortRanges: ['22'],
};

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
      let firstRight: readonly string[] | undefined;
      const operations = new Set<string>();
      for (let scans = 0; scans < 6 && counts.at(-1) !== drifts.length; scans++) {
        const operation = await scan(stage);
        operations.add(operation.id);
        const right = await putRight(stage, drifts);
        firstRight ??= Object.keys(right).filter((name) => right[name]);
        counts.push(countOf(right));
        const nextHour = isoOf(Math.ceil((await nowMs()) / 3_600_000) * 3_600_000);
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
            until: nextHour,
            approvePlanHash: operation.planHash,
          });
        expect(operation.state).toBe(left === 0 ? 'succeeded' : 'waiting');
        expect(operation.nodes.filter(({ state }) => state === 'waiting')).toHaveLength(left);
      }

      const made = counts.slice(1).map((count, at) => count - (counts[at] ?? 0));
      // One pair goes first, since it cuts traffic off; the other one, with its network, fills a run; then come the tags.
      expect(made).toEqual([3, 3, 3, 1]);
      expect(firstRight).toEqual(expect.arrayContaining(pairs[0]?.map(({ name }) => name) ?? []));
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
    'counts what is being written once, whatever else is found meanwhile',
    async () => {
      const stage = await opened((spec) => {
        withFirewall(spec);
        spec.budgets = { perRun: 2, perDay: 60 };
      });
      await bringEvents(stage);
      const firewall = retagged('firewall', ['rg-hub', 'azureFirewalls/fw-westeurope']);
      await inject(stage, [firewall]);
      const operationId = await environment.advanceUntil(
        'the firewall is being written',
        async () => {
          const { lastLook } = await driftOf(stage);
          const looked = lastLook === null ? undefined : await operationOf(environment, lastLook.operationId);
          return looked?.nodes.some(({ state }) => state === 'running') ? looked.id : undefined;
        },
        600,
        5,
      );

      const nsg = retagged('nodes a', ['rg-a', nodes('a')]);
      await inject(stage, [nsg]);
      await environment.advanceUntil(
        'the tag of the security group is put right',
        async () => ((await putRight(stage, [nsg]))[nsg.name] ? true : undefined),
        240,
        5,
      );

      await untilSucceeded({ operationId }, 1_800);
      const found = await linesOf(stage, 'drift found');
      expect(found.map(({ reason }) => reason)).toEqual([
        expect.stringMatching(/It is put right\.$/),
        expect.stringMatching(/It is put right\.$/),
      ]);
      const written = (await linesOf(stage, 'updated')).find(({ resource }) => resource?.includes('azureFirewalls'));
      expect(found.at(-1)?.at).toBeDefined();
      expect(String(found.at(-1)?.at) < String(written?.at)).toBe(true);
      await loseEvents(stage);
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

describe('what is decided while drift is being put right', () => {
  const PEERING = `${HUB}/virtualNetworkPeerings/hub-to-spoke-a`;
  const FIREWALL = 'azureFirewalls/fw-westeurope';
  const ROUTES = 'routeTables/route-spoke-a-to-westeurope-hub-fw';
  const drifts = [retagged('firewall', ['rg-hub', FIREWALL]), retagged('routes', ['rg-a', ROUTES]), ...shut('a')];

  interface MidRun {
    readonly stage: Stage;
    readonly operationId: string;
    /** Writes of the app that Azure refused before. */
    readonly rejections: Readonly<Record<string, number>>;
  }

  /** Starts of operations in the stage's subscription after a time, by whomever, as `name at`. */
  async function startsAfter(stage: Stage, afterMs: number): Promise<readonly string[]> {
    const { operations } = await statistics(environment);
    return operations
      .filter(({ resource, start }) => resource.includes(stage.subscriptionId) && Date.parse(start) > afterMs)
      .map(({ resource, start }) => `${shortName(resource)} ${start}`);
  }

  async function ownRejections(): Promise<Readonly<Record<string, number>>> {
    return (await statistics(environment)).principals['managed-identity']?.rejected ?? {};
  }

  async function firewallNode({ operationId }: Pick<MidRun, 'operationId'>): Promise<string | undefined> {
    const { nodes: all } = await operationOf(environment, operationId);
    return all.find(({ id }) => id.endsWith(FIREWALL))?.state;
  }

  /** The firewall is being written for minutes; the routes to it and the peerings of its network wait for that. */
  async function inFlight(): Promise<MidRun> {
    const stage = await opened(withFirewall);
    await loseEvents(stage);
    await inject(stage, drifts);
    const before = (await driftOf(stage)).lastScan?.at;
    const operationId = await environment.advanceUntil(
      'drift is being put right',
      async () => {
        const { lastScan } = await driftOf(stage);
        return lastScan === null || lastScan.at === before ? undefined : lastScan.operationId;
      },
      2 * HOUR_SECONDS,
      30,
    );
    const run = { stage, operationId, rejections: await ownRejections() };
    await environment.advanceUntil(
      'the firewall is being written',
      async () => ((await firewallNode(run)) === 'running' ? true : undefined),
      600,
      5,
    );
    expect(await putRight(stage, drifts)).toMatchObject(notYet);
    return run;
  }

  const notYet = Object.fromEntries(drifts.slice(1).map(({ name }) => [name, false]));

  /** Nothing has started since; what was under way has ended well. */
  async function expectStill(run: MidRun, sinceMs: number): Promise<void> {
    expect(await startsAfter(run.stage, sinceMs)).toEqual([]);
    expect(await firewallNode(run)).toBe('succeeded');
    expect(await putRight(run.stage, drifts)).toEqual({ firewall: true, ...notYet });
  }

  async function expectRight({ stage, rejections }: MidRun): Promise<void> {
    expect(Object.values(await putRight(stage, drifts))).toEqual(drifts.map(() => true));
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    expect(await ownRejections()).toEqual(rejections);
    expect(await linesOf(stage, 'updated')).toHaveLength(drifts.length);
  }

  it(
    'a hold is obeyed at the next step, and at its end it goes on within two minutes',
    async () => {
      const run = await inFlight();
      const heldMs = await nowMs();
      const untilMs = heldMs + 90 * 60_000;
      const hold = { owner: 'incident', reason: 'outage in the hub', until: isoOf(untilMs) };
      const held = await environment.api('PUT', `/api/baselines/${run.stage.name}/hold`, hold);
      expect(held.status).toBe(200);

      await environment.advance(HOUR_SECONDS + 900);
      await expectStill(run, heldMs);
      const waiting = await operationOf(environment, run.operationId);
      expect(waiting.state).toBe('waiting');
      expect(waiting.waitingFor).toMatchObject([
        { kind: 'hold', who: 'incident', until: isoOf(untilMs), reason: expect.stringContaining('outage in the hub') },
      ]);
      expect((await driftOf(run.stage)).drifts).toMatchObject(
        drifts.slice(1).map(() => ({ state: 'waiting', code: 'hold', until: isoOf(untilMs) })),
      );

      expect((await linesOf(run.stage, 'waiting')).map(({ reason }) => reason)).toEqual(
        drifts.slice(1).map(() => expect.stringContaining('outage in the hub')),
      );

      await environment.advance((untilMs - (await nowMs())) / 1_000 + 120);
      const [first] = await startsAfter(run.stage, heldMs);
      const startMs = Date.parse(first?.split(' ')[1] ?? '');
      expect(startMs).toBeGreaterThanOrEqual(untilMs);
      await untilSucceeded(run, 600);
      await expectRight(run);
      expect((await linesOf(run.stage, 'released')).map(({ reason }) => reason)).toEqual([
        expect.stringContaining('incident'),
      ]);
    },
    WITHIN_MS,
  );

  it(
    'the global pause is obeyed at the next step, and at its end it goes on within two minutes',
    async () => {
      const run = await inFlight();
      const pausedMs = await nowMs();
      expect((await environment.api('PUT', '/api/pause', { reason: 'change freeze' })).status).toBe(200);

      await environment.advance(2 * HOUR_SECONDS);
      await expectStill(run, pausedMs);
      expect(await operationOf(environment, run.operationId)).toMatchObject({
        state: 'waiting',
        waitingFor: [{ kind: 'pause', reason: expect.stringContaining('change freeze') }],
      });

      expect((await environment.api('DELETE', '/api/pause')).status).toBe(200);
      const resumedMs = await nowMs();
      await environment.advance(120);
      expect(await startsAfter(run.stage, resumedMs - 1)).not.toEqual([]);
      await untilSucceeded(run, 600);
      await expectRight(run);
    },
    WITHIN_MS,
  );

  it(
    'a management lock is obeyed at the next step, and the first scan after its removal puts the rest right',
    async () => {
      const run = await inFlight();
      const { stage } = run;
      const lock = `${stage.id('rg-hub')}/providers/Microsoft.Authorization/locks/incident`;
      await stage.colleague('PUT', lock, { properties: { level: 'ReadOnly' } }, '2020-05-01');
      const writesOf = async () => (await stage.counts()).get(stage.id('rg-hub', PEERING).toLowerCase());
      const before = await writesOf();

      await environment.advance(1_200);
      // What was under way is followed to its end; Azure refuses the next write once, and it is not tried again.
      expect(await firewallNode(run)).toBe('succeeded');
      const ended = await operationOf(environment, run.operationId);
      expect(ended).toMatchObject({ state: 'partial', errors: [{ code: 'Protected', actor: 'operator' }] });
      expect(await writesOf()).toMatchObject({ writes: before?.writes, rejected: { ScopeLocked: 1 } });

      for (let scans = 0; scans < 2; scans++) {
        await scan(stage);
        expect(await writesOf()).toMatchObject({ writes: before?.writes, rejected: { ScopeLocked: 1 } });
        expect((await driftOf(stage)).drifts).toMatchObject([
          { state: 'refused', code: 'Protected', why: expect.stringContaining("'incident' (ReadOnly)") },
        ]);
      }

      await stage.colleague('DELETE', lock, undefined, '2020-05-01');
      expect(await scan(stage)).toMatchObject({ state: 'succeeded', errors: [] });
      expect(await putRight(stage, drifts)).toMatchObject({ [PEERING]: true, firewall: true });
      expect((await driftOf(stage)).drifts).toEqual([]);
      expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    },
    WITHIN_MS,
  );
});

describe('another writer who changes it back each time', () => {
  const RULE = 'properties.securityRules[ours].properties.access';

  it(
    'is left alone after the third time, is told to people with both sides, and changes nothing for the rest',
    async () => {
      const stage = await opened((spec) => {
        for (const { subnets } of spec.spokes)
          for (const subnet of subnets) subnet.networkSecurityGroup = { rules: [ours] };
      });
      await bringEvents(stage);
      const contested = stage.id('rg-a', nodes('a'));
      const writesBefore = (await stage.counts()).get(contested.toLowerCase())?.writes ?? 0;
      const access = async (id: string) => {
        const { securityRules } = (await stage.resource(id)).properties;
        return securityRules.find(({ name }) => name === 'ours')?.properties.access;
      };
      const opens = (id: string) =>
        stage.colleagueEdits(id, ({ properties }) => {
          const rule = properties.securityRules.find(({ name }) => name === 'ours');
          if (rule !== undefined) rule.properties.access = 'Allow';
        });

      // Every three hours the other tool runs, and puts back what it finds changed.
      let theirs = 0;
      while (theirs < 10 && (await access(contested)) === 'Deny') {
        await opens(contested);
        theirs += 1;
        await environment.advance(600);
        if (theirs === 2) expect((await driftOf(stage)).conflicts).toEqual([]);
        await environment.advance(3 * HOUR_SECONDS);
      }

      // The first change, and three times back.
      expect(theirs).toBe(4);
      const counts = (await stage.counts()).get(contested.toLowerCase());
      expect((counts?.writes ?? 0) - writesBefore).toBe(theirs + 3);
      const { drifts, conflicts } = await driftOf(stage);
      expect(drifts).toMatchObject([
        { id: contested, path: RULE, state: 'refused', code: 'WriterConflict', before: 'Allow', after: 'Deny' },
      ]);
      const author = { origin: { author: { name: expect.stringMatching(/colleague/i) } } };
      expect(conflicts).toMatchObject([
        { id: contested, path: RULE, stopped: true, putRight: [{}, {}, {}], changedBack: [author, author, author] },
      ]);
      const backOffs = (await linesOf(stage, 'drift found')).filter(({ reason }) =>
        /It waits: Somebody changed/.test(reason),
      );
      expect(backOffs).toHaveLength(2);
      const told = await linesOf(stage, 'writer conflict');
      expect(told).toHaveLength(1);
      expect(told[0]?.reason).toMatch(
        new RegExp(`put right at (.*${stage.name}-\\d+.*){3} and changed back at (.*colleague.*){3}`, 'i'),
      );
      const help = topic.told.filter(({ type, subject }) => type === EVENT_TYPE.helpNeeded && subject === contested);
      expect(help).toMatchObject([
        { data: { baseline: stage.name, path: RULE, putRight: [{}, {}, {}], changedBack: [{}, {}, {}] } },
      ]);

      // The rest of the baseline is looked after as before, scan after scan.
      const other = stage.id('rg-b', nodes('b'));
      await opens(other);
      await environment.advance(120);
      expect(await access(other)).toBe('Deny');
      await scan(stage);
      expect(await access(contested)).toBe('Allow');
      expect((await stage.counts()).get(contested.toLowerCase())?.writes).toBe(counts?.writes);
      expect((await driftOf(stage)).conflicts).toMatchObject([{ stopped: true }]);

      // A person ends it: the spec holds, and what is changed from now on is put right again.
      const asked = await environment.api<{ operationId: string }>('POST', `/api/baselines/${stage.name}/reconcile`);
      expect(await untilSettled(environment, asked.body.operationId)).toMatchObject({ state: 'succeeded', errors: [] });
      expect(await access(contested)).toBe('Deny');
      expect((await driftOf(stage)).conflicts).toEqual([]);
      expect(await linesOf(stage, 'writer conflict over')).toHaveLength(1);
      await opens(contested);
      await environment.advance(120);
      expect(await access(contested)).toBe('Deny');
      expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
      expect(topic.told.filter(({ subject }) => subject === contested)).toHaveLength(1);
    },
    WITHIN_MS,
  );
});

describe('drift that needs an approval', () => {
  const HOURS_TO_DECIDE = 3;
  const PORTS = 'properties.securityRules[ours].properties.destinationPortRange';

  type AskedApproval = ApprovalBody & { readonly requestedAt: string };

  async function approvalsOf(stage: Stage): Promise<readonly AskedApproval[]> {
    const { body } = await environment.api<{ approvals: readonly AskedApproval[] }>(
      'GET',
      `/api/approvals?baseline=${stage.name}`,
    );
    return body.approvals;
  }

  async function decide(
    planHash: string | undefined,
    decision: 'approve' | 'reject',
    user = 'approver',
  ): Promise<readonly [status: number, code: string | undefined]> {
    const { status, body } = await environment.api<{ errors?: readonly { code: string }[] }>(
      'POST',
      `/api/approvals/${planHash}`,
      { decision, comment: 'They need it until Friday.' },
      { 'x-hubkeeper-user': user },
    );
    return [status, body.errors?.[0]?.code];
  }

  /** With a security group whose rule somebody has changed, which waits for an approval. */
  async function waiting(): Promise<{
    readonly stage: Stage;
    readonly change: (port: string) => Promise<void>;
    readonly port: () => Promise<unknown>;
  }> {
    const stage = await opened((spec) => {
      spec.approvals = { expiresAfterHours: HOURS_TO_DECIDE };
      spec.drift = { mode: 'act', policies: [{ kind: 'networkSecurityGroup', policy: 'approve' }] };
      for (const { subnets } of spec.spokes)
        for (const subnet of subnets) subnet.networkSecurityGroup = { rules: [ours] };
    });
    await bringEvents(stage);
    const group = stage.id('rg-a', nodes('a'));
    const ruleOf = ({ properties }: Body) => properties.securityRules.find(({ name }) => name === 'ours')?.properties;
    const change = (port: string) =>
      stage.colleagueEdits(group, (body) => {
        Object.assign(ruleOf(body) ?? {}, { destinationPortRange: port });
      });
    await change('23');
    return { stage, change, port: async () => ruleOf(await stage.resource(group))?.destinationPortRange };
  }

  it(
    'is asked for by the hash of the plan, of another person, and void as soon as somebody changes it again',
    async () => {
      const { stage, change, port } = await waiting();
      const [first, ...more] = await approvalsOf(stage);
      expect(more).toEqual([]);
      expect(first).toMatchObject({
        requestedBy: 'hubkeeper',
        plan: { hash: first?.planHash, changes: [{ diff: [{ path: PORTS }] }] },
      });
      expect((await driftOf(stage)).drifts).toMatchObject([
        {
          policy: 'approve',
          state: 'waiting',
          code: 'approval',
          approvePlanHash: first?.planHash,
          until: first?.expiresAt,
        },
      ]);
      expect(await decide('0'.repeat(64), 'approve')).toEqual([404, 'PlanNotFound']);
      expect(await decide(first?.planHash, 'approve', 'hubkeeper')).toEqual([403, 'UserMismatch']);

      // The request is voided once an event has told of the other value…
      await change('24');
      expect(await decide(first?.planHash, 'approve')).toEqual([409, 'StalePlan']);
      expect(await port()).toBe('24');
      const [second] = await approvalsOf(stage);
      expect(second?.planHash).not.toBe(first?.planHash);

      // …and where no event has told, what is approved is not what is there: nothing is written.
      await loseEvents(stage);
      await change('25');
      expect(await decide(second?.planHash, 'approve')).toEqual([200, undefined]);
      await environment.advance(120);
      expect(await port()).toBe('25');
      const [third, ...others] = await approvalsOf(stage);
      expect(others).toEqual([]);
      expect(third?.planHash).not.toBe(second?.planHash);

      await stage.approve(third?.planHash ?? '');
      await environment.advance(120);
      expect(await port()).toBe('22');
      expect(await decide(third?.planHash, 'approve')).toEqual([409, 'Conflict']);
      expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    },
    WITHIN_MS,
  );

  it(
    'is over after its hours, and is asked for again by the next scan',
    async () => {
      const { stage, port } = await waiting();
      const [first] = await approvalsOf(stage);
      const expiresMs = Date.parse(first?.expiresAt ?? '');
      expect(expiresMs - Date.parse(first?.requestedAt ?? '')).toBe(HOURS_TO_DECIDE * HOUR_SECONDS * 1_000);

      await environment.advance((expiresMs - (await nowMs())) / 1_000 - 60);
      expect((await driftOf(stage)).drifts).toMatchObject([{ state: 'waiting', until: first?.expiresAt }]);
      await environment.advance(150);
      expect((await decide(first?.planHash, 'approve'))[0]).toBe(410);
      expect(await approvalsOf(stage)).toEqual([]);
      expect((await driftOf(stage)).drifts).toMatchObject([
        { state: 'refused', code: 'ApprovalExpired', why: expect.stringContaining('the next scan asks again') },
      ]);

      await scan(stage);
      const [second] = await approvalsOf(stage);
      expect(Date.parse(second?.expiresAt ?? '')).toBeGreaterThan(expiresMs);
      expect(await decide(second?.planHash, 'approve')).toEqual([200, undefined]);
      await environment.advance(120);
      expect(await port()).toBe('22');
    },
    WITHIN_MS,
  );

  it(
    'stays as it is once somebody rejects it, without a further question, until it changes',
    async () => {
      const { stage, change, port } = await waiting();
      const [first] = await approvalsOf(stage);
      expect(await decide(first?.planHash, 'reject')).toEqual([200, undefined]);
      await environment.advance(120);
      const refused = {
        policy: 'approve',
        state: 'refused',
        code: 'ApprovalRejected',
        why: expect.stringMatching(/approver rejected it at .*They need it until Friday\./),
      };
      for (let scans = 0; scans < 3; scans++) {
        expect((await driftOf(stage)).drifts).toMatchObject([refused]);
        expect(await approvalsOf(stage)).toEqual([]);
        await scan(stage);
      }
      // Nor after a drift elsewhere, approved and put right.
      await stage.colleagueEdits(stage.id('rg-b', nodes('b')), ({ properties }) => {
        properties.securityRules.splice(0, 1);
      });
      const [elsewhere, ...more] = await approvalsOf(stage);
      expect(more).toEqual([]);
      expect(await decide(elsewhere?.planHash, 'approve')).toEqual([200, undefined]);
      await environment.advance(120);
      expect((await stage.resource(stage.id('rg-b', nodes('b')))).properties.securityRules).toHaveLength(1);
      expect((await driftOf(stage)).drifts).toMatchObject([refused]);
      expect(await port()).toBe('23');
      expect(await linesOf(stage, 'refused')).toHaveLength(1);
      expect(await linesOf(stage, 'rejected')).toHaveLength(1);

      await change('24');
      const [again] = await approvalsOf(stage);
      expect(again).toMatchObject({ plan: { changes: [{ diff: [{ path: PORTS, before: '24' }] }] } });
      await stage.approve(again?.planHash ?? '');
      await environment.advance(120);
      expect(await port()).toBe('22');
      await change('23');
      expect(await approvalsOf(stage)).toHaveLength(1);
    },
    WITHIN_MS,
  );
});

describe('what was adjusted for a time', () => {
  const NAME = 'aks-baseline';
  const PARTNER = {
    name: 'AllowPartner',
    priority: 210,
    direction: 'Inbound',
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefixes: ['203.0.113.0/24'],
    destinationPortRanges: ['8443'],
  };
  let adjusted: TestEnvironment;

  beforeAll(async () => {
    // Days go by: what only looks whether something is due need not look each minute.
    adjusted = await startEnvironment({
      record: 'drift-adjusted',
      settings: { HUBKEEPER_RECONCILER_SCHEDULE: '0 */5 * * * *', HUBKEEPER_EGRESS_SCHEDULE: '0 */10 * * * *' },
    });
    const acting = snatSpec((spec) => spec.replace('drift:\n  mode: observe', 'drift:\n  mode: act'));
    expect(acting).toMatch(/^drift:\n {2}mode: act$/m);
    expect(await provision(adjusted, NAME, acting)).toMatchObject({ state: 'succeeded', errors: [] });
  }, WITHIN_MS);

  afterAll(() => adjusted?.stop());

  /** Accepted writes and deletes of each resource, by whomever, by id in lower case. */
  async function writesById(): Promise<ReadonlyMap<string, number>> {
    const { resources: counted } = await statistics(adjusted);
    return new Map(
      Object.entries(counted).map(([id, { writes, deletes }]) => [id.toLowerCase(), writes + deletes] as const),
    );
  }

  /** `azurefirewalls/NAME`: what tells the network's resources apart. */
  const networkPath = (id: string) => id.toLowerCase().split('/providers/microsoft.network/')[1] ?? id.toLowerCase();

  /** What was written or deleted since, with how often. */
  async function writtenSince(before: ReadonlyMap<string, number>): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries(
      [...(await writesById())]
        .map(([id, count]) => [networkPath(id), count - (before.get(id) ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
  }

  const bodyOf = async (id: string): Promise<Body> => {
    const found = (await resources(adjusted)).get(id.toLowerCase());
    if (found === undefined) throw new Error(`There is no ${id}.`);
    return found as unknown as Body;
  };

  /** Somebody else's write, until Azure is done with it and its event has come. */
  async function colleagueWrites(id: string, change: (body: Body) => void): Promise<void> {
    const body = structuredClone(await bodyOf(id));
    change(body);
    const { status } = await adjusted.armAs('colleague', 'PUT', `${id}?api-version=2025-05-01`, body);
    expect(status).toBeLessThan(300);
    await adjusted.advance(480);
  }

  it(
    'survives scans and looks after events without a write, and is taken back at its end by the same loop',
    async () => {
      const watched = { environment: adjusted, name: NAME };
      const firewall = await firewallId(adjusted);
      const declared = await addressesOf(adjusted, firewall);
      const group = [...(await resources(adjusted)).values()].find(({ id }) =>
        /nsg-.*snet-privatelinkendpoints$/i.test(String(id)),
      );
      const groupId = String(group?.id);
      const rules = async () => (await bodyOf(groupId)).properties.securityRules.map(({ name }) => name).sort();
      const rulesBefore = await rules();

      // 88 % of three addresses, which is 60 % of five.
      await setTraffic(adjusted, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      await adjusted.advanceUntil(
        'the relief is done',
        async () => ((await decisions(adjusted, NAME)).some((line) => line.includes('action done')) ? true : undefined),
        2 * HOUR_SECONDS,
      );
      const relieved = await addressesOf(adjusted, firewall);
      expect(relieved).toHaveLength(5);
      const { body: clock } = await adjusted.sim<{ simulatedMs: number }>('GET', 'clock');
      const untilMs = clock.simulatedMs + 6 * HOUR_SECONDS * 1_000;
      const asked = await adjusted.api<{ operationId: string }>('PUT', `/api/baselines/${NAME}/adjustments/partner`, {
        kind: 'networkSecurityRule',
        target: groupId,
        value: PARTNER,
        reason: 'A partner moves.',
        until: isoOf(untilMs),
      });
      expect(asked.status).toBe(202);
      expect(await untilSettled(adjusted, asked.body.operationId)).toMatchObject({ state: 'succeeded', errors: [] });
      expect(await rules()).toEqual([...rulesBefore, 'AllowPartner'].sort());

      // On schedule.
      const live = await writesById();
      for (let scans = 0; scans < 2; scans++)
        expect(await scan(watched)).toMatchObject({ state: 'succeeded', errors: [] });
      expect(await writtenSince(live)).toEqual({});
      // By events: somebody writes the firewall as it is, and a rule of their own beside ours.
      await colleagueWrites(firewall, () => {});
      await colleagueWrites(groupId, ({ properties }) => {
        properties.securityRules.push(openPort('theirs', 4_000));
      });
      expect((await driftOf(watched)).lastLook?.at.localeCompare(isoOf(clock.simulatedMs))).toBe(1);
      expect(await writtenSince(live)).toEqual({
        [networkPath(firewall)]: 1,
        [networkPath(groupId)]: 1,
      });
      expect(await addressesOf(adjusted, firewall)).toEqual(relieved);
      expect((await driftOf(watched)).drifts).toEqual([]);
      // What is drift beside an adjustment is put right, and nothing of the adjustment goes with it.
      await colleagueWrites(groupId, (body) => {
        body.tags = { ...body.tags, workload: 'other' };
      });
      expect((await bodyOf(groupId)).tags).toMatchObject({ workload: 'networking' });
      expect(await rules()).toEqual([...rulesBefore, 'AllowPartner', 'theirs'].sort());

      const beforeEnd = await writesById();
      const { body: now } = await adjusted.sim<{ simulatedMs: number }>('GET', 'clock');
      await adjusted.advance((untilMs - now.simulatedMs) / 1_000 + 420);
      expect(await rules()).toEqual([...rulesBefore, 'theirs'].sort());
      expect(await writtenSince(beforeEnd)).toEqual({ [networkPath(groupId)]: 1 });
      expect(await addressesOf(adjusted, firewall)).toEqual(relieved);

      // Demand has been low for long: the addresses go one after the other, although every scan acts on drift.
      const beforeLow = await writesById();
      await setTraffic(adjusted, firewall, Math.round(0.1 * 3 * PORTS_PER_ADDRESS));
      await adjusted.advanceUntil(
        'the addresses of the relief are gone',
        async () => ((await addressesOf(adjusted, firewall)).length === declared.length ? true : undefined),
        5 * 24 * HOUR_SECONDS,
        6 * HOUR_SECONDS,
      );
      await adjusted.advance(30 * HOUR_SECONDS);
      expect(await addressesOf(adjusted, firewall)).toEqual(declared);
      const added = relieved.slice(declared.length);
      expect(await writtenSince(beforeLow)).toEqual({
        [networkPath(firewall)]: added.length,
        ...Object.fromEntries(
          added.flatMap((name) => {
            const path = `publicipaddresses/${name}`;
            return [path, `${path}/providers/microsoft.insights/diagnosticsettings/hubkeeper`].map((one) => [one, 1]);
          }),
        ),
      });
      expect((await driftOf(watched)).drifts).toEqual([]);
      expect(await planOf(adjusted, NAME)).toMatchObject({ changes: [], refused: [] });
    },
    WITHIN_MS,
  );
});
