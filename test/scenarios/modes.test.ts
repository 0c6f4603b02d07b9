import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { journal, operationOf, planOf, put, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { namesIn, type SmallSpec, Stage, withFirewall } from '../support/stage.ts';

interface Errors {
  readonly errors: readonly { readonly code: string; readonly path: string; readonly remedy: string }[];
}

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'modes' });
});

afterAll(() => environment?.stop());

async function hoursFromNow(hours: number): Promise<string> {
  const { body } = await environment.sim<{ simulatedMs: number }>('GET', 'clock');
  return new Date(body.simulatedMs + hours * 3_600_000).toISOString();
}

type Mode = NonNullable<SmallSpec['mode']>;

/** Another tag, one route table more, and one spoke less: an update, a create and a delete. */
function moved(mode: Mode): (spec: SmallSpec) => void {
  return (spec) => {
    spec.mode = mode;
    spec.approvals = { requiredFor: 'none' };
    spec.tags = { team: 'network' };
    spec.hub.privateDnsZones?.push({ name: 'privatelink.vaultcore.azure.net', linkSpokes: 'none' });
    spec.spokes = spec.spokes.filter(({ name }) => name === 'a');
  };
}

async function done(stage: Stage): Promise<Readonly<Record<'created' | 'updated' | 'deleted', boolean>>> {
  const world = await stage.world();
  return {
    created: world.has(stage.id('rg-hub', 'privateDnsZones/privatelink.vaultcore.azure.net').toLowerCase()),
    updated: world.get(stage.id('rg-a', 'virtualNetworks/vnet-spoke-a').toLowerCase())?.tags?.team === 'network',
    deleted: !world.has(stage.id('rg-b').toLowerCase()),
  };
}

describe('modes', () => {
  it.each<readonly [Mode, boolean, boolean, boolean]>([
    ['observe', false, false, false],
    ['create-only', true, false, false],
    ['no-delete', true, true, false],
    ['full', true, true, true],
  ])('%s', async (mode, created, updated, deleted) => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());

    const operation = await stage.provision(stage.spec(moved(mode)));

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    expect(await done(stage)).toEqual({ created, updated, deleted });
    const codes = new Set(operation.refused?.map(({ code }) => code));
    expect(codes.size > 0).toBe(mode !== 'full');
    const plan = await planOf(environment, stage.name);
    expect(plan.changes).toEqual([]);
    expect(plan.refused.length > 0).toBe(mode !== 'full');
  });

  it('observe: nothing at all is written, and the plan says what would be', async () => {
    const stage = await Stage.open(environment);

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.mode = 'observe';
      }),
    );

    expect(operation.state).toBe('succeeded');
    expect(await stage.writes()).toBe(0);
    expect(operation.refused?.map(({ id }) => id)).toContain(stage.id('rg-hub'));
  });
});

