import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OperationBody } from '../../../lib/api/operation.ts';
import type { OutboundEvent } from '../../../lib/azure/event-publisher.ts';
import { valuesAt } from '../../../lib/baseline/kind-support/references.ts';
import type { Dependencies } from '../../../lib/dependencies.ts';
import type { DriftRecord } from '../../../lib/drift/drift-record.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { operationBody } from '../../../lib/reconcile/operation-body.ts';
import type { ReconcileRequest } from '../../../lib/state/baseline-head.ts';
import { DriftRecordUnreadableError } from '../../../lib/state/drift-record-store.ts';
import { type ChangeHint, NO_DRIFT_WATCH } from '../../../lib/state/drift-watch.ts';
import type { JournalEntry } from '../../../lib/state/journal.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north';
const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const SECURITY_GROUP = `${GROUP}-a/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-a-snet-a`;
const RETENTION = 'properties.retentionInDays';
const HOUR_SECONDS = 3_600;
const ALICE = { name: 'alice@contoso.com', objectId: null, appId: null };

let events: OutboundEvent[];
let dependencies: Dependencies & { readonly arm: FakeAzure };
let reconciling: Reconciling;

beforeEach(() => {
  events = [];
  dependencies = {
    ...memoryDependencies(),
    events: {
      listens: true,
      publish: async (event) => {
        events.push(event);
        return { outcome: 'published', attempts: 1 };
      },
    },
  };
  reconciling = new Reconciling(dependencies, NAME);
});

async function provisioned(more: JsonObject = { drift: { mode: 'act' } }): Promise<void> {
  await reconciling.put(smallSpec(NAME, ['a'], { tags: { owner: 'net' }, ...more }), 'ann');
  await reconciling.settle();
}

/** Somebody's edit of one property under `properties`, some time after the last write. */
function edit(id: string, changes: Readonly<Record<string, Json>>): void {
  reconciling.pass(1);
  const { id: _, ...body } = dependencies.arm.body(id) ?? {};
  dependencies.arm.put(id, { ...body, properties: { ...(body.properties as JsonObject), ...changes } });
}

async function scan(request: Partial<ReconcileRequest> = {}): Promise<string> {
  const id = await reconciling.record('drift', 'hubkeeper', request);
  await reconciling.settle();
  return id;
}

function hint(resource: string, at: string = reconciling.nowIso): ChangeHint {
  return { resource, action: 'write', at, author: ALICE, correlationId: 'c-1' };
}

async function record(): Promise<DriftRecord> {
  const stored = await dependencies.drift.read(NAME);
  if (stored === null) throw new Error('Nothing is known of drift.');
  return stored;
}

async function linesOf(operation: string): Promise<readonly JournalEntry[]> {
  return (await dependencies.journal.read({ baseline: NAME, operation })).entries;
}

async function decisionsOf(operation: string): Promise<readonly string[]> {
  return (await linesOf(operation)).map(({ decision }) => decision).sort();
}

/** The operation as the API shows it. */
async function bodyOf(operationId: string): Promise<OperationBody> {
  return operationBody(await reconciling.run(operationId), undefined, reconciling.nowIso);
}

/** As the reconciler's timer does for a run whose wait is over. */
async function resumed(operationId: string): Promise<void> {
  await reconciling.record('resume', 'hubkeeper', { operationId });
  await reconciling.settle();
}

describe('a drift that may be put right', () => {
  it('is found, put right and told with both values, the author and the reason', async () => {
    await provisioned();
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await scan({ hints: [hint(WORKSPACE)] });

    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
    const lines = await linesOf(id);
    expect(lines.find(({ decision }) => decision === 'drift found')).toMatchObject({
      resource: WORKSPACE,
      before: { [RETENTION]: 7 },
      after: { [RETENTION]: 30 },
      reason: expect.stringMatching(/retentionInDays was changed\. .*alice@contoso\.com.*It is put right\./),
    });
    expect(lines.find(({ decision }) => decision === 'updated')?.reason).toContain('alice@contoso.com');
    expect(await record()).toMatchObject({ drifts: [], lastLook: { foundCount: 1 } });
  });

  it('of several properties leaves nothing open', async () => {
    await provisioned();
    edit(WORKSPACE, { retentionInDays: 7 });
    edit(SECURITY_GROUP, { securityRules: [] });
    dependencies.arm.put(SECURITY_GROUP, { ...dependencies.arm.body(SECURITY_GROUP), tags: { owner: 'me' } });
    const id = await scan();

    expect((await decisionsOf(id)).filter((decision) => decision === 'drift found')).toHaveLength(2);
    expect((await record()).drifts).toEqual([]);
  });
});

