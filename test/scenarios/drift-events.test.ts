import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OperationBody } from '../../lib/api/operation.ts';
import { MANAGED_IDENTITY } from '../../local/azure/token-issuer.ts';
import { journal, operationOf } from '../support/baseline-scenario.ts';
import { driftOf, linesOf, scan, untilOver } from '../support/drift-scenario.ts';
import { openPort } from '../support/drifts.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { endOfRecording, requestsSince } from '../support/recording.ts';
import { type Body, type Entry, type SmallSpec, Stage, spoke } from '../support/stage.ts';

/** From the event, not from the write: Azure tells of a write at its end. */
const FOUND_WITHIN_MS = 60_000;
const PATH = 'properties.securityRules[ours].properties.sourceAddressPrefix';
const DECLARED = '10.0.0.0/8';
const ANYWHERE = '*';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'drift-events' });
});

afterAll(() => environment?.stop());

beforeEach(async () => {
  await environment.sim('DELETE', 'events/faults');
  await settings({
    schema: 'EventGridSchema',
    delaySeconds: [1, 20],
    duplicateShare: 0.1,
    lostShare: 0,
    maxEventsPerBatch: 1,
  });
});

async function settings(changed: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, body } = await environment.sim('PUT', 'events', changed);
  expect({ status, body }).toMatchObject({ status: 200 });
}

/** What becomes of the next event about a rule of this security group. */
async function nextEvent(group: string, effect: Readonly<Record<string, unknown>>): Promise<void> {
  const match = { subject: `${group}/securityRules/ours$` };
  // Biome takes an object with `then` for a promise.
  const fault = Object.fromEntries([
    ['match', match],
    ['then', effect],
  ]);
  const { status } = await environment.sim('POST', 'events/faults', fault);
  expect(status).toBe(200);
}

/** Spokes with one security rule each: what drifts in `a` is put right, in `b` it waits, in `c` it is reported. */
async function opened(change: (spec: SmallSpec) => void = () => {}): Promise<Stage> {
  const stage = await Stage.open(environment);
  const { state, errors } = await stage.provision(specOf(stage, change));
  expect({ state, errors }).toEqual({ state: 'succeeded', errors: [] });
  await untilDelivered(stage);
  // The schedule stays out of the way for the better part of an hour then.
  await scan(stage);
  return stage;
}

function specOf(stage: Stage, change: (spec: SmallSpec) => void = () => {}): string {
  return stage.spec((spec) => {
    spec.drift = {
      mode: 'act',
      policies: [
        { scope: 'spoke:b', policy: 'approve' },
        { scope: 'spoke:c', policy: 'report' },
      ],
    };
    const rule = {
      ...{ name: 'ours', priority: 200, direction: 'Inbound' as const, access: 'Allow' as const },
      ...{ protocol: 'Tcp' as const, sourceAddressPrefixes: [DECLARED], destinationPortRanges: ['443'] },
    };
    spec.spokes = ['a', 'b', 'c'].map((name, index) => {
      const one = spoke(name, 240 + index);
      return { ...one, subnets: one.subnets.map((subnet) => ({ ...subnet, networkSecurityGroup: { rules: [rule] } })) };
    });
    change(spec);
  });
}

const groupOf = (stage: Stage, name: string) =>
  stage.id(`rg-${name}`, `networkSecurityGroups/nsg-vnet-spoke-${name}-snet-vms`);

/** Somebody opens a port to everybody, as the portal does it: one rule is written. */
async function opensPort(group: string, by = 'alice'): Promise<void> {
  const rule = `${group}/securityRules/ours?api-version=2025-05-01`;
  const { body } = await environment.armAs<Entry>(by, 'GET', rule);
  const properties = { ...body.properties, sourceAddressPrefix: ANYWHERE, sourceAddressPrefixes: [] };
  const { status } = await environment.armAs(by, 'PUT', rule, { ...body, properties });
  expect(status).toBe(200);
}

async function sourceOf(stage: Stage, name: string): Promise<unknown> {
  const { properties }: Body = await stage.resource(groupOf(stage, name));
  return properties.securityRules.find((rule) => rule.name === 'ours')?.properties.sourceAddressPrefix;
}

interface Delivery {
  readonly state: string;
  readonly events: readonly { readonly subject: string; readonly eventTime: string; readonly id: string }[];
}

async function deliveriesAbout(part: string): Promise<readonly Delivery[]> {
  const { body } = await environment.sim<{ deliveries: readonly Delivery[] }>('GET', 'events');
  return body.deliveries.filter(({ events }) =>
    events.some(({ subject }) => subject.toLowerCase().includes(part.toLowerCase())),
  );
}