describe('calls that change nothing', () => {
  it('dryRun answers the plan and stores nothing', async () => {
    const stage = await Stage.open(environment);

    const planned = await environment.api<{ changes: readonly { id: string; action: string }[] }>(
      'PUT',
      `/api/baselines/${stage.name}?dryRun=true`,
      stage.spec(),
    );

    expect(planned.status).toBe(200);
    expect(planned.body.changes.map(({ id }) => id)).toContain(stage.id('rg-a', 'virtualNetworks/vnet-spoke-a'));
    expect((await environment.api('GET', `/api/baselines/${stage.name}`)).status).toBe(404);
    expect(await stage.writes()).toBe(0);
  });

  it('a spec of another version than expected is refused with 412', async () => {
    const stage = await Stage.open(environment);
    const first = await environment.api('PUT', `/api/baselines/${stage.name}`, stage.spec(), { 'if-match': '"7"' });
    expect(first.status).toBe(412);
    await stage.provision(stage.spec());
    const { headers } = await environment.api('GET', `/api/baselines/${stage.name}`);
    const etag = String(headers.etag);
    const changed = stage.spec((spec) => {
      spec.tags = { team: 'one' };
    });

    const accepted = await environment.api('PUT', `/api/baselines/${stage.name}`, changed, { 'if-match': etag });
    const late = await environment.api<Errors>('PUT', `/api/baselines/${stage.name}`, stage.spec(), {
      'if-match': etag,
    });

    expect(accepted.status).toBe(202);
    expect(late).toMatchObject({ status: 412, body: { errors: [{ code: 'VersionConflict' }] } });
    expect((await environment.api('GET', `/api/baselines/${stage.name}`)).body).toMatchObject({ version: 2 });
  });

  it('reconcile with the hash of a plan that is no more answers 409 with the plan of now', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const vnet = stage.id('rg-a', 'virtualNetworks/vnet-spoke-a');
    const edit = (tag: string) =>
      stage.colleague('PATCH', stage.id('rg-a', 'networkSecurityGroups/nsg-vnet-spoke-a-snet-vms'), { tags: { tag } });
    await stage.provision(
      stage.spec((spec) => {
        spec.tags = { team: 'network' };
      }),
    );
    await stage.colleague('PATCH', vnet, { tags: { team: 'other' } });
    const before = await planOf(environment, stage.name);
    await edit('x');

    const path = `/api/baselines/${stage.name}/reconcile`;
    const stale = await environment.api<Errors & { plan: { hash: string; changes: unknown[] } }>('POST', path, {
      planHash: before.hash,
    });
    expect(stale).toMatchObject({
      status: 409,
      body: { errors: [{ code: 'StalePlan' }], plan: { changes: expect.any(Array) } },
    });
    expect(stale.body.plan.changes).toHaveLength(2);

    const accepted = await environment.api<{ operationId: string }>('POST', path, { planHash: stale.body.plan.hash });
    const operation = await untilSettled(environment, accepted.body.operationId);
    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await stage.resource(vnet)).tags).toEqual({ team: 'network' });
  });

  it('a scope in which nothing is is refused with 400, a hold of one holds just that', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const hold = { owner: 'incident', reason: 'outage', until: await hoursFromNow(5) };
    const path = `/api/baselines/${stage.name}/hold`;

    for (const scope of ['spoke:nobody', 'gateway', '/subscriptions/s/resourceGroups/other']) {
      const refused = await environment.api<Errors>('PUT', path, { ...hold, scope });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ code: 'InvalidRequest', path: 'scope' }] } });
      expect(refused.body.errors[0]?.remedy).toMatch(/spoke:a, spoke:b/);
      const run = await environment.api<Errors>('POST', `/api/baselines/${stage.name}/reconcile`, { scope });
      expect(run).toMatchObject({ status: 400, body: { errors: [{ path: 'scope' }] } });
    }
    expect((await environment.api('PUT', path, { ...hold, scope: 'spoke:a' })).status).toBe(200);

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.tags = { team: 'network' };
      }),
    );

    expect(operation.state).toBe('waiting');
    expect(namesIn(operation, 'waiting')).toContain('virtualNetworks/vnet-spoke-a');
    expect(namesIn(operation, 'succeeded')).toEqual(
      expect.arrayContaining(['virtualNetworks/vnet-spoke-b', 'virtualNetworks/vnet-westeurope-hub']),
    );
    expect((await environment.api('DELETE', path)).status).toBe(204);
    const ended = await untilEnd(operation.id);
    expect(ended).toMatchObject({ state: 'succeeded', errors: [] });
  });

  it('a hold of one resource by its id holds that and what is in it', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec());
    const vnet = stage.id('rg-a', 'virtualNetworks/vnet-spoke-a');
    const hold = { owner: 'incident', reason: 'outage', until: await hoursFromNow(1), scope: vnet };
    expect((await environment.api('PUT', `/api/baselines/${stage.name}/hold`, hold)).status).toBe(200);

    const operation = await stage.provision(
      stage.spec((spec) => {
        spec.tags = { team: 'network' };
      }),
    );

    expect(namesIn(operation, 'waiting')).toContain('virtualNetworks/vnet-spoke-a');
    expect(namesIn(operation, 'succeeded')).toContain('networkSecurityGroups/nsg-vnet-spoke-a-snet-vms');
    expect(await untilEnd(operation.id)).toMatchObject({ state: 'succeeded' });
  });
});

async function untilEnd(id: string) {
  return environment.advanceUntil(
    `${id} is over`,
    async () => {
      const operation = await operationOf(environment, id);
      return ['queued', 'running', 'waiting'].includes(operation.state) ? undefined : operation;
    },
    4 * 3_600,
    60,
  );
}

