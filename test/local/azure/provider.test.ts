import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, driverWithGroup, GROUP, property, type SimulationDriver } from './support/simulation-driver.ts';

const BOX = `${GROUP}/providers/Microsoft.Toy/boxes/Box`;
const PART = `${BOX}/parts/p`;
const ENGINE = `${GROUP}/providers/Microsoft.Toy/engines/engine`;
const ZONE = `${GROUP}/providers/Microsoft.Toy/zones/a.b`;
const BODY = { location: 'West Europe', properties: { colour: 'red' } };

let azure: SimulationDriver;
beforeEach(() => {
  azure = driverWithGroup();
});
afterEach(() => azure.dispose());

function statusUrl(answer: Answer): string {
  return answer.headers['Azure-AsyncOperation'] ?? '';
}

function resultUrl(answer: Answer): string {
  return answer.headers.Location ?? '';
}

/** A box at rest. */
function makeBox(): void {
  azure.call('PUT', BOX, BODY);
  azure.advance(60);
}

describe('PUT', () => {
  it('creates with 201 and an operation, replaces with 200, and settles when the time has come', () => {
    const created = azure.call('PUT', BOX, BODY);
    expect(created.status).toBe(201);
    expect(created.headers['Retry-After']).toBe('10');
    expect(created.body).toMatchObject({
      id: BOX,
      name: 'Box',
      type: 'Microsoft.Toy/boxes',
      location: 'westeurope',
      properties: { provisioningState: 'Updating', colour: 'red' },
    });
    expect(azure.call('GET', statusUrl(created))).toMatchObject({ status: 200, body: { status: 'InProgress' } });
    azure.advance(59);
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Updating');
    azure.advance(1);
    expect(azure.call('GET', statusUrl(created)).body).toEqual({ status: 'Succeeded' });
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Succeeded');
    const replaced = azure.call('PUT', BOX, { location: 'westeurope', properties: {} });
    expect(replaced.status).toBe(200);
    expect(replaced.body.properties).not.toHaveProperty('colour');
  });

  it('compares ids without case and keeps the case first given', () => {
    makeBox();
    expect(azure.call('GET', `/${BOX.toUpperCase()}`).body.id).toBe(BOX);
    expect(azure.call('PUT', BOX.toLowerCase(), BODY).body.id).toBe(BOX);
    azure.advance(60);
    const part = azure.call('PUT', PART.toLowerCase(), {});
    expect(part.body.id).toBe(`${BOX}/parts/p`);
    const encoded = `${GROUP}%2Fproviders%2FMicrosoft.Toy%2Fboxes%2FBox`;
    expect(azure.call('GET', `${encoded}?api-version=2025-01-01`).body.id).toBe(BOX);
  });

  it.each([
    ['LocationRequired', BOX, { properties: {} }],
    ['LocationNotAvailableForResourceType', BOX, { location: 'mars' }],
    ['LocationNotAvailableForResourceType', ZONE, { location: 'westeurope' }],
    ['InvalidRequestContent', BOX, { ...BODY, tags: { a: 1 } }],
    ['InvalidRequestContent', BOX, { ...BODY, properties: 'none' }],
    ['InvalidRequestContent', BOX, ['none']],
    ['InvalidResourceName', `${GROUP}/providers/Microsoft.Toy/boxes/-box`, BODY],
    ['InvalidResourceName', `${GROUP}/providers/Microsoft.Toy/zones/A`, { location: 'global' }],
  ])('answers 400 %s', (code, url, body) => {
    expect(azure.call('PUT', url, body)).toMatchObject({ status: 400, code });
  });

  it('does not move what exists', () => {
    makeBox();
    expect(azure.call('PUT', BOX, { ...BODY, location: 'northeurope' })).toMatchObject({
      status: 409,
      code: 'InvalidResourceLocation',
    });
    expect(azure.call('PUT', GROUP, { location: 'northeurope' })).toMatchObject({
      status: 409,
      code: 'InvalidResourceGroupLocation',
    });
  });

  it('with 202 shows nothing but where to ask', () => {
    const accepted = azure.call('PUT', ZONE, { location: 'Global' });
    expect(accepted).toMatchObject({ status: 202, body: {} });
    expect(azure.call('GET', resultUrl(accepted))).toMatchObject({
      status: 202,
      body: {},
      headers: { Location: resultUrl(accepted) },
    });
    azure.advance(40);
    expect(azure.call('GET', resultUrl(accepted))).toMatchObject({ status: 200, body: { name: 'a.b' } });
    expect(azure.call('GET', statusUrl(accepted)).body).toEqual({ status: 'Succeeded' });
  });
});