/** Time passes until nothing is on its way to the app any more about this baseline, and nothing follows from it. */
async function untilDelivered(stage: Stage): Promise<readonly Delivery[]> {
  // The longest write that has not told of itself yet.
  await environment.advance(60);
  const delivered = await environment.advanceUntil(
    'all events are delivered',
    async () => {
      const deliveries = await deliveriesAbout(stage.subscriptionId);
      return deliveries.some(({ state }) => state === 'waiting') ? undefined : deliveries;
    },
    1_800,
    10,
  );
  await environment.advance(60);
  return delivered;
}

/** Time passes until Azure has told the app of a change there. @returns when it happened, in ms. */
async function untilPublished(group: string, rule = 'ours'): Promise<number> {
  const [{ events }] = await environment.advanceUntil(
    `an event about ${group}`,
    async () => {
      const [first, ...others] = await deliveriesAbout(`${group}/securityRules/${rule}`);
      return first === undefined ? undefined : ([first, ...others] as const);
    },
    120,
    1,
  );
  return Date.parse(events[0]?.eventTime ?? '');
}

async function nowMs(): Promise<number> {
  return (await environment.sim<{ simulatedMs: number }>('GET', 'clock')).body.simulatedMs;
}

async function advanceTo(ms: number): Promise<void> {
  await environment.advance((ms - (await nowMs())) / 1000);
}

/** Decisions about one security group that the look for drift took, as `decision`. */
async function decisionsAbout(stage: Stage, group: string): Promise<readonly string[]> {
  return (await journal(environment, stage.name))
    .filter(({ trigger, resource }) => trigger === 'drift' && resource?.toLowerCase() === group.toLowerCase())
    .map(({ decision }) => decision);
}

describe('a port that somebody opens in a security group', () => {
  it.each([
    ['c', 'reported', 'report', ANYWHERE],
    ['a', 'put right', 'enforce', DECLARED],
    ['b', 'waiting for an approval', 'approve', ANYWHERE],
  ] as const)('in spoke %s is found and told within a minute of the event, and %s', async (name, _, policy, left) => {
    const stage = await opened();
    const group = groupOf(stage, name);
    const beginning = endOfRecording(environment);

    await opensPort(group);
    const eventMs = await untilPublished(group);
    await advanceTo(eventMs + FOUND_WITHIN_MS);

    const found = await linesOf(stage, 'drift found');
    expect(found).toEqual([
      expect.objectContaining({
        resource: group,
        before: { [PATH]: ANYWHERE },
        after: { [PATH]: DECLARED },
        reason: expect.stringMatching(
          new RegExp(`changed by alice \\(alice@hub\\.example\\) at ${new Date(eventMs).toISOString()}`),
        ),
      }),
    ]);
    expect(await sourceOf(stage, name)).toBe(left);
    const { drifts } = await driftOf(stage);
    const told = found[0]?.reason ?? '';
    const requests = requestsSince(environment, beginning, [stage.subscriptionId]);
    const writes = requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
    if (policy === 'enforce') {
      expect(told).toContain('It is put right.');
      expect(drifts).toEqual([]);
      expect(writes).toEqual([`PUT ${group.toLowerCase()}`]);
      expect(await linesOf(stage, 'updated')).toEqual([
        expect.objectContaining({ resource: group, trigger: 'drift', reason: expect.stringContaining('by alice') }),
      ]);
    } else {
      expect(told).toContain(policy === 'approve' ? "It waits: drift.policies[0] is 'approve'" : "[1] is 'report'");
      expect(drifts).toMatchObject([{ id: group, path: PATH, policy }]);
      expect(writes).toEqual([]);
    }
    expect(resourcesReadIn(requests)).toEqual(
      // What is to be written may be in a group that opted out.
      new Set([group.toLowerCase(), stage.id(`rg-${name}`).toLowerCase()]),
    );
    await untilDelivered(stage);
    expect(await linesOf(stage, 'drift found')).toHaveLength(1);
  });
});