describe('approvals', () => {
  /** Deleting a spoke is destructive: it needs somebody else's word. */
  const asking = (spec: SmallSpec): void => {
    spec.mode = 'full';
    spec.approvals = { expiresAfterHours: 1 };
    spec.spokes = spec.spokes.filter(({ name }) => name === 'a');
  };
  async function asked(stage: Stage) {
    await stage.provision(
      stage.spec((spec) => {
        spec.mode = 'full';
      }),
    );
    const operation = await stage.provision(stage.spec(asking));
    expect(operation.state).toBe('waiting');
    return { operation, planHash: String(operation.planHash) };
  }
  const decide = (planHash: string, user: string, decision = 'approve') =>
    environment.api<Errors>(
      'POST',
      `/api/approvals/${planHash}`,
      { decision, comment: 'as agreed' },
      { 'x-hubkeeper-user': user },
    );

  it('are another person’s to give, once', async () => {
    const stage = await Stage.open(environment);
    const { operation, planHash } = await asked(stage);

    expect(await decide(planHash, 'scenario')).toMatchObject({
      status: 403,
      body: { errors: [{ code: 'SelfApproval' }] },
    });
    expect((await decide(planHash, 'approver')).status).toBe(200);
    expect(await untilEnd(operation.id)).toMatchObject({ state: 'succeeded', errors: [] });
    expect((await done(stage)).deleted).toBe(true);
    expect([404, 409]).toContain((await decide(planHash, 'approver')).status);
  });

  it('end with 410 when nobody gives them in time, and the run with them', async () => {
    const stage = await Stage.open(environment);
    const { operation, planHash } = await asked(stage);

    await environment.advance(3_600);
    const late = await decide(planHash, 'approver');
    const ended = await untilEnd(operation.id);

    expect([404, 410]).toContain(late.status);
    expect(ended.errors.map(({ code }) => code)).toContain('ApprovalExpired');
    expect((await done(stage)).deleted).toBe(false);
  });

  it('of a plan that the world has left behind are refused with 409', async () => {
    const stage = await Stage.open(environment);
    const { operation, planHash } = await asked(stage);
    await stage.provision(
      stage.spec((spec) => {
        asking(spec);
        spec.tags = { team: 'network' };
      }),
    );

    const stale = await decide(planHash, 'approver');

    expect(stale).toMatchObject({ status: 409, body: { errors: [{ code: 'StalePlan' }] } });
    expect(await operationOf(environment, operation.id)).toMatchObject({ state: 'stopped' });
    expect((await done(stage)).deleted).toBe(false);
  });

  it('that are refused end the run; what needed none was done', async () => {
    const stage = await Stage.open(environment);
    const { operation, planHash } = await asked(stage);

    expect((await decide(planHash, 'approver', 'reject')).status).toBe(200);
    const ended = await untilEnd(operation.id);

    expect(ended.errors.map(({ code }) => code)).toContain('ApprovalRejected');
    expect((await done(stage)).deleted).toBe(false);
    expect((await journal(environment, stage.name)).map(({ decision }) => decision)).toContain('rejected');
    const { body } = await environment.api<{ approvals: { baseline: string }[] }>('GET', '/api/approvals');
    expect(body.approvals.filter(({ baseline }) => baseline === stage.name)).toEqual([]);
  });
});

describe('an adjustment by hand', () => {
  it('raises the number of public addresses in one firewall write, survives a spec, and goes back at its end', async () => {
    const stage = await Stage.open(environment);
    await stage.provision(stage.spec(withFirewall));
    const firewall = stage.id('rg-hub', 'azureFirewalls/fw-westeurope');
    const addresses = async () => (await stage.resource(firewall)).properties.ipConfigurations.length;
    const firewallWrites = async () => (await stage.counts()).get(firewall.toLowerCase())?.writes ?? 0;
    const before = await firewallWrites();
    const path = `/api/baselines/${stage.name}/adjustments/by-hand`;
    const adjustment = {
      kind: 'firewallPublicIpCount',
      target: firewall,
      value: 4,
      reason: 'sale',
      until: await hoursFromNow(2),
    };

    const refused = await environment.api<Errors>('PUT', path, { ...adjustment, target: `${firewall}-other` });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'target' }] } });
    const accepted = await environment.api<{ operationId: string }>('PUT', path, adjustment);
    const raised = await untilSettled(environment, accepted.body.operationId);

    expect(raised).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await addresses()).toBe(4);
    expect(await firewallWrites()).toBe(before + 1);
    const kept = await stage.provision(
      stage.spec((spec) => {
        withFirewall(spec);
        spec.tags = { team: 'network' };
      }),
    );
    expect(kept).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await addresses()).toBe(4);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });

    const between = await firewallWrites();
    await environment.advance(2.5 * 3_600);
    expect(await addresses()).toBe(1);
    expect(await firewallWrites()).toBe(between + 1);
    const world = [...(await stage.world()).keys()].filter((id) => id.includes('/publicipaddresses/'));
    expect(world).toHaveLength(1);
    expect(await planOf(environment, stage.name)).toMatchObject({ changes: [], refused: [] });
    expect((await journal(environment, stage.name)).map(({ decision }) => decision)).toEqual(
      expect.arrayContaining(['adjusted', 'adjustment ended']),
    );
  });
});

describe('the name of a baseline', () => {
  it('is refused in the document as it is in the address', async () => {
    const stage = await Stage.open(environment);
    const inDocument = await environment.api<Errors>(
      'PUT',
      `/api/baselines/${stage.name}`,
      stage.spec((spec) => {
        spec.name = 'Stage-One';
      }),
    );
    const inAddress = await environment.api<Errors>('PUT', '/api/baselines/Stage-One', stage.spec());

    expect(inDocument).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'PropertyFormatWrong', path: 'name' }] },
    });
    expect(inAddress).toMatchObject({ status: 400, body: { errors: [{ path: 'name' }] } });
    await expect(put(environment, stage.name, stage.spec())).resolves.toBeDefined();
  });
});
