import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { errorOf } from '../../../lib/api/errors.ts';
import { runVerb } from '../../../lib/cli/run-verb.ts';
import type { VerbInput } from '../../../lib/cli/verb.ts';
import { verbs } from '../../../lib/cli/verbs.ts';
import type { FakeAnswer, FakeRoutes } from './fake-api.ts';
import { createFakeWorld, type FakeWorldOptions } from './fake-world.ts';
import { changeOf, FIREWALL, HASH, idOf, nodeOf, operationOf, planOf, VNET } from './samples.ts';

const SPEC = 'apiVersion: hubkeeper/v1\nname: prod\nhub:\n  location: westeurope\n';
const files = { '/here/prod.yaml': SPEC, '/here/prod.json': JSON.stringify({ name: 'prod' }) };
const safePlan = planOf([changeOf()]);
const riskyPlan = planOf([changeOf({ action: 'delete', risk: 'destructive' })]);
const accepted: FakeAnswer = { status: 202, body: { operationId: 'prod-17', version: 7 } };
const ended = (state: 'succeeded' | 'failed' = 'succeeded'): FakeAnswer => ({ status: 200, body: operationOf(state) });
const waiting: FakeAnswer = {
  status: 200,
  body: operationOf('waiting', {
    nodes: [
      nodeOf(VNET, 'waiting', { waitingFor: { kind: 'approval', reason: 'A delete needs approval.', planHash: HASH } }),
    ],
  }),
};
const summary = {
  name: 'prod',
  version: 7,
  mode: 'no-delete',
  lastResult: { state: 'partial', operationId: 'prod-16', at: '2026-03-01T08:00:00Z' },
  adjustments: [
    {
      id: 'snat-1',
      kind: 'firewallPublicIps',
      scope: 'egress',
      target: FIREWALL,
      value: 4,
      reason: 'SNAT at 95 %.',
      since: '2026-03-01T08:00:00Z',
      until: '2026-03-01T20:00:00Z',
    },
  ],
  hold: { owner: 'duty', reason: 'INC-1', until: '2026-03-01T18:00:00Z' },
};
const notPaused: FakeAnswer = { status: 200, body: { paused: false, by: '', reason: '', since: '' } };

interface Run extends FakeWorldOptions {
  readonly args?: readonly string[];
  readonly options?: VerbInput['options'];
  readonly json?: boolean;
  readonly yes?: boolean;
}

async function run(name: string, { args = [], options = {}, json = false, yes = false, ...worldOptions }: Run) {
  const verb = verbs.find((candidate) => candidate.name === name);
  if (verb === undefined) throw new Error(`There is no verb ${name}.`);
  const world = createFakeWorld({ files, ...worldOptions });
  const exitCode = await runVerb(world, verb, { args, options }, { json, yes });
  return {
    exitCode,
    world,
    out: world.out(),
    err: world.err(),
    calls: world.received.map((call) => `${call.method} ${call.path}`),
  };
}

describe('the table of verbs', () => {
  it('has one row for each promised verb, each with a summary and examples', () => {
    const promised =
      'validate plan apply status journal approvals approve reject hold release adjust unadjust stop pause resume teardown operations health schema';

    expect(verbs.map((verb) => verb.name)).toEqual(expect.arrayContaining(promised.split(' ')));
    for (const verb of verbs) {
      expect(verb.summary).toMatch(/^[a-z].*[^.]$/);
      expect(verb.examples.length).toBeGreaterThan(0);
      expect(verb.examples.some((example) => example.includes(`hubkeeper ${verb.name}`))).toBe(true);
    }
  });
});

describe('plan', () => {
  it('sends a file as a dry run, with the type of its content', async () => {
    const routes = { 'PUT /api/baselines/prod': { status: 200, body: safePlan } };
    const yaml = await run('plan', { args: ['prod.yaml'], routes });
    const json = await run('plan', { args: ['prod.json'], routes });

    expect(yaml).toMatchObject({ exitCode: 0, err: '', out: expect.stringContaining('+ create fw-hub') });
    expect(yaml.world.received[0]).toMatchObject({
      query: { dryRun: 'true' },
      body: SPEC,
      headers: { 'content-type': 'application/yaml' },
    });
    expect(json.world.received[0]).toMatchObject({ headers: { 'content-type': 'application/json' } });
  });

  it('takes a spec from standard input', async () => {
    const result = await run('plan', {
      args: ['-'],
      standardInput: SPEC,
      routes: { 'PUT /api/baselines/prod': { status: 200, body: safePlan } },
    });

    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.world.received[0]?.body).toBe(SPEC);
  });

  it('asks for the plan of a stored baseline by its name', async () => {
    const result = await run('plan', {
      args: ['prod'],
      json: true,
      routes: { 'POST /api/baselines/prod/plan': { status: 200, body: { ...safePlan, added: 1 } } },
    });

    expect(JSON.parse(result.out)).toEqual({ ...safePlan, added: 1 });
  });

  it('waits for a plan that takes longer than a call', async () => {
    const routes: FakeRoutes = {
      'POST /api/baselines/prod/plan': { status: 202, body: { operationId: 'plan-1' } },
      'GET /api/operations/plan-1': [
        { status: 200, body: operationOf('running') },
        { status: 200, body: operationOf('succeeded', { plan: safePlan }) },
      ],
    };

    expect(await run('plan', { args: ['prod'], routes })).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('Plan: 1 to create'),
    });
  });

  it('says when the plan could not be made', async () => {
    const routes: FakeRoutes = {
      'POST /api/baselines/prod/plan': { status: 202, body: { operationId: 'plan-1' } },
      'GET /api/operations/plan-1': {
        status: 200,
        body: operationOf('failed', {
          errors: [{ code: 'X', actor: 'operator', message: 'No rights to read.', remedy: 'Grant Reader.' }],
        }),
      },
    };
    const result = await run('plan', { args: ['prod'], routes });

    expect(result.exitCode).toBe(1);
    expect(result.err).toContain('No rights to read.');
  });

  it.each(['missing.yaml', './prod', 'Prod', '-x'])('refuses %s without a call', async (argument) => {
    const result = await run('plan', { args: [argument] });

    expect(result).toMatchObject({ exitCode: 2, calls: [], out: '' });
    expect(result.err).toMatch(/^error: .*\n {4}\S.*\.\n$/);
  });

  it('says in which line of the file the app found something wrong', async () => {
    const errors = [
      { code: 'LocationUnknown', path: 'hub.location', message: 'There is no such region.', remedy: 'Take another.' },
    ];
    const routes = { 'PUT /api/baselines/prod': { status: 400, body: { errors } } };

    expect((await run('plan', { args: ['prod.yaml'], routes })).err).toContain(
      'prod.yaml:4: error: hub.location: There is no such region. [LocationUnknown]',
    );
    expect(JSON.parse((await run('plan', { args: ['prod.yaml'], routes, json: true })).out)).toEqual({
      errors: [{ ...errors[0], file: 'prod.yaml', line: 4 }],
    });
  });
});