describe('operation URLs', () => {
  it('are opaque and known to their subscription alone', () => {
    const url = statusUrl(azure.call('PUT', BOX, BODY));
    expect(azure.call('GET', url.split('&')[0] ?? '').status).toBe(404);
    const elsewhere = url.replace(/subscriptions\/[^/]+/, 'subscriptions/00000000-0000-0000-0000-000000000002');
    expect(azure.call('GET', elsewhere).status).toBe(404);
    expect(azure.call('GET', url, undefined, { authorization: '' }).status).toBe(401);
  });
});

describe('two writers at once', () => {
  it('meet 409 with the URL of the operation that is in the way', () => {
    const url = statusUrl(azure.call('PUT', BOX, BODY));
    for (const refused of [azure.call('PUT', BOX, BODY), azure.call('PUT', PART, {}), azure.call('DELETE', BOX)]) {
      expect(refused).toMatchObject({
        status: 409,
        code: 'AnotherOperationInProgress',
        message:
          'Another operation on this or dependent resource is in progress. To retrieve status of the operation use ' +
          `uri: ${url}.`,
      });
    }
    expect(azure.call('PATCH', BOX, { tags: {} }).code).toBe('AnotherOperationInProgress');
  });

  it('of two children of one parent: the second waits', () => {
    makeBox();
    azure.call('PUT', PART, {});
    expect(azure.call('PUT', `${BOX}/parts/q`, {}).code).toBe('AnotherOperationInProgress');
    azure.advance(10);
    expect(azure.call('PUT', `${BOX}/parts/q`, {}).status).toBe(201);
    expect(azure.simulation.stats()).toMatchObject({ peakParallel: 1 });
  });

  it('supersede each other where the type lets them', () => {
    const older = azure.call('PUT', ENGINE, { location: 'westeurope' });
    azure.advance(100);
    const newer = azure.call('PUT', ENGINE, { location: 'westeurope', tags: { a: 'b' } });
    expect(newer.status).toBe(200);
    expect(azure.call('GET', statusUrl(older))).toMatchObject({
      status: 200,
      body: {
        status: 'Canceled',
        error: {
          code: 'Canceled',
          message: 'Operation was canceled.',
          details: [
            {
              code: 'CanceledAndSupersededDueToAnotherOperation',
              message: expect.stringMatching(
                /^Operation PutEngineOperation \(.+\) was canceled and superseded by operation PutEngineOperation/,
              ),
            },
          ],
        },
      },
    });
    azure.advance(299);
    expect(azure.call('GET', statusUrl(newer)).body).toEqual({ status: 'InProgress' });
    azure.advance(1);
    expect(azure.call('GET', statusUrl(newer)).body).toEqual({ status: 'Succeeded' });
  });

  it('never supersede a delete', () => {
    azure.call('PUT', ENGINE, { location: 'westeurope' });
    azure.advance(300);
    azure.call('DELETE', ENGINE);
    expect(azure.call('PUT', ENGINE, { location: 'westeurope' }).code).toBe('AnotherOperationInProgress');
  });
});