describe('an event that comes after what it told of was put right', () => {
  it('is not about who has changed it since', async () => {
    await provisioned();
    edit(WORKSPACE, { retentionInDays: 7 });
    const late = hint(WORKSPACE);
    await scan();
    edit(WORKSPACE, { retentionInDays: 8 });
    const id = await scan({ hints: [late] });

    const found = (await linesOf(id)).find(({ decision }) => decision === 'drift found');
    expect(found).toMatchObject({ before: { [RETENTION]: 8 }, reason: expect.stringContaining('no event has told') });
    expect(JSON.stringify(await linesOf(id))).not.toContain('alice@contoso.com');
  });
});

describe('scans at rest', () => {
  it('tell one line each and write nothing', async () => {
    await provisioned();
    const writes = dependencies.arm.writes.length;
    const ids = [];
    for (let scans = 0; scans < 3; scans++) {
      reconciling.pass(HOUR_SECONDS);
      ids.push(await scan());
    }

    for (const id of ids) expect(await decisionsOf(id)).toEqual(['compared']);
    expect(dependencies.arm.writes).toHaveLength(writes);
    expect((await record()).lastScan).toMatchObject({ operationId: ids.at(-1), foundCount: 0 });
  });
});

describe('a rule that somebody adds to a security group of ours', () => {
  const RULES = 'properties.securityRules';
  const opened = (name: string, access = 'Allow'): JsonObject => ({
    name,
    properties: {
      access,
      direction: 'Inbound',
      protocol: 'Tcp',
      priority: 4_000,
      destinationAddressPrefix: '*',
      destinationPortRange: '22',
    },
  });
  let declared: readonly Json[];

  function rulesNow(): readonly Json[] {
    return valuesAt(dependencies.arm.body(SECURITY_GROUP) ?? {}, `${RULES}[]`);
  }

  function rules(...theirs: readonly JsonObject[]): void {
    edit(SECURITY_GROUP, { securityRules: [...declared, ...theirs] });
  }

  async function foreign() {
    return (await record()).foreignEntries.map(({ path, origin }) => ({ path, by: origin?.author?.name ?? null }));
  }

  /** Decisions and reasons of an operation about what others put there. */
  async function told(operation: string): Promise<readonly (readonly [string | undefined, string, string])[]> {
    const lines = (await linesOf(operation)).filter(({ decision }) => decision.startsWith('foreign'));
    return lines.map(({ resource, decision, reason }) => [resource, decision, reason]);
  }

  async function started(more: JsonObject = { drift: { mode: 'act' } }): Promise<void> {
    await provisioned(more);
    declared = rulesNow();
    await scan();
  }

  it('is told once with its author, listed while it is there, and never touched', async () => {
    await started();
    const writes = dependencies.arm.writes.length;
    rules(opened('theirs'));
    reconciling.pass(HOUR_SECONDS);
    const first = await scan({ hints: [hint(SECURITY_GROUP)] });
    const second = await scan();

    expect(await told(first)).toEqual([
      [
        SECURITY_GROUP,
        'foreign entry found',
        expect.stringMatching(
          /securityRules\[theirs\]: Allow Inbound Tcp to \* port 22, priority 4000\. .*alice@contoso\.com/,
        ),
      ],
    ]);
    expect(await decisionsOf(second)).toEqual(['compared']);
    expect(await foreign()).toEqual([{ path: `${RULES}[theirs]`, by: ALICE.name }]);
    expect((await record()).drifts).toEqual([]);
    expect(events).toEqual([]);
    expect(dependencies.arm.writes).toHaveLength(writes);

    rules(opened('theirs', 'Deny'));
    expect(await told(await scan())).toEqual([
      [SECURITY_GROUP, 'foreign entry changed', expect.stringMatching(/has changed: Deny Inbound.*No event has told/)],
    ]);
    rules();
    expect(await told(await scan())).toEqual([
      [SECURITY_GROUP, 'foreign entry gone', expect.stringContaining('is gone')],
    ]);
    expect(await foreign()).toEqual([]);
    expect(await told(await scan())).toEqual([]);
  });

  it('was there before the first scan: all such are told in one line', async () => {
    await provisioned();
    declared = rulesNow();
    rules(...Array.from({ length: 30 }, (_, at) => opened(`theirs-${at}`)));

    expect(await told(await scan())).toEqual([
      ['', 'foreign entries found', expect.stringMatching(/^30 entries of others are .* and 27 more\./)],
    ]);
    expect(await told(await scan())).toEqual([]);
    expect(await foreign()).toHaveLength(30);
  });

  it('stays listed while other resources are looked at', async () => {
    await started();
    rules(opened('theirs'));
    await scan();
    const look = await scan({ hints: [hint(WORKSPACE)] });

    expect(await told(look)).toEqual([]);
    expect(await foreign()).toHaveLength(1);
  });

  it('stays as it is while what is ours is put right', async () => {
    await started();
    edit(SECURITY_GROUP, { securityRules: [...declared.slice(1), opened('theirs')] });
    await scan();

    expect(dependencies.arm.body(SECURITY_GROUP)).toMatchObject({
      properties: { securityRules: expect.arrayContaining([...declared, opened('theirs')]) },
    });
    expect(await foreign()).toHaveLength(1);
  });

  it('is told as declared once the spec has it', async () => {
    await started();
    rules(opened('theirs'));
    await scan();
    const subnet = {
      name: 'snet-a',
      purpose: 'general',
      addressPrefix: '10.1.0.0/24',
      networkSecurityGroup: {
        rules: [
          {
            name: 'theirs',
            access: 'Allow',
            direction: 'Inbound',
            protocol: 'Tcp',
            priority: 2_000,
            sourceAddressPrefixes: ['10.0.0.0/8'],
            destinationPortRanges: ['22'],
          },
        ],
      },
    };
    const spoke = { name: 'a', resourceGroup: { name: `rg-${NAME}-a` }, network: { addressPrefixes: ['10.1.0.0/16'] } };
    await reconciling.put(
      smallSpec(NAME, ['a'], {
        tags: { owner: 'net' },
        drift: { mode: 'act' },
        spokes: [{ ...spoke, subnets: [subnet] }],
      }),
      'ann',
    );
    await reconciling.settle();

    const { entries } = await dependencies.journal.read({ baseline: NAME });
    expect(entries.filter(({ decision }) => decision === 'foreign entry gone')).toMatchObject([
      { resource: SECURITY_GROUP, reason: expect.stringContaining('is declared now') },
    ]);
    expect(await foreign()).toEqual([]);
  });

  it('is neither told nor listed where the spec says to ignore it', async () => {
    const policies = [{ kind: 'networkSecurityGroup', path: `${RULES}[theirs]`, policy: 'ignore' }];
    await started({ drift: { mode: 'act', policies } });
    rules(opened('theirs'), opened('other'));

    expect(await told(await scan())).toMatchObject([
      [SECURITY_GROUP, 'foreign entry found', expect.stringContaining('[other]')],
    ]);
    expect(await foreign()).toEqual([{ path: `${RULES}[other]`, by: null }]);
  });
});