describe('apply', () => {
  const routes: FakeRoutes = {
    'PUT /api/baselines/prod': (call) => (call.query.dryRun === 'true' ? { status: 200, body: riskyPlan } : accepted),
    'GET /api/operations/prod-17': [{ status: 200, body: operationOf('running') }, ended()],
  };

  it('stores the spec, follows the operation, says how it ended and where the journal is', async () => {
    const result = await run('apply', { args: ['prod.yaml'], routes });

    expect(result).toMatchObject({
      exitCode: 0,
      calls: ['PUT /api/baselines/prod', 'GET /api/operations/prod-17', 'GET /api/operations/prod-17'],
    });
    expect(result.out).toContain('Stored prod version 7; operation prod-17 makes it true.');
    expect(result.out).toContain('succeeded  prod: 1 of 3 resources done');
    expect(result.out).toContain(
      'Journal: https://app.example/api/journal?baseline=prod&since=2026-03-01T09%3A00%3A00Z',
    );
    expect(result.err).toContain('prod: 1 of 3 done, about 30 min left');
  });

  it('gives machines the operation and nothing else', async () => {
    const result = await run('apply', { args: ['prod.yaml'], routes, json: true });

    expect(JSON.parse(result.out)).toEqual(operationOf('succeeded'));
  });

  it('fails with the operation, and says who must do what', async () => {
    const failed = operationOf('failed', {
      errors: [{ code: 'X', actor: 'operator', message: 'No rights.', remedy: 'Grant them.', resource: FIREWALL }],
    });
    const result = await run('apply', {
      args: ['prod.yaml'],
      routes: { ...routes, 'GET /api/operations/prod-17': { status: 200, body: failed } },
    });

    expect(result.exitCode).toBe(1);
    expect(result.out).toMatch(/× fw-hub \(rg-hub\): No rights\. \[X\]\n\s+operator: Grant them\./);
  });

  it('ends with 3 and the hash when an approval is missing', async () => {
    const result = await run('apply', {
      args: ['prod.yaml'],
      routes: { ...routes, 'GET /api/operations/prod-17': waiting },
    });

    expect(result.exitCode).toBe(3);
    expect(result.out).toContain(`hubkeeper approve ${HASH}`);
    expect(result.out).toContain('hubkeeper follow prod-17');
  });

  it('--wait-for-approval goes on', async () => {
    const result = await run('apply', {
      args: ['prod.yaml'],
      options: { waitForApproval: true },
      routes: { ...routes, 'GET /api/operations/prod-17': [waiting, waiting, ended()] },
    });

    expect(result.exitCode).toBe(0);
  });

  it('--no-wait comes back at once', async () => {
    const result = await run('apply', { args: ['prod.yaml'], options: { wait: false }, routes });

    expect(result).toMatchObject({ exitCode: 0, calls: ['PUT /api/baselines/prod'] });
    expect(result.out).toContain('hubkeeper follow prod-17');
  });

  it('Ctrl-C says how to follow and how to stop', async () => {
    const result = await run('apply', {
      args: ['prod.yaml'],
      routes: { ...routes, 'GET /api/operations/prod-17': { status: 200, body: operationOf('running') } },
      interruptAtSleep: 1,
    });

    expect(result.exitCode).toBe(130);
    expect(result.out).toContain('The operation goes on.');
    expect(result.out).toContain('hubkeeper follow prod-17');
    expect(result.out).toContain('hubkeeper stop prod-17');
    expect(result.calls).not.toContain('POST /api/operations/prod-17/stop');
  });

  it('on a terminal shows risky changes and starts nothing without a yes', async () => {
    const no = await run('apply', { args: ['prod.yaml'], routes, terminal: true, answers: ['n'] });
    const enter = await run('apply', { args: ['prod.yaml'], routes, terminal: true, answers: [''] });
    const yes = await run('apply', { args: ['prod.yaml'], routes, terminal: true, answers: ['y'] });

    expect(no).toMatchObject({ exitCode: 1, calls: ['PUT /api/baselines/prod'] });
    expect(no.world.received[0]?.query).toEqual({ dryRun: 'true' });
    expect(no.out).toContain('!! destructive');
    expect(enter.exitCode).toBe(1);
    expect(yes.exitCode).toBe(0);
  });

  it('asks nothing about safe changes, with --yes, or where nobody is', async () => {
    const safe = await run('apply', {
      args: ['prod.yaml'],
      terminal: true,
      routes: {
        ...routes,
        'PUT /api/baselines/prod': (call) =>
          call.query.dryRun === 'true' ? { status: 200, body: safePlan } : accepted,
      },
    });
    const yes = await run('apply', { args: ['prod.yaml'], terminal: true, yes: true, routes });
    const pipe = await run('apply', { args: ['prod.yaml'], routes });

    expect([safe, yes, pipe].map(({ exitCode, world }) => [exitCode, world.asked])).toEqual([
      [0, []],
      [0, []],
      [0, []],
    ]);
  });

  it.each([
    ['7', '"7"'],
    ['"7"', '"7"'],
    ['*', '*'],
  ])('--if-match %s sends %s', async (text, header) => {
    const result = await run('apply', { args: ['prod.yaml'], options: { ifMatch: text, wait: false }, routes });

    expect(result.world.received[0]?.headers['if-match']).toBe(header);
  });

  it('refuses a tag that is none', async () => {
    expect(await run('apply', { args: ['prod.yaml'], options: { ifMatch: 'seven' }, routes })).toMatchObject({
      exitCode: 2,
      calls: [],
    });
  });

  it.each([
    ['broken', 'a: ['],
    ['nameless', 'apiVersion: hubkeeper/v1'],
    ['misnamed', 'name: Prod_1'],
  ])('refuses a %s document without a call', async (_what, text) => {
    expect(await run('apply', { args: ['bad.yaml'], files: { '/here/bad.yaml': text } })).toMatchObject({
      exitCode: 2,
      calls: [],
      out: '',
      err: expect.stringContaining('bad.yaml'),
    });
  });

  it('shows bars on a terminal', async () => {
    const operation = operationOf('running', {
      nodes: [nodeOf(FIREWALL, 'running', { estimatedMinutes: 10, startedAt: '2026-03-01T09:00:00Z' })],
    });
    const result = await run('apply', {
      args: ['prod.yaml'],
      yes: true,
      terminal: true,
      routes: { ...routes, 'GET /api/operations/prod-17': [{ status: 200, body: operation }, ended()] },
    });

    expect(result.err).toMatch(/creating fw-hub \(rg-hub\)\s+█{12}░{12}\s+50% 5 min of about 10 min/);
    expect(result.out).not.toContain('█');
  });
});

describe('validate', () => {
  it('needs no app, and gives every violation with its line and remedy', async () => {
    const result = await run('validate', { args: ['prod.yaml'], env: { HUBKEEPER_URL: undefined } });

    expect(result).toMatchObject({ exitCode: 2, calls: [] });
    expect(result.out).toMatch(/^prod\.yaml:3: error: hub\./m);
    expect(result.out).toMatch(/prod\.yaml is not valid: \d+ errors/);
  });

  it('gives machines the same', async () => {
    const body = JSON.parse((await run('validate', { args: ['prod.yaml'], json: true })).out);

    expect(body).toMatchObject({ valid: false, warnings: [] });
    for (const error of body.errors) {
      expect(error).toEqual({
        code: expect.any(String),
        path: expect.any(String),
        message: expect.any(String),
        remedy: expect.any(String),
        file: 'prod.yaml',
        line: expect.any(Number),
      });
    }
  });

  it('says what is wrong with a file that is none', async () => {
    expect(await run('validate', { args: ['missing.yaml'] })).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('There is no file missing.yaml.'),
    });
  });
});

describe('schema', () => {
  it('prints the JSON Schema of the spec, to people and machines alike', async () => {
    const forPeople = await run('schema', {});
    const forMachines = await run('schema', { json: true });

    expect(JSON.parse(forPeople.out)).toEqual(JSON.parse(forMachines.out));
    expect(JSON.parse(forPeople.out)).toMatchObject({
      $schema: expect.stringContaining('draft-07'),
      properties: { name: { type: 'string' } },
    });
  });
});

describe('reconcile', () => {
  it('sends scope and plan, and follows', async () => {
    const routes: FakeRoutes = {
      'POST /api/baselines/prod/reconcile': accepted,
      'GET /api/operations/prod-17': ended(),
    };
    const result = await run('reconcile', { args: ['prod'], options: { scope: 'egress', plan: HASH }, routes });

    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.world.received[0]?.body ?? '')).toEqual({ scope: 'egress', planHash: HASH });
  });

  it('shows the new plan when the hash is stale', async () => {
    const body = {
      errors: [{ code: 'StalePlan', path: 'planHash', message: 'It moved.', remedy: 'Read the new plan.' }],
      plan: riskyPlan,
    };
    const routes = { 'POST /api/baselines/prod/reconcile': { status: 409, body } };
    const forPeople = await run('reconcile', { args: ['prod'], options: { plan: HASH }, routes });
    const forMachines = await run('reconcile', { args: ['prod'], options: { plan: HASH }, routes, json: true });

    expect(forPeople).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('!! destructive'),
      err: expect.stringContaining('It moved.'),
    });
    expect(JSON.parse(forMachines.out)).toEqual(body);
  });
});