describe('a port that somebody opens with a rule of their own', () => {
  it('is told within a minute with its author, listed, and left until they take it away', async () => {
    const stage = await opened();
    const group = groupOf(stage, 'a');
    const rule = `${group}/securityRules/theirs?api-version=2025-05-01`;
    const beginning = endOfRecording(environment);

    const { status } = await environment.armAs('alice', 'PUT', rule, openPort('theirs', 4_000));
    expect(status).toBe(201);
    await advanceTo((await untilPublished(group, 'theirs')) + FOUND_WITHIN_MS);

    const known = [
      {
        id: group,
        path: 'properties.securityRules[theirs]',
        description: 'Allow Inbound Tcp from * port * to * port 22, priority 4000',
        origin: { author: { name: expect.stringContaining('alice') } },
      },
    ];
    expect(await driftOf(stage)).toMatchObject({ drifts: [], foreignEntries: known });
    await scan(stage);
    expect(await decisionsAbout(stage, group)).toEqual(['foreign entry found']);
    expect(await driftOf(stage)).toMatchObject({ drifts: [], foreignEntries: known });
    const requests = requestsSince(environment, beginning, [stage.subscriptionId]);
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);

    expect((await environment.armAs('alice', 'DELETE', rule)).status).toBeLessThan(300);
    await untilDelivered(stage);

    expect(await decisionsAbout(stage, group)).toEqual(['foreign entry found', 'foreign entry gone']);
    expect(await driftOf(stage)).toMatchObject({ drifts: [], foreignEntries: [] });
  });
});

describe('a port that somebody opens while a spec waits for an approval', () => {
  const APPROVALS = '/api/approvals';

  /** The next spec takes spoke `c` away: that is for somebody to approve. */
  async function waiting(): Promise<{ readonly stage: Stage; readonly put: OperationBody }> {
    const stage = await opened((spec) => {
      spec.mode = 'full';
    });
    const put = await stage.provision(
      specOf(stage, (spec) => {
        spec.mode = 'full';
        spec.spokes = spec.spokes.slice(0, 2);
        spec.drift = { mode: 'act', policies: [{ scope: 'spoke:b', policy: 'approve' }] };
      }),
    );
    expect(put).toMatchObject({ state: 'waiting', waitingFor: [{ kind: 'approval' }] });
    await scan(stage);
    return { stage, put };
  }

  interface Asked {
    readonly planHash: string;
    readonly operationId: string;
    readonly requestedBy: string;
    readonly expiresAt: string;
  }

  async function approvalsOf(stage: Stage): Promise<readonly Asked[]> {
    const { body } = await environment.api<{ approvals: readonly Asked[] }>(
      'GET',
      `${APPROVALS}?baseline=${stage.name}`,
    );
    return body.approvals.map(({ planHash, operationId, requestedBy, expiresAt }) => ({
      planHash,
      operationId,
      requestedBy,
      expiresAt,
    }));
  }

  async function currentOf(stage: Stage): Promise<unknown> {
    const { body } = await environment.api<Record<string, unknown>>('GET', `/api/baselines/${stage.name}`);
    const { currentOperationId, setAsideOperationId } = body;
    return { currentOperationId, setAsideOperationId };
  }

  it('is closed within a minute of the event; the spec is approved by the same hash and carried out', async () => {
    const { stage, put } = await waiting();
    const asked = await approvalsOf(stage);
    expect(asked).toMatchObject([{ planHash: put.planHash, operationId: put.id }]);
    const group = groupOf(stage, 'a');

    await opensPort(group);
    await advanceTo((await untilPublished(group)) + FOUND_WITHIN_MS);

    expect(await sourceOf(stage, 'a')).toBe(DECLARED);
    expect(await decisionsAbout(stage, group)).toEqual(['drift found', 'updated']);
    const [found] = await linesOf(stage, 'drift found');
    expect(found?.reason).toContain('by alice');
    const step = await operationOf(environment, found?.operationId ?? '');
    expect(step).toMatchObject({ trigger: 'drift', state: 'succeeded', setAside: put.id });
    await untilDelivered(stage);
    expect(await operationOf(environment, put.id)).toMatchObject({ state: 'waiting', planHash: put.planHash });
    expect(await approvalsOf(stage)).toEqual(asked);
    expect(await currentOf(stage)).toEqual({ currentOperationId: put.id, setAsideOperationId: null });
    expect(await decisionsAbout(stage, group)).toEqual(['drift found', 'updated']);

    await stage.approve(put.planHash ?? '');
    expect(await untilOver(stage, put.id)).toMatchObject({ state: 'succeeded', planHash: put.planHash });
    expect([...(await stage.world()).keys()]).not.toContain(stage.id('rg-c').toLowerCase());
    expect(await sourceOf(stage, 'a')).toBe(DECLARED);
  });

  it('stays open where its policy wants an approval; that is told at once, and asked for once the spec goes on', async () => {
    const { stage, put } = await waiting();
    const asked = await approvalsOf(stage);
    const group = groupOf(stage, 'b');
    const beginning = endOfRecording(environment);

    await opensPort(group);
    await advanceTo((await untilPublished(group)) + FOUND_WITHIN_MS);

    const left = `It is left until the operation ${put.id} of`;
    const [found] = await linesOf(stage, 'drift found');
    expect(found?.reason).toContain(left);
    expect(await operationOf(environment, found?.operationId ?? '')).toMatchObject({
      state: 'partial',
      setAside: put.id,
      errors: [{ code: 'WaitsBehindOperation', resource: group, message: expect.stringContaining(left) }],
    });
    expect((await driftOf(stage)).drifts).toMatchObject([
      { id: group, path: PATH, state: 'waiting', code: 'approval' },
    ]);
    expect(await approvalsOf(stage)).toEqual(asked);
    await scan(stage);
    const requests = requestsSince(environment, beginning, [stage.subscriptionId]);
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(await linesOf(stage, 'drift found')).toHaveLength(1);

    await stage.approve(put.planHash ?? '');
    expect(await untilWaitingAgain(put)).toMatchObject({ state: 'waiting', waitingFor: [{ kind: 'approval' }] });
    expect([...(await stage.world()).keys()]).not.toContain(stage.id('rg-c').toLowerCase());
    expect(await sourceOf(stage, 'b')).toBe(ANYWHERE);
    const [repair, ...more] = await approvalsOf(stage);
    expect(more).toEqual([]);
    expect((await driftOf(stage)).drifts).toMatchObject([{ approvePlanHash: repair?.planHash, operationId: put.id }]);
    await stage.approve(repair?.planHash ?? '');
    expect(await untilOver(stage, put.id)).toMatchObject({ state: 'succeeded' });
    expect(await sourceOf(stage, 'b')).toBe(DECLARED);
  });

  async function untilWaitingAgain({ id, planHash }: OperationBody): Promise<OperationBody> {
    return environment.advanceUntil(
      `${id} waits for something else`,
      async () => {
        const operation = await operationOf(environment, id);
        return operation.planHash !== planHash && operation.state === 'waiting' ? operation : undefined;
      },
      3_600,
      10,
    );
  }
});