describe('a drift that is only reported', () => {
  beforeEach(async () => {
    await provisioned({ drift: { mode: 'observe' } });
    edit(WORKSPACE, { retentionInDays: 7 });
  });

  it('is told once, and again when it changes', async () => {
    const first = await scan();
    reconciling.pass(HOUR_SECONDS);
    const second = await scan();
    edit(WORKSPACE, { retentionInDays: 8 });
    const third = await scan();

    expect(await decisionsOf(first)).toEqual(['compared', 'drift found']);
    expect(await decisionsOf(second)).toEqual(['compared']);
    expect(await decisionsOf(third)).toEqual(['compared', 'drift changed']);
    const [drift] = (await record()).drifts;
    expect(drift).toMatchObject({ path: RETENTION, before: 8, after: 30, policy: 'report', state: 'reported' });
    expect(drift && drift.firstSeenAt < drift.lastSeenAt).toBe(true);
  });

  it('is explained by an event that comes late', async () => {
    await scan();
    const id = await scan({ hints: [hint(WORKSPACE)] });

    expect(await decisionsOf(id)).toEqual(['compared', 'drift explained']);
    expect((await record()).drifts).toMatchObject([{ origin: { author: ALICE } }]);
  });

  it('and that a scan finds is told with what events have said, unless that was before the last write', async () => {
    const heard = (at: string) =>
      reconciling.change((head) => ({ ...head, driftWatch: { ...NO_DRIFT_WATCH, heard: [hint(WORKSPACE, at)] } }));
    await heard('2026-01-01T00:00:00.000Z');
    await scan();
    expect((await record()).drifts).toMatchObject([{ origin: null }]);
    await heard(reconciling.nowIso);
    await scan();

    expect((await record()).drifts).toMatchObject([{ origin: { author: ALICE } }]);
  });

  it('that goes by itself is told once', async () => {
    await scan();
    edit(WORKSPACE, { retentionInDays: 30 });
    const gone = await scan();
    const after = await scan();

    expect(await decisionsOf(gone)).toEqual(['compared', 'drift gone']);
    expect(await decisionsOf(after)).toEqual(['compared']);
  });

  it('is over when a person reconciles', async () => {
    await scan();
    await reconciling.record('reconcile', 'ann');
    await reconciling.settle();

    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
    expect((await record()).drifts).toEqual([]);
  });
});