describe('looking', () => {
  const routes: FakeRoutes = {
    'GET /api/baselines': {
      status: 200,
      body: { baselines: [summary, { ...summary, name: 'test', lastResult: null, adjustments: [], hold: null }] },
    },
    'GET /api/baselines/prod': { status: 200, body: { ...summary, spec: { name: 'prod' } } },
    'GET /api/pause': {
      status: 200,
      body: { paused: true, by: 'duty', reason: 'Azure outage', since: '2026-03-01T07:00:00Z' },
    },
    'GET /api/operations': {
      status: 200,
      body: { operations: [operationOf('running'), operationOf('failed', { id: 'prod-16' })], next: 'more' },
    },
    'GET /api/approvals': {
      status: 200,
      body: {
        approvals: [
          {
            planHash: HASH,
            baseline: 'prod',
            requestedBy: 'hubkeeper',
            expiresAt: '2026-03-02T00:00:00Z',
            adjustments: [{ id: 'snat-relief', by: 'hubkeeper', reason: 'SNAT port utilisation is 88 %.' }],
            plan: riskyPlan,
          },
        ],
      },
    },
    'GET /api/operations/prod-17': { status: 200, body: operationOf('running') },
  };

  it('status lists baselines, and says when everything is paused', async () => {
    const { out } = await run('status', { routes });

    expect(out).toContain('Paused by duty since 2026-03-01 07:00Z: Azure outage. Nothing is written.');
    expect(out).toMatch(/prod\s+7\s+no-delete\s+partial\s+2026-03-01 08:00Z\s+1\s+everything until 2026-03-01 18:00Z/);
    expect(out).toMatch(/test\s+7\s+no-delete\s+none yet/);
  });

  it('status of one baseline lists adjustments and hold', async () => {
    const { out } = await run('status', { args: ['prod'], routes: { ...routes, 'GET /api/pause': notPaused } });

    expect(out).not.toContain('Paused');
    expect(out).toContain('Hold: everything until 2026-03-01 18:00Z, duty: INC-1');
    expect(out).toMatch(/snat-1\s+firewallPublicIps\s+fw-hub \(rg-hub\)\s+4\s+2026-03-01 20:00Z\n {4}SNAT at 95 %\./);
  });

  it('status says of a record of drift that cannot be read what to do, and lists its baseline', async () => {
    const driftProblem = {
      code: 'DriftRecordUnreadable',
      actor: 'operator',
      message: 'It is cut.',
      remedy: 'Mend it.',
    };
    const unreadable = {
      'GET /api/baselines': { status: 200, body: { baselines: [{ ...summary, driftProblem }] } },
      'GET /api/baselines/prod': { status: 200, body: { ...summary, spec: {}, driftProblem } },
      'GET /api/pause': notPaused,
    };

    expect((await run('status', { routes: unreadable })).out).toContain('unreadable');
    expect((await run('status', { args: ['prod'], routes: unreadable })).out).toContain('Drift: It is cut. Mend it.');
  });

  it('status tells of drift: a figure in the list, all that is known of one baseline', async () => {
    const driftCounts = {
      openCount: 2,
      openResourceCount: 1,
      waitingCount: 1,
      conflictCount: 0,
      unmanagedCount: 3,
      foreignEntryCount: 0,
      lastScanAt: null,
    };
    const drift = {
      drifts: [],
      moreDriftsCount: 2,
      conflicts: [],
      unmanaged: [],
      unmanagedCount: 0,
      foreignEntries: [],
      foreignEntryCount: 0,
    };
    const drifted = {
      'GET /api/baselines': { status: 200, body: { baselines: [{ ...summary, driftCounts }] } },
      'GET /api/baselines/prod': { status: 200, body: { ...summary, spec: {}, drift } },
      'GET /api/pause': notPaused,
    };

    const reported = {
      ...{ id: idOf('routeTables', 'rt'), kind: 'routeTable', path: 'tags.owner', policy: 'report', state: 'reported' },
      ...{ code: 'ReactionModeForbids', why: 'It is so.', operationId: 'prod-1' },
      ...{ firstSeenAt: '2026-03-01T08:59:00Z', lastSeenAt: '2026-03-01T08:59:00Z' },
    };
    const stepsWhile = async (more: object, pause: FakeAnswer = notPaused) => {
      const body = { ...summary, spec: {}, drift: { ...drift, drifts: [reported] }, ...more };
      const routes = { 'GET /api/baselines/prod': { status: 200, body }, 'GET /api/pause': pause };
      return (await run('status', { args: ['prod'], routes: { ...drifted, ...routes } })).out;
    };

    expect(await stepsWhile({})).toContain('End the hold: hubkeeper release prod');
    expect(await stepsWhile({ hold: null })).toContain('Put it right now: hubkeeper reconcile prod');
    expect(await stepsWhile({ hold: null }, { status: 200, body: { paused: true } })).toContain('An app setting stops');
    expect((await run('status', { routes: drifted })).out).toMatch(
      /DRIFT\s+HOLD\n.*\s1\s+2 in 1 resource, 1 waiting\s+everything until/,
    );
    expect((await run('status', { args: ['prod'], routes: drifted })).out).toContain('Drift: 2 differences');
    expect(JSON.parse((await run('status', { args: ['prod'], routes: drifted, json: true })).out)).toMatchObject({
      drift,
    });
  });

  it('status says that demand ends an adjustment, how many addresses it means, and how many it really keeps', async () => {
    const reserved = ['pip-03', 'pip-04'].map((name) => ({ name, until: '2026-03-08T00:00:00Z' }));
    const value = { count: 4, detached: [], reserved };
    const kind = 'firewallPublicIpCount';
    const [adjustment] = summary.adjustments;
    const statusOf = async (keeps: object) => {
      const prod = { ...summary, adjustments: [{ ...adjustment, kind, value, until: null, ...keeps }], spec: {} };
      return run('status', {
        args: ['prod'],
        routes: { ...routes, 'GET /api/baselines/prod': { status: 200, body: prod }, 'GET /api/pause': notPaused },
      });
    };

    expect((await statusOf({ keeps: reserved.slice(1) })).out).toMatch(
      /snat-1\s+firewallPublicIpCount\s+fw-hub \(rg-hub\)\s+4 \(1 reserved\)\s+not needed$/m,
    );
    expect((await statusOf({})).out).toMatch(/fw-hub \(rg-hub\)\s+4\s+not needed$/m);
  });

  it('status puts the reason of an adjustment below it, no wider than the terminal, and says which one does not count', async () => {
    const reason = 'SNAT port utilisation is 88 % on average. '.repeat(9).trim();
    const [adjustment] = summary.adjustments;
    const adjustments = [
      { ...adjustment, overriddenBy: 'more-ips' },
      { ...adjustment, id: 'more-ips', reason },
    ];
    const { out } = await run('status', {
      args: ['prod'],
      routes: {
        ...routes,
        'GET /api/baselines/prod': { status: 200, body: { ...summary, adjustments, spec: {} } },
        'GET /api/pause': notPaused,
      },
    });

    const lines = out.split('\n');
    const rest = lines.slice(lines.indexOf('Adjustments:') + 1);
    const shown = rest.slice(
      0,
      rest.findIndex((line) => !line.startsWith('  ')),
    );
    expect(shown[0]).toMatch(/^ {2}ID\s+KIND\s+TARGET\s+VALUE\s+UNTIL$/);
    expect(shown[1]).toMatch(/^ {2}snat-1 /);
    expect(shown.slice(2, 4)).toEqual(['    SNAT at 95 %.', '    does not count now: more-ips overrides it']);
    expect(shown[4]).toMatch(/^ {2}more-ips /);
    const told = shown.slice(5);
    expect(told.map((line) => line.trim()).join(' ')).toBe(reason);
    expect(told.length).toBeGreaterThan(1);
    for (const line of shown) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('machines get what the app said', async () => {
    expect(JSON.parse((await run('status', { routes, json: true })).out)).toMatchObject({
      baselines: [summary, { name: 'test' }],
    });
    expect(JSON.parse((await run('status', { args: ['prod'], routes, json: true })).out)).toEqual({
      ...summary,
      spec: { name: 'prod' },
    });
  });

  it('operations and approvals are listed', async () => {
    const operations = await run('operations', { args: ['prod'], options: { limit: '2' }, routes });
    const approvals = await run('approvals', { args: ['prod'], options: { full: true }, routes });

    expect(operations.world.received[0]?.query).toEqual({ baseline: 'prod', limit: '2' });
    expect(operations.out).toMatch(/prod-17\s+prod\s+put\s+running\s+1\/3\s+30 min\s+2026-03-01 09:00Z/);
    expect(operations.out).toContain('--continuation more');
    expect(approvals.world.received[0]?.query).toEqual({ baseline: 'prod' });
    expect(approvals.out).toMatch(
      new RegExp(
        `${HASH}  prod\\n.*1 to delete.*\\n.*asked for by hubkeeper; expires 2026-03-02 00:00Z\n.*because \\(hubkeeper\\): SNAT port utilisation is 88 %\\.`,
      ),
    );
    expect(approvals.out).toContain('!! destructive');
  });

  it('follow --no-wait looks once', async () => {
    expect(await run('follow', { args: ['prod-17'], options: { wait: false }, routes })).toMatchObject({
      exitCode: 0,
      calls: ['GET /api/operations/prod-17'],
      out: expect.stringContaining('running  prod: 1 of 3'),
    });
  });

  it.each([
    ['failed', ended('failed'), 1],
    ['stopped', { status: 200, body: operationOf('stopped', { supersededBy: 'prod-18' }) }, 1],
    ['succeeded', ended(), 0],
    ['waiting', waiting, 3],
  ])('follow --no-wait tells the shell how it stands: %s', async (_, answer, exitCode) => {
    const took = { 'GET /api/operations/prod-18': ended() };
    const wanted = { ...took, 'GET /api/operations/prod-17': answer };

    expect(await run('follow', { args: ['prod-17'], options: { wait: false }, routes: wanted })).toMatchObject({
      exitCode,
    });
  });

  it.each([
    ['ok', 200, 0],
    ['degraded', 200, 0],
    ['failed', 503, 1],
  ])('health %s (%d) ends with %d', async (status, http, exitCode) => {
    const checks = [
      {
        name: 'driftTimer',
        state: 'failed',
        message: 'Last ran 3 h ago.',
        remedy: 'Restart the app.',
        at: '2026-03-01T06:00:00Z',
      },
    ];
    const result = await run('health', { routes: { 'GET /api/health': { status: http, body: { status, checks } } } });

    expect(result).toMatchObject({
      exitCode,
      out: expect.stringMatching(/driftTimer\s+failed\s+2026-03-01 06:00Z\s+Last ran 3 h ago\. Restart the app\./),
    });
  });
});

describe('journal', () => {
  const entry = (reason: string) => ({
    at: '2026-03-01T09:00:00Z',
    baseline: 'prod',
    operationId: 'prod-17',
    trigger: 'put',
    resource: FIREWALL,
    decision: 'created',
    reason,
    before: null,
    after: { a: 1 },
  });
  const pages: FakeRoutes = {
    'GET /api/journal': (call) =>
      call.query.continuation === 'two'
        ? { status: 200, body: { entries: [entry('The second.')], next: null } }
        : { status: 200, body: { entries: [entry('The first.')], next: 'two' } },
    'GET /api/pause': { status: 200, body: { paused: false, at: '2026-03-01T12:00:00Z' } },
  };

  it('asks for what is wanted and says how to read on', async () => {
    const result = await run('journal', {
      args: ['prod'],
      options: { since: '2h', operation: 'prod-17', resource: FIREWALL, limit: '1' },
      routes: pages,
    });

    expect(result.world.received.at(-1)?.query).toEqual({
      baseline: 'prod',
      since: '2026-03-01T10:00:00.000Z',
      operation: 'prod-17',
      resource: FIREWALL,
      limit: '1',
    });
    expect(result.out).toContain('2026-03-01 09:00Z  created  fw-hub (rg-hub)  prod · prod-17 · put');
    expect(result.out).toContain('The first.');
    expect(result.out).toContain('--continuation two');
    expect(result.out).not.toContain('before:');
  });

  it('shows the newest without a time, and says that there are earlier ones', async () => {
    const first = await run('journal', { args: ['prod'], options: { resource: FIREWALL }, routes: pages });
    const back = await run('journal', { args: ['prod'], options: { continuation: 'two' }, routes: pages });

    expect(first.world.received.at(-1)?.query).toEqual({ baseline: 'prod', resource: FIREWALL, order: 'newest' });
    expect(first.out.trimEnd().split('\n').at(-1)).toBe('Earlier entries: --since 2d, --continuation two, or --all');
    expect(back.world.received.at(-1)?.query).toEqual({ baseline: 'prod', continuation: 'two', order: 'newest' });
    expect(back.out).not.toContain('Earlier');
  });

  it('shows of a drift what was found and what is declared', async () => {
    const drift = {
      ...entry('It was changed.'),
      decision: 'drift found',
      before: { 'properties.x': 1 },
      after: { 'properties.x': 2 },
    };
    const routes = { 'GET /api/journal': { status: 200, body: { entries: [drift], next: null } } };

    expect((await run('journal', { routes })).out).toContain('    properties.x: found 1, declared 2');
  });

  it.each(['drift found', 'drift gone', 'waiting', 'refused'])(
    'labels the sides of "%s" as found and declared: nobody has changed the one into the other',
    async (decision) => {
      const sides = { before: { 'properties.x': 'Internet' }, after: {} };
      const body = { entries: [{ ...entry('It is so.'), decision, ...sides }], next: null };
      const routes = { 'GET /api/journal': { status: 200, body } };
      const { out } = await run('journal', { routes, options: { full: true } });

      expect(out).toContain('    found:    {"properties.x":"Internet"}\n    declared: {}\n');
      expect(out).not.toMatch(/before|after/);
    },
  );

  it('shows long values of a drift below each other, each with its label', async () => {
    const [before, after] = [{ 'properties.x': 'a'.repeat(50) }, { 'properties.x': 'b'.repeat(50) }];
    const body = { entries: [{ ...entry('It is so.'), decision: 'drift found', before, after }], next: null };
    const { out } = await run('journal', { routes: { 'GET /api/journal': { status: 200, body } } });

    expect(out).toMatch(/ {4}properties\.x:\n {6}found: {4}"a+"\n {6}declared: "b+"\n/);
  });

  it.each([
    ['updated', { 'properties.x': 1 }, { 'properties.x': 2 }],
    ['refused', undefined, { code: 'ModeObserve' }],
  ])('keeps before and after for what was changed, and for figures: %s', async (decision, before, after) => {
    const { before: _, ...rest } = entry('It is so.');
    const line = { ...rest, decision, after, ...(before === undefined ? {} : { before }) };
    const routes = { 'GET /api/journal': { status: 200, body: { entries: [line], next: null } } };
    const { out } = await run('journal', { routes, options: { full: true } });

    expect(out).toContain('    after:  {');
    expect(out).not.toMatch(/found:|declared:/);
  });

  it('keeps its sentences within the width of a terminal, and whole where it is piped', async () => {
    const reason = `The firewall is short of ports. ${'It is looked at again in a while. '.repeat(10)}`.trim();
    const long = { ...entry(reason), operationId: 'a-baseline-with-a-long-name-1234', by: 'somebody@contoso.com' };
    const routes = { 'GET /api/journal': { status: 200, body: { entries: [long], next: null } } };
    const shown = (await run('journal', { routes, terminal: true })).out.trimEnd().split('\n');
    const piped = (await run('journal', { routes })).out.trimEnd().split('\n');

    for (const line of shown) expect(line.length).toBeLessThanOrEqual(120);
    expect(shown.map((line) => line.trim()).join(' ')).toContain(reason);
    expect(piped).toHaveLength(2);
    expect(piped[1]).toBe(`    ${reason}`);
  });

  it('--all reads to the end', async () => {
    const result = await run('journal', { args: ['prod'], options: { all: true, full: true }, routes: pages });
    const machines = await run('journal', { args: ['prod'], options: { all: true }, routes: pages, json: true });

    expect(result.world.received.at(-1)?.query).not.toHaveProperty('order');

    expect(result.out).toMatch(/The first\.[\s\S]*before: null[\s\S]*after: {2}\{"a":1\}[\s\S]*The second\./);
    expect(JSON.parse(machines.out)).toMatchObject({
      entries: [{ reason: 'The first.' }, { reason: 'The second.' }],
      next: null,
    });
  });

  it.each([{ resource: 'fw-hub' }, { limit: 'many' }, { operation: 'a/b' }])(
    'refuses %j without a call',
    async (options) => {
      expect(await run('journal', { options })).toMatchObject({ exitCode: 2, calls: [] });
    },
  );
});

describe('deciding', () => {
  it.each([
    ['approve', 'Approved', true],
    ['reject', 'Rejected', false],
  ])('%s sends the decision with its comment', async (verb, word, goesOn) => {
    const routes: FakeRoutes = {
      [`POST /api/approvals/${HASH}`]: (call) => ({
        status: 200,
        body: { planHash: HASH, decision: JSON.parse(call.body).decision, baseline: 'prod', operationId: 'prod-17' },
      }),
    };
    const result = await run(verb, { args: [HASH], options: { comment: 'Agreed.' }, routes });

    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.world.received[0]?.body ?? '')).toEqual({ decision: verb, comment: 'Agreed.' });
    expect(result.out).toContain(`${word} ${HASH} of prod.`);
    expect(result.out.includes('hubkeeper follow prod-17')).toBe(goesOn);
  });

  it.each([404, 409, 410, 403])('fails with 1 on %d, in the words of the app', async (status) => {
    const errors = [{ code: 'X', path: '', message: 'It cannot be.', remedy: 'Do that.' }];

    expect(
      await run('approve', { args: [HASH], routes: { [`POST /api/approvals/${HASH}`]: { status, body: { errors } } } }),
    ).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/It cannot be\.[\s\S]*Do that\./),
    });
  });

  it('refuses what is no hash, and a comment of two lines', async () => {
    expect(await run('approve', { args: ['x/y'] })).toMatchObject({ exitCode: 2, calls: [] });
    expect(await run('approve', { args: [HASH], options: { comment: 'a\nb' } })).toMatchObject({
      exitCode: 2,
      calls: [],
    });
  });
});