/** What a run asks about rights, registration and the write itself before and after it: no look at a resource. */
const ASKED_FOR_WRITES =
  /^\/subscriptions\/[^/]+(\/providers\/[^/]+)?$|\/microsoft\.authorization\/|\/locations\/[^/]+\/operations\//;

/** Resources, and lists of any, that were read. */
function resourcesReadIn(requests: ReturnType<typeof requestsSince>): ReadonlySet<string> {
  const read = requests.filter(({ method, path }) => method === 'GET' && !ASKED_FOR_WRITES.test(path));
  return new Set(read.map(({ path }) => path));
}

describe('an event while a scheduled look waits for an approval', () => {
  it('has only what it names read, and that put right, by an operation of its own', async () => {
    const stage = await opened();
    await settings({ lostShare: 1 });
    await opensPort(groupOf(stage, 'b'));
    await scan(stage);
    const { drifts } = await driftOf(stage);
    const [asked] = drifts;
    expect(drifts).toMatchObject([{ state: 'waiting', approvePlanHash: expect.any(String) }]);
    await settings({ lostShare: 0 });
    const group = groupOf(stage, 'a');
    const touched = await stage.resource(group);

    const quiet = endOfRecording(environment);
    await stage.colleague('PUT', group, { ...touched, tags: { ...touched.tags, theirs: 'x' } });
    await untilDelivered(stage);
    const quietly = requestsSince(environment, quiet, [stage.subscriptionId]).map(({ method, path }) => [method, path]);
    expect(quietly).toEqual([['GET', group.toLowerCase()]]);

    const beginning = endOfRecording(environment);
    await opensPort(group);
    await advanceTo((await untilPublished(group)) + FOUND_WITHIN_MS);
    expect(await sourceOf(stage, 'a')).toBe(DECLARED);
    expect(await sourceOf(stage, 'b')).toBe(ANYWHERE);
    const read = resourcesReadIn(requestsSince(environment, beginning, [stage.subscriptionId]));
    expect([...read].filter((path) => path.includes('vnet-spoke-b'))).toEqual([]);
    expect((await driftOf(stage)).drifts).toEqual(drifts);
    expect(await operationOf(environment, asked?.operationId ?? '')).toMatchObject({ state: 'waiting' });

    await stage.approve(asked?.approvePlanHash ?? '');
    await untilDelivered(stage);
    expect(await operationOf(environment, asked?.operationId ?? '')).toMatchObject({ state: 'succeeded' });
    expect(await sourceOf(stage, 'b')).toBe(DECLARED);
  });
});