describe('rules about single properties', () => {
  const TAG = 'tags.owner';

  async function drifted(policy: string): Promise<void> {
    const policies = [{ kind: 'logAnalyticsWorkspace', path: TAG, policy }];
    await provisioned({ drift: { mode: 'act', policies } });
    dependencies.arm.put(WORKSPACE, { ...dependencies.arm.body(WORKSPACE), tags: { owner: 'me' } });
    edit(WORKSPACE, { retentionInDays: 7 });
  }

  it.each([
    ['report', 'reported', ['compared', 'drift found', 'drift found', 'succeeded', 'updated']],
    ['ignore', 'ignored', ['compared', 'drift found', 'succeeded', 'updated']],
  ])(
    '%s: the rest of the resource is put right, and the same is no news an hour later',
    async (policy, state, lines) => {
      await drifted(policy);
      const first = await scan();
      reconciling.pass(HOUR_SECONDS);
      const second = await scan();

      expect(await decisionsOf(first)).toEqual(lines);
      expect(await decisionsOf(second)).toEqual(['compared']);
      expect((await record()).drifts).toMatchObject([{ path: TAG, before: 'me', after: 'net', policy, state }]);
      expect(dependencies.arm.body(WORKSPACE)).toMatchObject({
        tags: { owner: 'me' },
        properties: { retentionInDays: 30 },
      });
    },
  );

  it('approve: it waits after the rest was put right, and is told once', async () => {
    await drifted('approve');
    const first = await scan();
    reconciling.pass(HOUR_SECONDS);
    await scan();

    const { entries } = await dependencies.journal.read({ baseline: NAME });
    const found = entries.filter(({ decision }) => decision === 'drift found');
    expect(found.map(({ after }) => Object.keys(after as JsonObject)[0]).sort()).toEqual([RETENTION, TAG]);
    expect(entries.filter(({ decision }) => decision === 'drift gone')).toEqual([]);
    expect((await record()).drifts).toMatchObject([
      { path: TAG, policy: 'approve', state: 'waiting', operationId: first },
    ]);
  });
});