describe('holding and adjusting', () => {
  const until = '2026-03-01T18:00:00Z';

  it('hold sends who, why, until when and what', async () => {
    const routes = {
      'PUT /api/baselines/prod/hold': { status: 200, body: { owner: 'duty', reason: 'INC-1', until, scope: 'egress' } },
    };
    const result = await run('hold', {
      args: ['prod'],
      options: { owner: 'duty', reason: 'INC-1', until, scope: 'egress' },
      routes,
    });

    expect(JSON.parse(result.world.received[0]?.body ?? '')).toEqual({
      owner: 'duty',
      reason: 'INC-1',
      until,
      scope: 'egress',
    });
    expect(result).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('prod (egress) is on hold until 2026-03-01 18:00Z.'),
    });
  });

  it("hold counts a duration from the app's clock", async () => {
    const result = await run('hold', {
      args: ['prod'],
      options: { owner: 'duty', reason: 'INC-1', until: '4h' },
      routes: {
        'PUT /api/baselines/prod/hold': {
          status: 200,
          body: { owner: 'duty', reason: 'INC-1', until: '2031-01-01T04:00:00.000Z' },
        },
        'GET /api/pause': { status: 200, body: { paused: false, at: '2031-01-01T00:00:00Z' } },
      },
    });

    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.world.received.at(-1)?.body ?? '')).toMatchObject({ until: '2031-01-01T04:00:00.000Z' });
  });

  it('release needs no body and no answer', async () => {
    expect(
      await run('release', {
        args: ['prod'],
        routes: { 'DELETE /api/baselines/prod/hold': { status: 204 } },
        json: true,
      }),
    ).toMatchObject({ exitCode: 0, err: '' });
  });

  it.each([
    ['4', 4],
    ['0.5', 0.5],
    ['["203.0.113.7"]', ['203.0.113.7']],
    ['203.0.113.7', '203.0.113.7'],
    ['true', true],
  ])('adjust reads the value %s', async (text, value) => {
    const result = await run('adjust', {
      args: ['prod', 'more'],
      options: { kind: 'firewallPublicIps', target: 'fw-hub', value: text, reason: 'Load test', until },
      routes: { 'PUT /api/baselines/prod/adjustments/more': accepted },
    });

    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.world.received[0]?.body ?? '')).toEqual({
      kind: 'firewallPublicIps',
      target: 'fw-hub',
      value,
      reason: 'Load test',
      until,
    });
  });

  it.each(['{"count": 3', "{'count': 3}", '["a"', '"open'])(
    'adjust sends nothing where %s is meant as JSON and is none',
    async (value) => {
      const result = await run('adjust', {
        args: ['prod', 'more'],
        options: { kind: 'firewallPublicIpCount', target: 'fw-hub', value, reason: 'Load test', until },
      });

      expect(result).toMatchObject({
        exitCode: 2,
        calls: [],
        err: expect.stringContaining('--value is not valid JSON'),
      });
    },
  );

  it('adjust says what holds as the app recorded it', async () => {
    const adjustment = {
      id: 'more',
      kind: 'firewallPublicIpCount',
      scope: 'egress',
      target: FIREWALL,
      value: 4,
      reason: 'Load test',
      since: '2026-03-01T09:00:00Z',
      until,
    };

    expect(
      await run('adjust', {
        args: ['prod', 'more'],
        options: { kind: 'firewallPublicIpCount', target: 'FW-HUB', value: '4', reason: 'Load test', until },
        routes: {
          'PUT /api/baselines/prod/adjustments/more': { status: 202, body: { operationId: 'prod-17', adjustment } },
        },
      }),
    ).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('firewallPublicIpCount of fw-hub (rg-hub) is 4 until'),
    });
  });

  describe('where addresses go', () => {
    const relief = {
      id: 'snat-relief',
      kind: 'firewallPublicIpCount',
      scope: 'egress',
      target: FIREWALL,
      value: { count: 5, detached: [], reserved: [] },
      reason: 'SNAT',
      since: '2026-03-01T09:00:00Z',
      until: null,
    };
    const kept = { name: 'pip-fw-03', until: '2026-03-08T00:00:00Z' };
    const effect = {
      overrides: [relief],
      countAgain: [],
      takesOff: ['pip-fw-03', 'pip-fw-04'],
      deletes: ['pip-fw-04'],
      keeps: [kept],
    };
    const body = { baseline: 'prod', operationId: 'prod-17', effect };
    const routes: FakeRoutes = {
      'PUT /api/baselines/prod/adjustments/few': ({ query }) => ({ status: query.dryRun === 'true' ? 200 : 202, body }),
      'DELETE /api/baselines/prod/adjustments/few': ({ query }) => ({
        status: query.dryRun === 'true' ? 200 : 202,
        body: { ...body, effect: { ...effect, overrides: [], countAgain: [relief] } },
      }),
    };
    const options = { kind: 'firewallPublicIpCount', target: 'fw-hub', value: '4', reason: 'Load test', until };
    const adjust = (more: Partial<Run> = {}) => run('adjust', { args: ['prod', 'few'], options, routes, ...more });
    const dryRuns = ({ world }: Awaited<ReturnType<typeof run>>) => world.received.map(({ query }) => query.dryRun);

    it('adjust says so before it asks, and does nothing without a yes', async () => {
      const refused = await adjust({ terminal: true, answers: [''] });
      const accepted = await adjust({ terminal: true, answers: ['y'] });

      expect(refused.world.asked).toEqual(['Adjust prod like this? [y/N] ']);
      expect(refused).toMatchObject({ exitCode: 1, out: expect.stringContaining('Nothing was changed.') });
      for (const line of [
        'It overrides snat-relief (5) until 2026-03-01 18:00Z; then that counts again.',
        'Off the firewall go pip-fw-03, pip-fw-04: connections on them break.',
        'Deleted is pip-fw-04: nobody gets it back;',
        'Kept until 2026-03-08 00:00Z, on no firewall: pip-fw-03.',
      ])
        expect(refused.out).toContain(line);
      expect(dryRuns(refused)).toEqual(['true']);
      expect(accepted.exitCode).toBe(0);
      expect(dryRuns(accepted)).toEqual(['true', undefined]);
    });

    it('unadjust does as well, and says what counts again', async () => {
      const result = await run('unadjust', { args: ['prod', 'few'], routes, terminal: true, answers: ['n'] });

      expect(result.world.asked).toEqual(['End adjustment few of prod? [y/N] ']);
      expect(result.out).toContain('snat-relief (5) counts again.');
      expect(result).toMatchObject({ exitCode: 1, calls: ['DELETE /api/baselines/prod/adjustments/few'] });
      expect(dryRuns(result)).toEqual(['true']);
    });

    it.each([
      ['with --yes', { yes: true, terminal: true }],
      ['where there is no terminal', {}],
      ['with --json', { json: true, terminal: true }],
    ])('%s nobody is asked, and the answer says it', async (_, more) => {
      const result = await adjust(more);

      expect(result.world.asked).toEqual([]);
      expect(dryRuns(result)).toEqual([undefined]);
      expect(result.out).toContain('pip-fw-04');
    });

    it('nobody is asked where none goes', async () => {
      const harmless = { ...body, effect: { ...effect, takesOff: [], deletes: [] } };
      const result = await adjust({
        terminal: true,
        routes: {
          'PUT /api/baselines/prod/adjustments/few': ({ query }) => ({
            status: query.dryRun === 'true' ? 200 : 202,
            body: harmless,
          }),
        },
      });

      expect(result.world.asked).toEqual([]);
      expect(result).toMatchObject({ exitCode: 0, out: expect.stringContaining('It overrides snat-relief (5)') });
    });
  });

  it('unadjust ends one', async () => {
    expect(
      await run('unadjust', {
        args: ['prod', 'more'],
        routes: { 'DELETE /api/baselines/prod/adjustments/more': accepted },
      }),
    ).toMatchObject({ exitCode: 0, out: expect.stringContaining('hubkeeper follow prod-17') });
  });

  it('everything that is wrong is said at once, before any call', async () => {
    const result = await run('hold', { args: ['prod'], options: { owner: 'é', reason: ' ', until, scope: '!' } });

    expect(result).toMatchObject({ exitCode: 2, calls: [] });
    for (const field of ['owner', 'reason', 'scope']) expect(result.err).toContain(`error: ${field} must be`);
  });
});