describe('references', () => {
  const engine = { location: 'westeurope', properties: { box: BOX } };

  it('must exist', () => {
    expect(azure.call('PUT', ENGINE, engine)).toMatchObject({
      status: 400,
      code: 'InvalidResourceReference',
      message:
        `Resource ${BOX} referenced by resource ${ENGINE}/holders/first was not found. Please make sure that the ` +
        'referenced resource exists, and that both resources are in the same region.',
    });
  });

  it('must be at rest', () => {
    azure.call('PUT', BOX, BODY);
    const refused = azure.call('PUT', ENGINE, engine);
    expect(refused).toMatchObject({ status: 429, code: 'RetryableError', message: 'A retryable error occured.' });
    expect(refused.body.error).toMatchObject({
      details: [
        {
          code: 'ReferencedResourceNotProvisioned',
          message:
            `Cannot proceed with operation because resource ${BOX} used by resource ${ENGINE}/holders/first is not in ` +
            'Succeeded state. Resource is in Updating state and the last operation that updated/is updating the ' +
            'resource is PutBoxOperation.',
        },
      ],
    });
    azure.advance(60);
    expect(azure.call('PUT', ENGINE, engine).status).toBe(201);
  });

  it('hold what they point at while the operation runs, and keep it from being deleted after', () => {
    makeBox();
    azure.call('PUT', ENGINE, engine);
    expect(azure.call('PUT', BOX, BODY).code).toBe('AnotherOperationInProgress');
    azure.advance(300);
    expect(property(azure.call('GET', ENGINE).body, 'address')).toBe('10.0.0.4');
    expect(azure.call('DELETE', BOX)).toMatchObject({ status: 400, code: 'InUseBoxCannotBeDeleted' });
    azure.call('DELETE', ENGINE);
    azure.advance(300);
    expect(azure.call('DELETE', BOX).status).toBe(202);
  });
});

describe('ETags', () => {
  it('change with each write, also of a child, and are checked', () => {
    makeBox();
    const before = String(azure.call('GET', BOX).body.etag);
    expect(before).toMatch(/^W\/"[0-9a-f-]{36}"$/);
    expect(azure.call('GET', BOX).headers.ETag).toBe(before);
    azure.call('PUT', PART, {});
    azure.advance(10);
    const after = azure.call('GET', BOX).body;
    expect(after.etag).not.toBe(before);
    expect(property(after, 'parts')).toEqual([{ id: PART, etag: after.etag }]);
    expect(azure.call('PUT', BOX, BODY, { 'if-match': before })).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    });
    expect(azure.call('DELETE', BOX, undefined, { 'if-match': before }).code).toBe('PreconditionFailed');
    expect(azure.call('PUT', BOX, BODY, { 'if-match': String(after.etag) }).status).toBe(200);
  });

  it('guard a create', () => {
    expect(azure.call('PUT', BOX, BODY, { 'if-match': '*' }).code).toBe('PreconditionFailed');
    expect(azure.call('PUT', BOX, BODY, { 'if-none-match': '*' }).status).toBe(201);
    azure.advance(60);
    expect(azure.call('PUT', BOX, BODY, { 'if-none-match': '*' }).code).toBe('PreconditionFailed');
  });
});

describe('PATCH', () => {
  it('takes tags alone and is done at once', () => {
    makeBox();
    const patched = azure.call('PATCH', BOX, { tags: { owner: 'platform' } });
    expect(patched).toMatchObject({ status: 200, body: { tags: { owner: 'platform' } } });
    expect(property(patched.body, 'colour')).toBe('red');
    expect(azure.call('PATCH', BOX, { properties: {} }).code).toBe('InvalidRequestContent');
  });
});

