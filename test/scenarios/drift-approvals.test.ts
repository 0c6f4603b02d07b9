import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApprovalBody } from '../../lib/api/approval.ts';
import { EVENT_TYPE } from '../../lib/azure/event-publisher.ts';
import { operationOf, planOf, put } from '../support/baseline-scenario.ts';
import { bringEvents, driftOf, linesOf, loseEvents, scan } from '../support/drift-scenario.ts';
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
    record: 'drift-approvals',
    settings: { HUBKEEPER_EVENT_TOPIC_ENDPOINT: topic.endpoint, HUBKEEPER_DRIFT_SCHEDULE: '0 0 * * * *' },
  });
  await topic.open(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
  await topic?.close();
});

type Change = (spec: SmallSpec) => void;

/** A baseline whose drift is put right by itself but for what `change` says. */
function wanted(stage: Stage, change: Change = () => {}): string {
  return stage.spec((spec) => {
    spec.tags = { team: 'network' };
    spec.drift = { mode: 'act' };
    change(spec);
  });
}

async function opened(change?: Change): Promise<Stage> {
  const stage = await Stage.open(environment);
  expect(await stage.provision(wanted(stage, change))).toMatchObject({ state: 'succeeded', errors: [] });
  return stage;
}

const nodes = (name: string) => `networkSecurityGroups/nsg-vnet-spoke-${name}-snet-vms`;
const tagOf = (name: string): InjectedDrift => ({
  name: `tag of ${name}`,
  fate: 'waits',
  resource: [`rg-${name}`, nodes(name)],
  path: 'tags.team',
  edit: (body) => {
    body.tags = { team: 'other' };
  },
});
const asksFor =
  (...scopes: readonly string[]): Change =>
  (spec) => {
    spec.drift = { mode: 'act', policies: scopes.map((scope) => ({ scope, policy: 'approve' as const })) };
  };

/** The team that a resource is tagged with. */
async function teamOf(stage: Stage, name: string): Promise<string | undefined> {
  return (await stage.resource(resourceOf(stage, tagOf(name)))).tags?.team;
}

async function nowMs(): Promise<number> {
  return (await environment.sim<{ simulatedMs: number }>('GET', 'clock')).body.simulatedMs;
}

async function hold(stage: Stage, hours: number, scope?: string): Promise<void> {
  const until = new Date((await nowMs()) + hours * HOUR_SECONDS * 1_000).toISOString();
  const body = { owner: 'inc', reason: 'incident', until, ...(scope === undefined ? {} : { scope }) };
  expect(await environment.api('PUT', `/api/baselines/${stage.name}/hold`, body)).toMatchObject({ status: 200 });
}

async function open(stage: Stage): Promise<readonly ApprovalBody[]> {
  const path = `/api/approvals?baseline=${stage.name}`;
  return (await environment.api<{ approvals: readonly ApprovalBody[] }>('GET', path)).body.approvals;
}

async function approve(stage: Stage): Promise<void> {
  const [asked] = await open(stage);
  await stage.approve(asked?.planHash ?? '');
}

async function stop(operationId: string): Promise<void> {
  expect((await environment.api('POST', `/api/operations/${operationId}/stop`)).status).toBeLessThan(300);
}

describe('an approval', () => {
  it(
    'is asked for again each time that the same is done behind its back, and never goes past a conflict',
    async () => {
      const stage = await opened(asksFor('spoke:a'));
      await bringEvents(stage);
      await hold(stage, 30, 'spoke:b');
      await inject(stage, [tagOf('b')]);
      for (let times = 0; times < 3; times++) {
        await inject(stage, [tagOf('a')]);
        await environment.advance(180);
        expect(await open(stage)).toHaveLength(1);
        expect(await teamOf(stage, 'a')).toBe('other');

        await approve(stage);
        await environment.advance(120);
        expect(await teamOf(stage, 'a')).toBe('network');
      }
      await inject(stage, [tagOf('a')]);
      await environment.advance(180);

      expect(await open(stage)).toEqual([]);
      expect(await teamOf(stage, 'a')).toBe('other');
      const { drifts } = await driftOf(stage);
      expect(drifts.map(({ code }) => code).sort()).toEqual(['WriterConflict', 'hold']);
    },
    WITHIN_MS,
  );

  it(
    'that ends in a hold is asked for anew after it, and told',
    async () => {
      const stage = await opened((spec) => {
        asksFor('spoke:a')(spec);
        spec.approvals = { expiresAfterHours: 2 };
      });
      await bringEvents(stage);
      await inject(stage, [tagOf('a')]);
      await environment.advance(120);
      await hold(stage, 5);
      await environment.advance(60);
      await approve(stage);
      await environment.advance(5 * HOUR_SECONDS + 120);

      expect(await teamOf(stage, 'a')).toBe('other');
      expect(await open(stage)).toHaveLength(1);
      expect(await linesOf(stage, 'approval lapsed')).toHaveLength(1);
      await approve(stage);
      await environment.advance(120);
      expect(await teamOf(stage, 'a')).toBe('network');
    },
    WITHIN_MS,
  );
});