describe('stopping', () => {
  it('stop, pause and resume say what they did', async () => {
    const routes: FakeRoutes = {
      'POST /api/operations/prod-17/stop': { status: 202, body: operationOf('running') },
      'PUT /api/pause': { status: 200, body: { paused: true } },
      'DELETE /api/pause': notPaused,
    };

    expect(await run('stop', { args: ['prod-17'], routes })).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('starts nothing more'),
    });
    expect(await run('pause', { options: { reason: 'Azure outage' }, routes })).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('hubkeeper resume'),
    });
    expect(await run('resume', { routes })).toMatchObject({ exitCode: 0, out: 'Not paused any more.\n' });
  });

  it('resume fails when an app setting holds the switch', async () => {
    expect(
      await run('resume', { routes: { 'DELETE /api/pause': { status: 200, body: { paused: true } } } }),
    ).toMatchObject({ exitCode: 1, out: expect.stringContaining('An app setting keeps it so') });
  });

  it('resume fails when nothing is paused', async () => {
    const errors = [errorOf('NotPaused', 'Nothing is paused.')];

    expect(await run('resume', { routes: { 'DELETE /api/pause': { status: 404, body: { errors } } } })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('Nothing is paused.'),
    });
  });
});

describe('egress', () => {
  const firewall = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/fw';
  const address = {
    id: '/x/pip-fw',
    name: 'pip-fw',
    address: '203.0.113.7',
    state: 'inUse',
    origin: 'made',
    through: firewall,
  };
  const listed = {
    baseline: 'prod',
    at: '2026-03-01T09:00:00Z',
    addresses: [address, { ...address, name: 'pip-fw-03', address: null, state: 'aboutToBeUsed' }],
    prefixes: [
      {
        id: '/x/ippre',
        name: 'ippre',
        prefix: '203.0.113.0/28',
        addresses: 16,
        taken: 3,
        origin: 'made',
        through: firewall,
      },
    ],
  };
  const routes: FakeRoutes = {
    'GET /api/baselines/prod/egress-addresses': { status: 200, body: listed },
    'PUT /_sim/traffic': { status: 200, body: {} },
  };

  it('egress-addresses lists prefixes first, then each address with its state', async () => {
    const { exitCode, out } = await run('egress-addresses', { args: ['prod'], routes });

    expect(exitCode).toBe(0);
    expect(out).toMatch(/203\.0\.113\.0\/28\s+ippre\s+3 of 16/);
    expect(out).toMatch(/203\.0\.113\.7\s+pip-fw\s+in use/);
    expect(out).toMatch(/none yet\s+pip-fw-03\s+about to be used/);
  });

  it('egress-addresses says until when a reserved one is kept', async () => {
    const reserved = { ...address, state: 'reserved' };
    const addresses = [
      { ...reserved, reservedUntil: '2026-03-08T00:00:00Z' },
      { ...reserved, name: 'pip-fw-02' },
    ];
    const body = { ...listed, addresses };
    const { out } = await run('egress-addresses', {
      args: ['prod'],
      routes: { 'GET /api/baselines/prod/egress-addresses': { status: 200, body } },
    });

    expect(out).toMatch(/pip-fw\s+reserved until 2026-03-08 00:00Z\s+made/);
    expect(out).toMatch(/pip-fw-02\s+reserved\s+made/);
  });

  it('egress-addresses --json gives scripts the whole answer on stdout and nothing else', async () => {
    const { exitCode, out, err } = await run('egress-addresses', { args: ['prod'], routes, json: true });

    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual(listed);
    expect(err).toBe('');
  });

  it.each([
    ['nothing', [], /^No public addresses\.$/m],
    [
      'an address of others',
      [{ ...address, state: 'reserved', origin: 'foreign' }],
      /203\.0\.113\.7\s+pip-fw\s+reserved\s+foreign\s+fw \(rg\)/,
    ],
  ])('egress-addresses shows %s, and no prefixes where there are none', async (_what, addresses, shown) => {
    const body = { ...listed, addresses, prefixes: [] };

    const { exitCode, out } = await run('egress-addresses', {
      args: ['prod'],
      routes: { 'GET /api/baselines/prod/egress-addresses': { status: 200, body } },
    });

    expect(exitCode).toBe(0);
    expect(out).toMatch(shown);
    expect(out).not.toContain('PREFIX');
  });

  it('egress-addresses fails for a baseline that is not there', async () => {
    const errors = [{ code: 'BaselineNotFound', path: 'name', message: 'There is none.', remedy: 'Name another.' }];

    const result = await run('egress-addresses', {
      args: ['other'],
      routes: { 'GET /api/baselines/other/egress-addresses': { status: 404, body: { errors } } },
      json: true,
    });

    expect(result.exitCode).toBe(1);
    expect(JSON.parse(result.out)).toMatchObject({ errors });
  });

  it('simulate changes the traffic of the firewall, and takes nothing else for ports', async () => {
    const { exitCode, world } = await run('simulate', {
      args: ['snat', 'prod'],
      options: { ports: 'tcp=13000,UDP=4' },
      files: {
        '/here/.hubkeeper/ready.json': JSON.stringify({
          functions: 'http://f',
          arm: 'https://127.0.0.1:7',
          caFile: '/ca.pem',
        }),
        '/ca.pem': 'certificate',
      },
      routes,
    });

    expect(exitCode).toBe(0);
    expect(JSON.parse(world.received.at(-1)?.body ?? '')).toEqual({
      firewalls: { [firewall]: { snatPortsInUse: { TCP: 13000, UDP: 4 } } },
    });
    for (const ports of ['13000', 'ICMP=3', 'TCP=-1', ''])
      expect(await run('simulate', { args: ['snat', 'prod'], options: { ports }, routes })).toMatchObject({
        exitCode: 2,
        calls: [],
      });
    expect(await run('simulate', { args: ['snat', 'prod'], options: {}, routes })).toMatchObject({ exitCode: 2 });
    expect(await run('simulate', { args: ['rain', 'prod'], options: { ports: 'TCP=1' }, routes })).toMatchObject({
      exitCode: 2,
    });
  });

  it('simulate drift opens a rule of a security group as somebody else, and says what comes next', async () => {
    const spec = parse(readFileSync('samples/aks-baseline.yaml', 'utf8'));
    const group = `/subscriptions/${spec.hub.subscriptionId}/resourceGroups/rg-enterprise-networking-spokes/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-bu0001a0008-snet-clusternodes`;
    const others = { name: 'Other', properties: { sourceAddressPrefix: '10.0.0.0/8' } };
    const opened = { priority: 110, access: 'Allow' };
    const rule = (source: object) => ({ name: 'AllowClusterInbound', properties: { ...opened, ...source } });
    const bodyWith = (source: object) => ({ id: group, properties: { securityRules: [others, rule(source)] } });
    const files = {
      '/here/.hubkeeper/ready.json': JSON.stringify({ arm: 'https://127.0.0.1:7', caFile: '/ca.pem' }),
      '/ca.pem': 'certificate',
    };
    const simulated: FakeRoutes = {
      'GET /api/baselines/prod': { status: 200, body: { ...summary, hold: null, spec } },
      'GET /api/pause': notPaused,
      [`GET ${group}`]: { status: 200, body: bodyWith({ sourceAddressPrefixes: ['10.240.0.0/22'] }) },
      [`PUT ${group}`]: { status: 200, body: {} },
    };
    const drift = (options: Record<string, string> = {}, more: object = {}) =>
      run('simulate', { args: ['drift', 'prod'], options, files, routes: { ...simulated, ...more } });

    const { exitCode, out, world } = await drift();
    expect(exitCode).toBe(0);
    const [read, written] = world.received.slice(1, 3);
    expect([read?.method, read?.headers, written?.headers]).toEqual([
      ...['GET', { 'x-sim-principal': 'colleague' }, { 'x-sim-principal': 'colleague' }],
    ]);
    expect(JSON.parse(written?.body ?? '')).toEqual(bodyWith({ sourceAddressPrefix: 'Internet' }));
    expect(out).toContain(
      'colleague has opened the rule AllowClusterInbound of nsg-vnet-spoke-bu0001a0008-snet-clusternodes',
    );
    expect(out).toContain("drift.mode is 'observe': it is only told");
    expect(out).toContain('hubkeeper journal prod');
    expect((await drift({ resource: group.toUpperCase(), as: 'kim' })).world.received[2]?.headers).toEqual({
      'x-sim-principal': 'kim',
    });
    expect(await drift({ resource: 'nsg-nowhere' })).toMatchObject({ exitCode: 2, calls: ['GET /api/baselines/prod'] });
    expect(await drift({ as: 'a b' })).toMatchObject({ exitCode: 2, calls: [] });
    const gone = { [`GET ${group}`]: { status: 404, body: {} } };
    expect((await drift({}, gone)).exitCode).toBe(1);

    const open = { [`GET ${group}`]: { status: 200, body: bodyWith({ sourceAddressPrefix: 'Internet' }) } };
    const again = await drift({}, open);
    expect(again).toMatchObject({ exitCode: 0, out: expect.stringContaining('is open to the Internet already') });
    expect(again.out).not.toContain('has opened');
    expect(again.calls).not.toContain(`PUT ${group}`);
    const without = { [`GET ${group}`]: { status: 200, body: { id: group, properties: { securityRules: [others] } } } };
    const deleted = await drift({}, without);
    expect(deleted).toMatchObject({ exitCode: 2, err: expect.stringContaining('Somebody has deleted the rule') });
    expect(deleted.calls).not.toContain(`PUT ${group}`);

    const outWhile = async (mode: string, more: object = {}, pause: FakeAnswer = notPaused) => {
      const body = { ...summary, hold: null, spec: { ...spec, drift: { ...spec.drift, mode } }, ...more };
      return (await drift({}, { 'GET /api/baselines/prod': { status: 200, body }, 'GET /api/pause': pause })).out;
    };
    const found = 'It is found within a simulated minute. drift.mode is';
    const lets = "as far as the baseline's mode, drift.policies, budgets, locks and change windows let it.";
    expect(await outWhile('act')).toContain(`${found} 'act'. It is put right, ${lets}`);
    expect(await outWhile('propose')).toContain(`'propose'. It is put right when somebody approves it, ${lets}`);
    expect(await outWhile('off')).toContain('nobody looks for it');
    expect(await outWhile('act', {}, { status: 200, body: { paused: true } })).toContain(
      `${found} 'act'. Everything is paused: it stays until that ends.`,
    );
    expect(await outWhile('act', { hold: summary.hold })).toContain(
      "'act'. The baseline is on hold until 2026-03-01 18:00Z: it stays until that ends.",
    );
    expect(await outWhile('act', { hold: { ...summary.hold, scope: 'egress' } })).toContain(
      'A part of the baseline, egress, is on hold until 2026-03-01 18:00Z: where that covers it, it stays',
    );
    const conflict = {
      ...{ id: group, kind: 'networkSecurityGroup', putRight: [], changedBack: [], stopped: true },
      ...{ path: 'properties.securityRules[AllowClusterInbound].properties.x', until: '2026-03-02T09:00:00Z' },
    };
    const noDrift = { drifts: [], moreDriftsCount: 0, unmanaged: [], unmanagedCount: 0 };
    const contested = { ...noDrift, conflicts: [conflict], foreignEntries: [], foreignEntryCount: 0 };
    expect(await outWhile('act', { drift: contested })).toContain('it is left alone until 2026-03-02 09:00Z.');
  });

  it.each([
    ['drift', { ports: 'TCP=13000' }, '--ports'],
    ['snat', { ports: 'TCP=13000', as: 'kim' }, '--as'],
    ['snat', { ports: 'TCP=13000', resource: 'nsg-a' }, '--resource'],
  ])('simulate %s refuses what it would ignore: %j', async (what, options, option) => {
    expect(await run('simulate', { args: [what, 'prod'], options, routes: {} })).toMatchObject({
      exitCode: 2,
      calls: [],
      err: expect.stringContaining(`simulate ${what} takes no ${option}.`),
    });
  });
});