describe('DELETE', () => {
  it('answers 202, then 204, and takes the children along', () => {
    makeBox();
    azure.call('PUT', PART, {});
    azure.advance(10);
    const accepted = azure.call('DELETE', BOX);
    expect(accepted.status).toBe(202);
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Deleting');
    azure.advance(30);
    expect(azure.call('GET', resultUrl(accepted))).toMatchObject({ status: 204, body: {} });
    expect(azure.call('GET', statusUrl(accepted)).body).toEqual({ status: 'Succeeded' });
    expect(azure.call('GET', BOX).status).toBe(404);
    expect(azure.call('DELETE', PART).status).toBe(204);
  });

  it('of a group takes its members in the order in which they stop being used', () => {
    makeBox();
    azure.call('PUT', ENGINE, { location: 'westeurope', properties: { box: BOX } });
    azure.advance(300);
    const accepted = azure.call('DELETE', GROUP);
    expect(accepted.status).toBe(202);
    expect(azure.call('PUT', ZONE, { location: 'global' }).code).toBe('ResourceGroupBeingDeleted');
    azure.advance(30);
    expect(azure.call('GET', resultUrl(accepted)).status).toBe(202);
    azure.advance(600);
    expect(azure.call('GET', resultUrl(accepted)).status).toBe(200);
    expect(azure.call('GET', GROUP).code).toBe('ResourceGroupNotFound');
    expect(azure.simulation.state()).toEqual({ resources: [] });
  });

  it('of a group whose member is used from outside fails and leaves the rest', () => {
    makeBox();
    const other = GROUP.replace('/rg', '/other');
    azure.call('PUT', other, { location: 'westeurope' });
    azure.call('PUT', ENGINE.replace('/rg/', '/other/'), { location: 'westeurope', properties: { box: BOX } });
    azure.advance(300);
    const accepted = azure.call('DELETE', GROUP);
    azure.advance(600);
    expect(azure.call('GET', resultUrl(accepted))).toMatchObject({ status: 409, code: 'ResourceGroupDeletionBlocked' });
    expect(property(azure.call('GET', GROUP).body, 'provisioningState')).toBe('Succeeded');
    expect(azure.call('GET', BOX).status).toBe(200);
  });
});

describe('actions', () => {
  it('answer at once, or by their result URL', () => {
    makeBox();
    expect(azure.call('POST', `${BOX}/weigh`)).toMatchObject({ status: 200, body: { kilograms: 7 } });
    const accepted = azure.call('POST', `${BOX}/shake`);
    expect(accepted).toMatchObject({ status: 202, body: {} });
    azure.advance(20);
    expect(azure.call('GET', resultUrl(accepted))).toMatchObject({ status: 200, body: { shaken: 'Box' } });
    expect(azure.call('GET', `${BOX}/shake`).status).toBe(405);
    expect(azure.call('POST', `${BOX}/kick`).code).toBe('InvalidResourceType');
    expect(azure.call('POST', `${BOX}x/weigh`).code).toBe('ResourceNotFound');
  });
});

describe('a failed operation', () => {
  it('leaves the resource Failed until the next PUT, and says why', () => {
    azure.simulation.faults.add({ times: 1, method: 'PUT', effect: { kind: 'fail-operation', code: 'OutOfLuck' } });
    const accepted = azure.call('PUT', BOX, BODY);
    expect(accepted.status).toBe(201);
    azure.advance(60);
    expect(azure.call('GET', statusUrl(accepted))).toMatchObject({
      status: 200,
      body: { status: 'Failed', error: { code: 'OutOfLuck', details: [] } },
    });
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Failed');
    const engine = { location: 'westeurope', properties: { box: BOX } };
    expect(azure.call('PUT', ENGINE, engine).code).toBe('RetryableError');
    azure.call('PUT', BOX, BODY);
    azure.advance(60);
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Succeeded');
  });
});