describe('a drift whose repair somebody has rejected', () => {
  const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];

  /** Somebody else says no to what waits. */
  async function reject(): Promise<void> {
    reconciling.pass(60);
    const head = await reconciling.head();
    const decided = decideApproval(head, {
      planHash: head.approvals[0]?.planHash ?? '',
      decision: 'reject',
      comment: 'It is wanted.',
      user: 'bob',
      selfApproval: false,
      nowIso: reconciling.nowIso,
    });
    if ('code' in decided) throw new Error(decided.code);
    await reconciling.change(() => decided.head);
    await reconciling.settle();
  }

  /** @returns the operation in which it was rejected. */
  async function rejected(): Promise<string> {
    await provisioned({ drift: { mode: 'act', policies } });
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await scan();
    await reject();
    return id;
  }

  const approvals = async () => (await reconciling.head()).approvals.filter(({ decision }) => decision === undefined);

  it('stays and is told with who said no; nobody is asked again, scan after scan', async () => {
    const first = await rejected();
    const ids = [];
    for (let scans = 0; scans < 3; scans++) {
      reconciling.pass(HOUR_SECONDS);
      ids.push(await scan());
    }
    ids.push(await scan({ hints: [hint(SECURITY_GROUP)] }), await scan({ hints: [hint(WORKSPACE)] }));

    expect(await decisionsOf(first)).toEqual(expect.arrayContaining(['drift found', 'refused']));
    for (const id of ids) {
      expect((await reconciling.run(id)).state).not.toBe('waiting');
      expect(await decisionsOf(id)).not.toContain('waiting');
    }
    expect(await approvals()).toEqual([]);
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 7 } });
    expect((await record()).drifts).toMatchObject([
      {
        path: RETENTION,
        policy: 'approve',
        state: 'refused',
        code: 'ApprovalRejected',
        why: expect.stringMatching(/bob.*It is wanted\./),
      },
    ]);
  });

  it('is told in one line, by whatever run it was asked for', async () => {
    const ofWorkspace = async (id: string) => (await linesOf(id)).filter(({ resource }) => resource === WORKSPACE);
    const first = await rejected();
    expect((await ofWorkspace(first)).map(({ decision }) => decision)).toEqual(['drift found', 'refused']);

    const approved = { tags: { owner: 'net' }, drift: { mode: 'act', policies }, approvals: { requiredFor: 'all' } };
    const second = await reconciling.put(smallSpec(NAME, ['a'], approved), 'ann');
    await reconciling.settle();
    await reject();

    expect((await ofWorkspace(second)).map(({ decision }) => decision)).toEqual(['waiting', 'refused']);
    expect((await record()).drifts).toMatchObject([{ path: RETENTION, state: 'refused', code: 'ApprovalRejected' }]);
    expect((await linesOf(second)).map(({ decision }) => decision)).toEqual([
      ...['planned', 'waiting', 'rejected', 'refused', 'partial'],
    ]);
  });

  it('leaves the run in which somebody said no short of its work, and none of those after it', async () => {
    expect(await bodyOf(await rejected())).toMatchObject({
      state: 'partial',
      errors: [{ code: 'ApprovalRejected' }],
      refused: [{ code: 'ApprovalRejected' }],
    });
    for (const request of [{}, { hints: [hint(WORKSPACE)] }, {}]) {
      reconciling.pass(HOUR_SECONDS);
      expect(await bodyOf(await scan(request))).toMatchObject({
        state: 'succeeded',
        errors: [],
        refused: [{ id: WORKSPACE, code: 'ApprovalRejected' }],
      });
    }
  });

  it('is asked about again when it has become another one, and also when it then comes back', async () => {
    await rejected();
    for (const value of [8, 7]) {
      edit(WORKSPACE, { retentionInDays: value });
      await scan();

      expect(await approvals()).toHaveLength(1);
      expect((await record()).rejections).toEqual([]);
    }
  });

  it('is put right for a person, and another one like it is asked about', async () => {
    await rejected();
    await reconciling.record('reconcile', 'ann');
    await reconciling.settle();
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
    edit(WORKSPACE, { retentionInDays: 7 });
    await scan();

    expect(await approvals()).toHaveLength(1);
  });

  it('is forgotten under a new spec', async () => {
    await rejected();
    await reconciling.put(
      smallSpec(NAME, ['a'], { tags: { owner: 'other' }, mode: 'observe', drift: { mode: 'act', policies } }),
      'ann',
    );
    await reconciling.settle();

    expect((await record()).rejections).toEqual([]);
  });
});