describe('teardown', () => {
  const routes: FakeRoutes = {
    'DELETE /api/baselines/prod': { status: 202, body: { operationId: 'prod-17', planHash: HASH, plan: riskyPlan } },
    'GET /api/operations/prod-17': [waiting, waiting, ended()],
  };

  it('shows the plan and the hash, waits for the approval and watches', async () => {
    const result = await run('teardown', { args: ['prod'], routes });

    expect(result.exitCode).toBe(0);
    expect(result.out).toContain('- delete fw-hub');
    expect(result.out).toContain(`hubkeeper approve ${HASH}`);
    expect(result.calls.filter((call) => call.startsWith('GET'))).toHaveLength(3);
  });

  it('--no-wait ends with 3 and the hash', async () => {
    const result = await run('teardown', { args: ['prod'], options: { wait: false }, routes, json: true });

    expect(result).toMatchObject({ exitCode: 3, calls: ['DELETE /api/baselines/prod'] });
    expect(JSON.parse(result.out)).toMatchObject({ planHash: HASH, operationId: 'prod-17' });
  });

  it('asks a person for the name of the baseline', async () => {
    const wrong = await run('teardown', { args: ['prod'], routes, terminal: true, answers: ['yes'] });
    const right = await run('teardown', { args: ['prod'], routes, terminal: true, answers: ['prod'] });
    const sure = await run('teardown', { args: ['prod'], routes, terminal: true, yes: true });

    expect(wrong).toMatchObject({ exitCode: 1, calls: [] });
    expect(right.exitCode).toBe(0);
    expect(sure.world.asked).toEqual([]);
  });

  it('fails when the plan is rejected', async () => {
    expect(
      await run('teardown', {
        args: ['prod'],
        routes: { ...routes, 'GET /api/operations/prod-17': [waiting, { status: 200, body: operationOf('stopped') }] },
      }),
    ).toMatchObject({ exitCode: 1 });
  });
});