describe('a budget of a day', () => {
  it(
    'counts every write, also of a drift that it has paid for before',
    async () => {
      const stage = await opened((spec) => {
        asksFor('spoke:b')(spec);
        spec.budgets = { perRun: 1, perDay: 1 };
      });
      await loseEvents(stage);
      const hour = new Date(await nowMs()).getUTCHours();
      if (hour > 18) await environment.advance((25 - hour) * HOUR_SECONDS);
      await inject(stage, [tagOf('b'), tagOf('a')]);
      await scan(stage);
      expect(await teamOf(stage, 'a')).toBe('network');
      await inject(stage, [tagOf('a')]);
      await scan(stage);
      await environment.advance(60);

      expect(await teamOf(stage, 'a')).toBe('other');
      expect((await driftOf(stage)).drifts).toContainEqual(
        expect.objectContaining({ state: 'waiting', code: 'budget' }),
      );
    },
    WITHIN_MS,
  );
});

describe('a person’s request for a part', () => {
  it(
    'does not wait behind a scan that waits for an approval, and the scan asks for the rest afterwards',
    async () => {
      const stage = await opened(asksFor('spoke:a', 'spoke:b'));
      await loseEvents(stage);
      await inject(stage, [tagOf('a'), tagOf('b')]);
      const scanned = await scan(stage);
      expect(scanned.state).toBe('waiting');

      const { body } = await environment.api<{ operationId: string }>(
        'POST',
        `/api/baselines/${stage.name}/reconcile`,
        { scope: 'spoke:a' },
        { 'x-hubkeeper-user': 'carol' },
      );
      await environment.advance(300);

      expect(await operationOf(environment, body.operationId)).toMatchObject({ state: 'succeeded' });
      expect([await teamOf(stage, 'a'), await teamOf(stage, 'b')]).toEqual(['network', 'other']);
      expect(await operationOf(environment, scanned.id)).toMatchObject({ state: 'waiting' });
      await approve(stage);
      await environment.advance(120);
      expect(await teamOf(stage, 'b')).toBe('network');
    },
    WITHIN_MS,
  );
});

describe('a repair that Azure refuses every time', () => {
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

  it(
    'is given up after five failures and told once, and made when what stood in its way is gone',
    async () => {
      const stage = await opened((spec) => {
        const [first] = spec.spokes[0]?.subnets ?? [];
        if (first !== undefined) first.networkSecurityGroup = { rules: [ours] };
      });
      await loseEvents(stage);
      const id = stage.id('rg-a', nodes('a'));
      const rules = async () =>
        (await stage.resource(id)).properties.securityRules.map(({ name }: { name: string }) => name);
      const renamed = (from: string, to: string | undefined): InjectedDrift => ({
        name: 'a rule in the place of ours',
        fate: 'putRight',
        resource: ['rg-a', nodes('a')],
        edit: (body) => {
          body.properties.securityRules = body.properties.securityRules.flatMap((rule) =>
            rule.name !== from ? [rule] : to === undefined ? [] : [{ name: to, properties: rule.properties }],
          );
        },
      });
      await inject(stage, [renamed('ours', 'theirs')]);
      await environment.advance(13 * HOUR_SECONDS);

      const refusals = Object.values((await stage.counts()).get(id.toLowerCase())?.rejected ?? {});
      expect(refusals.reduce((sum, count) => sum + count, 0)).toBe(5);
      expect(await linesOf(stage, 'given up')).toHaveLength(1);
      const help = topic.told.filter(({ type, subject }) => type === EVENT_TYPE.helpNeeded && subject === id);
      expect(help).toHaveLength(1);
      expect((await driftOf(stage)).drifts).toMatchObject([{ state: 'refused', code: 'RepairParked' }]);
      const compared = (await linesOf(stage, 'compared')).map(({ reason }) => reason);
      expect(compared.filter((line) => /\d put right/.test(line))).toEqual([]);

      await inject(stage, [renamed('theirs', undefined)]);
      await scan(stage);
      expect(await rules()).toContain('ours');
      expect(await linesOf(stage, 'taken up again')).toHaveLength(1);
      expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    },
    WITHIN_MS,
  );
});

describe('a spec whose operation somebody stops', () => {
  it(
    'is brought no further by scans, which go on to put right what was as declared, until somebody reconciles',
    async () => {
      const stage = await opened();
      await loseEvents(stage);
      const more: Change = (spec) => {
        spec.spokes.push(spoke('c', 242));
      };
      await hold(stage, 1);
      const operationId = await put(environment, stage.name, wanted(stage, more));
      await environment.advance(60);
      await stop(operationId);
      await environment.advance(HOUR_SECONDS);
      const ofC = async () => [...(await stage.world()).keys()].filter((key) => key.includes('/rg-c'));
      await inject(stage, [tagOf('a')]);
      await scan(stage);
      const again = await scan(stage);

      expect(await ofC()).toEqual([]);
      expect(await teamOf(stage, 'a')).toBe('network');
      expect(again.refused?.map(({ code }) => code)).toContain('SpecCalledOff');
      const { body } = await environment.api<{ operationId: string }>('POST', `/api/baselines/${stage.name}/reconcile`);
      await environment.advance(900);
      expect(await operationOf(environment, body.operationId)).toMatchObject({ state: 'succeeded' });
      expect(await ofC()).not.toEqual([]);
    },
    WITHIN_MS,
  );
});