describe('scans while a run waits for somebody', () => {
  /** More than one run may make without coming to rest. */
  const SCANS = 7 * 24;

  it("tell nothing that is known, look for what is nobody's, and go on for as long as it takes", async () => {
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    await provisioned({ drift: { mode: 'act', policies }, approvals: { expiresAfterHours: 10 * 24 } });
    edit(WORKSPACE, { retentionInDays: 7 });
    const waiting = await scan();
    const before = (await dependencies.journal.read({ baseline: NAME })).entries;
    const [approval] = (await reconciling.head()).approvals;
    for (let scans = 0; scans < SCANS; scans++) {
      reconciling.pass(HOUR_SECONDS);
      await scan();
    }

    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting', problems: [] });
    expect((await reconciling.head()).approvals).toEqual([approval]);
    expect((await dependencies.journal.read({ baseline: NAME })).entries).toEqual(before);
    expect(Date.parse((await record()).lastScan?.at ?? '')).toBeGreaterThan(
      Date.parse(reconciling.nowIso) - HOUR_SECONDS * 1_000,
    );
    const kept = await dependencies.runs.listPlans(waiting);
    expect((await reconciling.run(waiting)).plansMade).toBeGreaterThan(100);
    expect(kept).toContain(approval?.planKey);
    expect(kept.length).toBeLessThanOrEqual(3);
    const stranger = `${GROUP}/providers/Microsoft.Network/publicIPAddresses/theirs`;
    dependencies.arm.put(stranger, { type: 'Microsoft.Network/publicIPAddresses' });
    await scan();
    expect((await record()).unmanaged).toMatchObject([{ id: stranger }]);
  });

  it('tell what is new once', async () => {
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    await provisioned({ drift: { mode: 'act', policies } });
    edit(WORKSPACE, { retentionInDays: 7 });
    const waiting = await scan();
    dependencies.arm.put(SECURITY_GROUP, { ...dependencies.arm.body(SECURITY_GROUP), tags: { owner: 'me' } });
    await scan();
    await scan();

    const found = (await linesOf(waiting)).filter(({ decision }) => decision === 'drift found');
    expect(found.map(({ resource }) => resource)).toEqual([WORKSPACE, SECURITY_GROUP]);
  });
});

describe('a new spec', () => {
  it('is no drift while it is not brought about', async () => {
    await provisioned({ drift: { mode: 'act' } });
    const hold = { owner: 'ann', reason: 'r', until: '2027-01-01T00:00:00.000Z', since: '', by: 'ann' };
    await reconciling.change((head) => ({ ...head, hold, generation: head.generation + 1 }));
    await reconciling.put(smallSpec(NAME, ['a'], { tags: { owner: 'other' }, drift: { mode: 'act' } }), 'ann');
    await reconciling.settle();
    await reconciling.change((head) => ({ ...head, currentOperationId: null }));
    await scan();

    expect((await record()).drifts).toEqual([]);
  });
});

describe('after a spec that did not come about whole', () => {
  /** The tags of everything stay; a zone is to come, and Azure does not make it. */
  async function putInPart(drift: JsonObject): Promise<void> {
    const spec: JsonObject = JSON.parse(smallSpec(NAME, ['a'], { tags: { owner: 'net' }, drift }));
    const hub = { ...(spec.hub as JsonObject), privateDnsZones: [{ name: 'privatelink.vaultcore.azure.net' }] };
    const zone = `${GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net`;
    dependencies.arm.answerOnce('PUT', zone, 400, { error: { code: 'BadRequest', message: 'No.' } });
    const id = await reconciling.put(JSON.stringify({ ...spec, hub }), 'ann');
    await reconciling.settle();
    expect((await reconciling.run(id)).rows[zone]?.state.name).toBe('failed');
    dependencies.arm.answerOnce('PUT', zone, 400, { error: { code: 'BadRequest', message: 'No.' } });
  }

  it('a drift is told that is of something declared as before', async () => {
    await provisioned();
    await putInPart({ mode: 'act' });
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await scan({ hints: [hint(WORKSPACE)] });

    expect(await decisionsOf(id)).toContain('drift found');
    expect((await linesOf(id)).find(({ decision }) => decision === 'updated')?.reason).toContain('alice@contoso.com');
    expect((await record()).lastLook).toMatchObject({ foundCount: 1 });
  });

  it('it is open in the record where it is only to be told', async () => {
    await provisioned({ drift: { mode: 'observe' } });
    await putInPart({ mode: 'observe' });
    edit(WORKSPACE, { retentionInDays: 7 });
    await scan();

    expect((await record()).drifts).toMatchObject([{ id: WORKSPACE, path: RETENTION, state: 'reported' }]);
  });

  it('what is declared otherwise and not yet written is none', async () => {
    await provisioned();
    dependencies.arm.answerOnce('PUT', WORKSPACE, 400, { error: { code: 'BadRequest', message: 'No.' } });
    await reconciling.put(smallSpec(NAME, ['a'], { tags: { owner: 'other' }, drift: { mode: 'observe' } }), 'ann');
    await reconciling.settle();
    await scan();

    expect((await record()).drifts).toEqual([]);
  });
});