describe('every verb', () => {
  const filled: Readonly<Record<string, Run>> = {
    plan: { args: ['prod'] },
    apply: { args: ['prod.yaml'] },
    reconcile: { args: ['prod'] },
    follow: { args: ['prod-17'], options: { wait: false } },
    stop: { args: ['prod-17'] },
    status: {},
    operations: {},
    journal: {},
    'egress-addresses': { args: ['prod'] },
    simulate: { args: ['snat', 'prod'], options: { ports: 'TCP=13000' } },
    approvals: {},
    approve: { args: [HASH] },
    reject: { args: [HASH] },
    hold: { args: ['prod'], options: { owner: 'a', reason: 'b', until: '2026-03-01T18:00:00Z' } },
    release: { args: ['prod'] },
    adjust: {
      args: ['prod', 'id'],
      options: { kind: 'k', target: 't', value: '1', reason: 'r', until: '2026-03-01T18:00:00Z' },
    },
    unadjust: { args: ['prod', 'id'] },
    pause: { options: { reason: 'r' } },
    resume: {},
    teardown: { args: ['prod'] },
    health: {},
  };
  const offline = ['validate', 'schema'];

  it('is covered below', () => {
    expect(verbs.map((verb) => verb.name).sort()).toEqual([...Object.keys(filled), ...offline].sort());
  });

  it.each(Object.keys(filled))(
    '%s says in one plain sentence that the app is not there, to people and machines',
    async (name) => {
      const down = { ...createFakeWorld({ files, env: { HUBKEEPER_KEY: 'secret-key' } }) };
      const verb = verbs.find((candidate) => candidate.name === name);
      const input = { args: filled[name]?.args ?? [], options: filled[name]?.options ?? {} };
      const fetchDown: typeof fetch = async () => {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
      };

      const exitCode =
        verb === undefined ? -1 : await runVerb({ ...down, fetch: fetchDown }, verb, input, { json: true, yes: true });

      expect(exitCode).toBe(1);
      expect(JSON.parse(down.out())).toMatchObject({
        errors: [
          {
            code: 'Unreachable',
            path: '',
            message: expect.stringMatching(/\.$/),
            remedy: expect.stringMatching(/\.$/),
          },
        ],
      });
      expect(down.err()).toContain('Nothing answers at https://app.example');
      expect(down.out() + down.err()).not.toContain('secret-key');
    },
  );
});

describe('options', () => {
  const until = '2026-03-01T18:00:00Z';
  it.each([
    ['apply', ['prod.yaml'], { timeout: 'soon' }],
    ['apply', ['prod.yaml'], { ifMatch: 'seven' }],
    ['reconcile', ['prod'], { timeout: '0' }],
    ['teardown', ['prod'], { timeout: '-1' }],
    ['follow', ['prod-17'], { timeout: 'x' }],
    ['operations', ['prod'], { limit: 'all' }],
    ['journal', ['prod'], { since: '2h', limit: '0' }],
    ['journal', ['prod'], { since: '2h', resource: 'fw-hub' }],
    ['hold', ['prod'], { until: '4h', owner: 'é', reason: 'r' }],
    ['adjust', ['prod', 'more'], { kind: 'K!', target: 'fw', value: '1', reason: 'r', until }],
  ])('%s %j with %j fails before anything is called', async (verb, args, options) => {
    expect(await run(verb, { args, options, yes: true })).toMatchObject({ exitCode: 2, calls: [] });
  });
});

describe('a hash that is not whole', () => {
  const approvalOf = (planHash: string) => ({
    planHash,
    baseline: 'prod',
    operationId: 'prod-17',
    requestedBy: 'duty',
    expiresAt: '2026-03-02T09:00:00Z',
    requestedAt: '2026-03-01T09:00:00Z',
    plan: safePlan,
  });
  const unknown = (path: string): FakeAnswer => ({
    status: 404,
    body: {
      errors: [
        {
          code: 'PlanNotFound',
          path,
          message: 'No plan with this hash waits for approval.',
          remedy: 'List the approvals and use the plan hash of one of them.',
        },
      ],
    },
  });
  const routesFor = (...hashes: readonly string[]): FakeRoutes => ({
    'POST /api/approvals/9f2c41d0': unknown('planHash'),
    'GET /api/approvals': { status: 200, body: { approvals: hashes.map(approvalOf) } },
    [`POST /api/approvals/${HASH}`]: {
      status: 200,
      body: { planHash: HASH, decision: 'approve', baseline: 'prod', operationId: 'prod-17' },
    },
  });

  it('is completed when one plan begins so', async () => {
    expect(await run('approve', { args: ['9f2c41d0'], routes: routesFor(HASH, 'a'.repeat(16)) })).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining(`Approved ${HASH} of prod.`),
    });
  });

  it('is refused when several do', async () => {
    const result = await run('approve', { args: ['9f2c41d0'], routes: routesFor(HASH, '9f2c41d0ffffffff') });

    expect(result).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('2 plans that wait begin with 9f2c41d0'),
    });
    expect(result.calls).not.toContain(`POST /api/approvals/${HASH}`);
  });

  it('is unknown when none does, and the remedy is a command', async () => {
    expect(await run('reject', { args: ['9f2c41d0'], routes: routesFor() })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('List what waits for approval: hubkeeper approvals'),
    });
  });
});

describe('hints', () => {
  it('call the command line as it was called', async () => {
    const routes: FakeRoutes = { 'PUT /api/baselines/prod': accepted };
    const options = { wait: false };

    expect((await run('apply', { args: ['prod.yaml'], options, routes })).out).toContain('hubkeeper follow prod-17');
    expect(
      (await run('apply', { args: ['prod.yaml'], options, routes, env: { npm_lifecycle_event: 'hubkeeper' } })).out,
    ).toContain('npm run hubkeeper -- follow prod-17');
  });
});