describe('events that come late, twice, out of order and together', () => {
  it.each(['EventGridSchema', 'CloudEventSchemaV1_0'])('give one line for each drift, as %s', async (schema) => {
    const stage = await opened();
    await settings({ schema, delaySeconds: [5, 12], duplicateShare: 1, maxEventsPerBatch: 10 });
    const [a, c] = [groupOf(stage, 'a'), groupOf(stage, 'c')];
    await nextEvent(a, { delaySeconds: 300 });
    const beginning = endOfRecording(environment);

    await opensPort(a, 'alice');
    await untilPublished(a);
    await nextEvent(a, { copies: 3 });
    await opensPort(a, 'bob');
    await opensPort(c, 'alice');
    const deliveries = await untilDelivered(stage);

    const about = deliveries.flatMap(({ events }) => events).filter(({ subject }) => /\/ours$/i.test(subject));
    expect(about.length).toBeGreaterThan(new Set(about.map(({ id }) => id)).size);
    expect(Math.max(...deliveries.map(({ events }) => events.length))).toBeGreaterThan(1);
    expect(await decisionsAbout(stage, a)).toEqual(['drift found', 'updated']);
    expect(await decisionsAbout(stage, c)).toEqual(['drift found']);
    const told = new Map((await linesOf(stage, 'drift found')).map(({ resource, reason }) => [resource, reason]));
    expect(told.get(a)).toContain('by bob');
    expect(told.get(c)).toContain('by alice');
    expect(await sourceOf(stage, 'a')).toBe(DECLARED);
    const writes = requestsSince(environment, beginning, [stage.subscriptionId]).filter(
      ({ method }) => method !== 'GET',
    );
    expect(writes).toHaveLength(1);
  });
});

describe('an event that never comes', () => {
  it('leaves the change to the schedule, which finds it and puts it right', async () => {
    const stage = await opened();
    const group = groupOf(stage, 'a');
    await nextEvent(group, { drop: true });

    await opensPort(group);
    await untilDelivered(stage);

    expect(await sourceOf(stage, 'a')).toBe(ANYWHERE);
    expect(await decisionsAbout(stage, group)).toEqual([]);
    expect(await scan(stage)).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await sourceOf(stage, 'a')).toBe(DECLARED);
    expect(await decisionsAbout(stage, group)).toEqual(['drift found', 'updated']);
    expect((await linesOf(stage, 'drift found'))[0]?.reason).toContain('no event has told by whom');
  });
});

describe('whose write an event is about', () => {
  it('a person with the identity of the app is seen as anybody else', async () => {
    const stage = await opened();
    const group = groupOf(stage, 'a');
    const { status } = await environment.sim('PUT', 'principals', {
      borrower: { objectId: MANAGED_IDENTITY.objectId, roles: [{ role: 'Owner' }] },
    });
    expect(status).toBe(200);

    await opensPort(group, 'borrower');
    await advanceTo((await untilPublished(group)) + FOUND_WITHIN_MS);

    expect(await decisionsAbout(stage, group)).toEqual(['drift found', 'updated']);
    expect((await linesOf(stage, 'drift found'))[0]?.reason).toMatch(
      new RegExp(`by the (app ${MANAGED_IDENTITY.clientId}|account ${MANAGED_IDENTITY.objectId}) at`),
    );
    expect(await sourceOf(stage, 'a')).toBe(DECLARED);
  });

  it('writes of the app itself, many and told late and twice, ask for no comparison', async () => {
    const stage = await opened();
    await settings({ delaySeconds: [1, 300], duplicateShare: 1 });
    const [writesBefore, deliveredBefore] = [await stage.writes(), await deliveriesAbout(stage.subscriptionId)];

    const changed = specOf(stage, (spec) => {
      spec.tags = { team: 'network' };
    });
    expect(await stage.provision(changed)).toMatchObject({ state: 'succeeded', errors: [] });
    const written = (await stage.writes()) - writesBefore;
    const deliveries = await untilDelivered(stage);

    expect(written).toBeGreaterThan(8);
    expect(deliveries.length - deliveredBefore.length).toBeGreaterThanOrEqual(2 * written);
    expect(deliveries.filter(({ state }) => state !== 'delivered')).toEqual([]);
    const { lastLook, lastScan } = await driftOf(stage);
    expect(lastLook).toBeNull();
    const { body } = await environment.api<{ operations: readonly { id: string; trigger: string }[] }>(
      'GET',
      `/api/operations?baseline=${stage.name}`,
    );
    const looks = body.operations.filter(({ id, trigger }) => trigger === 'drift' && id !== lastScan?.operationId);
    expect(looks).toEqual([]);
  });
});