describe('a record that cannot be read', () => {
  let readable: Dependencies['drift']['read'];
  const damage = () => {
    dependencies.drift.read = async () => {
      throw new DriftRecordUnreadableError(NAME, 'it is cut off.');
    };
  };

  beforeEach(async () => {
    await provisioned();
    await scan();
    readable = dependencies.drift.read;
    damage();
  });

  it('stops a scan with a remedy, and nothing is put right without it', async () => {
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await scan();

    expect(await reconciling.run(id)).toMatchObject({
      state: 'failed',
      problems: [{ code: 'DriftRecordUnreadable', actor: 'operator', remedy: expect.stringContaining('drift/north') }],
    });
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 7 } });
  });

  it('stops no person, who is told once', async () => {
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await reconciling.record('reconcile', 'ann');
    await reconciling.settle();

    expect((await reconciling.run(id)).state).toBe('succeeded');
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
    const said = (await linesOf(id)).filter(({ decision }) => decision === 'drift not recorded');
    expect(said).toMatchObject([
      { reason: expect.stringMatching(/DriftRecordUnreadable: .*Restore an earlier version/) },
    ]);
  });

  it('stops nobody where it became so amid a run that had found a drift', async () => {
    dependencies.drift.read = readable;
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await reconciling.record('drift', 'hubkeeper');
    await reconciling.settle(({ next }) => next === 'start');
    damage();
    await reconciling.settle();

    expect((await reconciling.run(id)).state).toBe('succeeded');
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
  });
});

describe('two writers', () => {
  async function reversed(value: number): Promise<string> {
    edit(WORKSPACE, { retentionInDays: value });
    return scan({ hints: [hint(WORKSPACE)] });
  }

  /** Changes it back as often as Hubkeeper puts it right, and lets each back-off pass. */
  async function fight(reversals: number): Promise<string> {
    await reversed(7);
    let last = '';
    for (let at = 1; at <= reversals; at++) {
      last = await reversed(7 + at);
      if ((await reconciling.run(last)).state !== 'waiting') continue;
      reconciling.pass(60);
      await resumed(last);
    }
    return last;
  }

  it('are told apart by a pause after each reversal', async () => {
    await provisioned();
    await reversed(7);
    const id = await reversed(8);
    const { wakeAt, state } = await reconciling.run(id);

    expect(state).toBe('waiting');
    expect(Date.parse(wakeAt ?? '') - Date.parse(reconciling.nowIso)).toBe(2_000);
    reconciling.pass(2);
    await resumed(id);
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
  });

  it('end in a refusal after the third reversal, with both sides told and help asked for once', async () => {
    await provisioned();
    const id = await fight(3);
    const writes = dependencies.arm.writes.length;
    const again = await scan();

    expect((await reconciling.run(id)).refused).toMatchObject([{ id: WORKSPACE, code: 'WriterConflict' }]);
    const conflict = (await linesOf(id)).filter(({ decision }) => decision === 'writer conflict');
    expect(conflict).toHaveLength(1);
    expect(conflict[0]?.reason).toMatch(/put right at .*north-2.* and changed back at .*alice@contoso\.com/);
    expect(events).toMatchObject([{ kind: 'helpNeeded', resource: WORKSPACE, data: { path: RETENTION } }]);
    expect(dependencies.arm.writes).toHaveLength(writes);
    expect(await decisionsOf(again)).toEqual(['compared']);
    expect((await record()).drifts).toMatchObject([{ state: 'refused', code: 'WriterConflict' }]);
  });

  it('go on after a person has reconciled by hand', async () => {
    await provisioned();
    await fight(3);
    await reconciling.record('reconcile', 'ann');
    await reconciling.settle();
    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
    await reversed(11);

    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
  });

  it('go on after a day of rest', async () => {
    await provisioned();
    await fight(3);
    reconciling.pass(24 * HOUR_SECONDS);
    const id = await scan();

    expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
    expect(await decisionsOf(id)).toContain('writer conflict over');
  });
});