describe('a slow operation', () => {
  it('keeps its resource in the running state, and others from writing it, until it ends by itself', () => {
    makeBox();
    azure.simulation.faults.add({ times: 1, method: 'PUT', effect: { kind: 'slow-operation', seconds: 7_200 } });
    const accepted = azure.call('PUT', BOX, BODY);
    azure.advance(7_100);
    expect(azure.call('GET', statusUrl(accepted))).toMatchObject({ body: { status: 'InProgress' } });
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Updating');
    expect(azure.call('PUT', BOX, BODY).status).toBe(409);
    azure.advance(200);
    expect(property(azure.call('GET', BOX).body, 'provisioningState')).toBe('Succeeded');
  });
});

describe('a restart', () => {
  it('changes nothing: resources, etags, operations under way, counts, settings, time', () => {
    const accepted = azure.call('PUT', BOX, BODY);
    azure.advance(30);
    azure.simulation.settings.mergeTraffic({ firewalls: { f: { snatPortsInUse: { TCP: 5 } } } });
    const before = {
      box: azure.call('GET', BOX).body,
      nowMs: azure.simulation.clockKeeper.clock.nowMs(),
      stats: azure.simulation.stats(),
    };
    azure.restart();
    expect({
      box: azure.call('GET', BOX).body,
      nowMs: azure.simulation.clockKeeper.clock.nowMs(),
      stats: azure.simulation.stats(),
    }).toEqual(before);
    expect(azure.simulation.settings.get('traffic')).toEqual({ firewalls: { f: { snatPortsInUse: { TCP: 5 } } } });
    expect(azure.call('PUT', BOX, BODY).code).toBe('AnotherOperationInProgress');
    azure.advance(30);
    expect(azure.call('GET', statusUrl(accepted)).body).toEqual({ status: 'Succeeded' });
  });

  it('in the middle of a group deletion goes on with it', () => {
    makeBox();
    const accepted = azure.call('DELETE', GROUP);
    azure.advance(20);
    azure.restart();
    azure.advance(600);
    expect(azure.call('GET', resultUrl(accepted)).status).toBe(200);
  });
});

describe('counts', () => {
  it('tell creates, writes, deletes and refusals by code', () => {
    makeBox();
    azure.call('PUT', BOX, BODY);
    azure.call('PUT', BOX, BODY);
    azure.advance(60);
    azure.call('DELETE', BOX);
    azure.advance(60);
    azure.call('PUT', ZONE, { location: 'global' });
    azure.call('PUT', `${GROUP}/providers/Microsoft.Toy/notes/n`, {});
    azure.call('DELETE', `${GROUP}/providers/Microsoft.Toy/NOTES/N`);
    expect(azure.simulation.stats()).toMatchObject({
      resources: {
        [`${GROUP}/providers/Microsoft.Toy/notes/n`]: { creates: 1, writes: 1, deletes: 1, rejected: {} },
        [BOX]: { creates: 1, writes: 2, deletes: 1, rejected: { AnotherOperationInProgress: 1 } },
        [ZONE]: { creates: 1, writes: 1, deletes: 0, rejected: {} },
      },
      peakParallel: 1,
    });
  });
});

describe('latency', () => {
  it('spreads durations by the seed, whatever else happens meanwhile', () => {
    const duration = (seed: number, noise: boolean): number => {
      const driver = driverWithGroup();
      driver.simulation.settings.set('latency', {
        ...driver.simulation.settings.get('latency'),
        seed,
        spread: 1,
      });
      if (noise) driver.call('PUT', ZONE, { location: 'global' });
      const startMs = driver.simulation.clockKeeper.clock.nowMs();
      driver.call('PUT', ENGINE, { location: 'westeurope' });
      const endMs = driver.simulation.world.operationOn(ENGINE)?.endMs ?? 0;
      driver.dispose();
      return endMs - startMs;
    };
    expect(duration(1, false)).toBe(duration(1, true));
    expect(duration(1, false)).not.toBe(duration(2, false));
    expect(duration(1, false)).toBeGreaterThanOrEqual(150_000);
    expect(duration(1, false)).toBeLessThanOrEqual(450_000);
  });
});