describe('what stands in the way', () => {
  it('plan of a stored baseline mentions a hold and a pause', async () => {
    const result = await run('plan', {
      args: ['prod'],
      routes: {
        'POST /api/baselines/prod/plan': { status: 200, body: { ...safePlan, baseline: 'prod' } },
        'GET /api/baselines/prod': { status: 200, body: { ...summary, spec: {} } },
        'GET /api/pause': { status: 200, body: { paused: true, by: 'duty', reason: 'Azure outage', since: '' } },
      },
    });

    expect(result.out).toContain('Hold: everything until 2026-03-01 18:00Z, duty: INC-1');
    expect(result.out).toContain('Paused by duty: Azure outage. Nothing is written.');
  });

  it('plan of a new baseline asks for no hold in vain', async () => {
    const result = await run('plan', {
      args: ['prod.yaml'],
      routes: {
        'PUT /api/baselines/prod': { status: 200, body: { ...safePlan, baseline: 'prod' } },
        'GET /api/pause': notPaused,
      },
    });

    expect(result.exitCode).toBe(0);
  });

  it('status shows what is going on, and that a baseline is gone', async () => {
    const busy = { ...summary, spec: {}, currentOperationId: 'prod-17', teardown: true };
    const one = await run('status', {
      args: ['prod'],
      routes: {
        'GET /api/baselines/prod': { status: 200, body: busy },
        'GET /api/pause': notPaused,
        'GET /api/operations/prod-17': waiting,
      },
    });
    const all = await run('status', {
      routes: {
        'GET /api/baselines': {
          status: 200,
          body: { baselines: [busy, { ...summary, name: 'old', version: 0, hold: null, adjustments: [] }] },
        },
        'GET /api/pause': notPaused,
      },
    });

    expect(one.out).toContain('Now: tearing down');
    expect(one.out).toContain('waits: vnet-hub (rg-hub): A delete needs approval.');
    expect(all.out).toContain('teardown prod-17');
    expect(all.out).toMatch(/old\s+torn down/);
  });
});

describe('status while ports are short and nobody acts', () => {
  const reaction = {
    ...{ kind: 'relieveSnatExhaustion', target: FIREWALL, state: 'nothingUnderWay', openAlertCount: 1 },
    ...{ openSince: '2026-03-01T05:10:00Z', valuePercent: 86.8, code: 'ModeObserve', why: 'Nothing is changed.' },
    ...{ at: '2026-03-01T05:12:00Z', until: null, operationId: 'prod-7' },
  };
  const short = { ...summary, reactions: [reaction] };
  const routes: FakeRoutes = {
    'GET /api/baselines': { status: 200, body: { baselines: [short, { ...summary, name: 'test', reactions: [] }] } },
    'GET /api/baselines/prod': { status: 200, body: { ...short, spec: {} } },
    'GET /api/pause': notPaused,
  };
  const text = 'Egress: alert open since 2026-03-01 05:10Z, 86.8 % as it said, not acted on: egress.mode is observe';

  it('is not clean, neither in the list nor by itself', async () => {
    const all = (await run('status', { routes })).out;
    const one = (await run('status', { args: ['prod'], routes })).out;

    expect(all).toContain(`\nprod  ${text}\nMore of it: hubkeeper status NAME\n`);
    expect(all).not.toContain('test  Egress');
    expect(one).toContain(`\n${text}\n  fw-hub (rg-hub)\n  Nothing is changed. (2026-03-01 05:12Z)\n`);
  });
});

describe('what is going on in the list of baselines', () => {
  const live = (id: string, state: string, ...kinds: readonly string[]) => ({
    ...{ id, trigger: 'put', state },
    waitingFor: kinds.map((kind) => ({ kind, reason: 'It is so.' })),
  });
  const nowOf = async (liveOperations: readonly object[]) => {
    const busy = { ...summary, currentOperationId: 'prod-18', liveOperations };
    const body = { baselines: [busy] };
    const { out } = await run('status', {
      routes: { 'GET /api/baselines': { status: 200, body }, 'GET /api/pause': notPaused },
    });
    return /08:00Z {2}(?<now>.*?) {2}/.exec(out)?.groups?.now;
  };

  it.each([
    ['approval', 'prod-18 waits for approval'],
    ['changeWindow', 'prod-18 waits for change window'],
    ['hold', 'prod-18 waits for hold'],
  ])('is what it waits for: %s', async (kind, text) => {
    expect(await nowOf([live('prod-18', 'waiting', kind, kind)])).toBe(text);
  });

  it('tells what goes on from what waits', async () => {
    expect(await nowOf([live('prod-18', 'running')])).toBe('prod-18');
    expect(await nowOf([live('prod-18', 'running', 'approval')])).toBe('prod-18 runs and waits for approval');
    expect(await nowOf([live('prod-18', 'running'), live('prod-17', 'waiting', 'approval', 'budget')])).toBe(
      'prod-18, prod-17 waits for approval and budget',
    );
    expect(await nowOf([])).toBe('prod-18');
  });
});

describe('status while an operation has stepped in before one that waits', () => {
  it('shows both', async () => {
    const busy = { ...summary, spec: {}, currentOperationId: 'prod-18', setAsideOperationId: 'prod-17' };
    const stepped = operationOf('running', { id: 'prod-18', trigger: 'drift', requestedBy: 'hubkeeper' });
    const result = await run('status', {
      args: ['prod'],
      routes: {
        'GET /api/baselines/prod': { status: 200, body: busy },
        'GET /api/pause': notPaused,
        'GET /api/operations/prod-18': { status: 200, body: stepped },
        'GET /api/operations/prod-17': waiting,
      },
    });

    expect(result.out).toContain('Now: reconciling, started by hubkeeper');
    expect(result.out).toContain('prod-18');
    expect(result.out).toMatch(/Set aside meanwhile, started by [a-z]+\n\s+waiting\b.*prod-17/);
    expect(result.out).toContain('waits: vnet-hub (rg-hub): A delete needs approval.');
  });
});

describe('status while an operation waits beside another one', () => {
  it('shows both', async () => {
    const busy = { ...summary, spec: {}, currentOperationId: 'prod-17', besideOperationIds: ['prod-18'] };
    const beside = operationOf('waiting', { id: 'prod-18', trigger: 'adjustment', requestedBy: 'hubkeeper' });
    const result = await run('status', {
      args: ['prod'],
      routes: {
        'GET /api/baselines/prod': { status: 200, body: busy },
        'GET /api/pause': notPaused,
        'GET /api/operations/prod-18': { status: 200, body: beside },
        'GET /api/operations/prod-17': waiting,
      },
    });

    expect(result.out).toMatch(/Now: reconciling, started by [a-z]+\n\s+waiting\b.*prod-17/);
    expect(result.out).toMatch(/Waits beside, started by hubkeeper\n\s+waiting\b.*prod-18/);
  });
});

describe('the end of an operation', () => {
  it('names who stopped it, and what took over', async () => {
    const stopped = await run('follow', {
      args: ['prod-17'],
      routes: {
        'GET /api/operations/prod-17': { status: 200, body: operationOf('stopped') },
        'GET /api/journal': {
          status: 200,
          body: {
            entries: [
              { at: '2026-03-01T09:00:00Z', trigger: 'stop', decision: 'stop requested', reason: 'r', by: 'duty' },
            ],
            next: null,
          },
        },
      },
    });
    const superseded = await run('follow', {
      args: ['prod-17'],
      routes: {
        'GET /api/operations/prod-17': { status: 200, body: operationOf('stopped', { supersededBy: 'prod-18' }) },
        'GET /api/operations/prod-18': {
          status: 200,
          body: operationOf('running', { id: 'prod-18', requestedBy: 'kim' }),
        },
      },
    });

    expect(stopped.out).toContain('Stopped by duty.');
    expect(superseded.out).toContain('Operation prod-18 (put of kim) took over with a newer desired state.');
  });

  it('says what the mode kept from being made', async () => {
    const why = "The baseline's mode is 'observe': nothing is written.";
    const refused = [FIREWALL, VNET].map((id) => ({ id, code: 'ModeForbidsWrites', why }));
    const result = await run('follow', {
      args: ['prod-17'],
      routes: {
        'GET /api/operations/prod-17': {
          status: 200,
          body: operationOf('succeeded', { progress: { done: 0, total: 0, criticalPathMinutesLeft: 0 }, refused }),
        },
      },
    });

    expect(result.out).toContain('prod: nothing was written');
    expect(result.out).toContain(`2 changes were not made: fw-hub (rg-hub) and vnet-hub (rg-hub). ${why}`);
  });
});

describe('teardown of a baseline with nothing left', () => {
  it('needs nobody', async () => {
    const result = await run('teardown', {
      args: ['prod'],
      yes: true,
      options: { wait: false },
      routes: {
        'DELETE /api/baselines/prod': {
          status: 202,
          body: { operationId: 'prod-17', planHash: HASH, plan: planOf([]) },
        },
      },
    });

    expect(result).toMatchObject({ exitCode: 0, out: expect.stringContaining('Nothing of prod is left to remove.') });
    expect(result.out).not.toContain('approve');
  });
});

describe('being ended by another process', () => {
  it('says nothing of following', async () => {
    const running = { status: 200, body: operationOf('running') };
    const routes: FakeRoutes = { 'GET /api/operations/prod-17': running };
    const byProcess = await run('follow', { args: ['prod-17'], routes, interruptAtSleep: 1, interrupter: 'process' });
    const byPerson = await run('follow', { args: ['prod-17'], routes, interruptAtSleep: 1 });

    expect(byProcess).toMatchObject({ exitCode: 130, out: '' });
    expect(byPerson.out).toContain('Follow it: hubkeeper follow prod-17');
  });
});