describe('a turn that dies after it wrote its run', () => {
  it('is made good by the next one: every line once, the record as it was decided', async () => {
    await provisioned({ drift: { mode: 'observe' } });
    edit(WORKSPACE, { retentionInDays: 7 });
    const id = await reconciling.record('drift', 'hubkeeper');
    const { append } = dependencies.journal;
    Object.assign(dependencies.journal, { append: () => Promise.reject(new Error('killed')) });
    await expect(reconciling.turn()).rejects.toThrow('killed');
    Object.assign(dependencies.journal, { append });
    reconciling.pass(30);
    await reconciling.settle();
    await scan();

    const { entries } = await dependencies.journal.read({ baseline: NAME });
    expect(entries.filter(({ decision }) => decision === 'drift found')).toMatchObject([{ operationId: id }]);
    expect((await record()).drifts).toMatchObject([{ operationId: expect.any(String), path: RETENTION }]);
  });
});

describe('a host that dies at any call to the state', () => {
  const calls = ['journal.append', 'drift.write', 'runs.write', 'runs.writePlan', 'baselines.change'] as const;

  /** Lets one call of a store die, before or after it has done its work; others go through. @returns whether it came to that. */
  function killAt(call: (typeof calls)[number], nth: number, isDone: boolean): () => boolean {
    const [name, method] = call.split('.') as [keyof Dependencies, string];
    const store = dependencies[name] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const original = store[method];
    if (original === undefined) throw new Error(`There is no ${call}.`);
    let count = 0;
    store[method] = async (...args) => {
      count += 1;
      if (count !== nth) return original.apply(store, args);
      if (isDone) await original.apply(store, args);
      throw new Error('killed');
    };
    return () => count >= nth;
  }

  /** Another reconciler takes over, as the timer has it when one has died. */
  async function takenOver(): Promise<void> {
    await reconciling.change((head) =>
      head.reconciler === null
        ? head
        : { ...head, reconciler: { ...head.reconciler, instanceId: `${head.reconciler.instanceId}x` } },
    );
  }

  async function settledThroughDeath(mend: () => Promise<void>): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      try {
        await reconciling.settle(() => {
          reconciling.pass(1);
          return false;
        });
        return;
      } catch (error) {
        expect(String(error)).toContain('killed');
        reconciling.pass(7);
        await mend();
      }
    }
  }

  it.each(calls.flatMap((call) => [true, false].map((isDone) => ({ call, isDone }))))(
    'tells each decision once and puts the drift right once: %j',
    async ({ call, isDone }) => {
      for (const mend of [async () => undefined, takenOver]) {
        for (let nth = 1, isReached = true; isReached; nth++) {
          dependencies = { ...memoryDependencies() };
          reconciling = new Reconciling(dependencies, NAME);
          await provisioned();
          edit(WORKSPACE, { retentionInDays: 7 });
          const id = await reconciling.record('drift', 'hubkeeper');
          const wasReached = killAt(call, nth, isDone);
          await settledThroughDeath(mend);
          isReached = wasReached();

          // Whoever takes over compares once more, and says so.
          const compared = (await linesOf(id)).filter(({ decision }) => decision === 'compared');
          const told = (await decisionsOf(id)).filter((decision) => !['not written', 'compared'].includes(decision));
          expect(told).toEqual(['drift found', 'succeeded', 'updated']);
          expect(compared.length).toBeLessThanOrEqual(mend === takenOver ? 2 : 1);
          expect(compared.length).toBeGreaterThan(0);
          expect(dependencies.arm.body(WORKSPACE)).toMatchObject({ properties: { retentionInDays: 30 } });
          expect(await record()).toMatchObject({ drifts: [], contests: [{ path: RETENTION, ours: [{}], theirs: [] }] });
        }
      }
    },
  );
});
