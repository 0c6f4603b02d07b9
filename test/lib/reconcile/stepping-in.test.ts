import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DriftRecord } from '../../../lib/drift/drift-record.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { type ApprovalDecision, decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { stopOperation } from '../../../lib/reconcile/stop-operation.ts';
import { watchHead } from '../../../lib/reconcile/watch.ts';
import {
  type BaselineHead,
  type ReconcileRequest,
  withGeneration,
  withWaitingResumed,
} from '../../../lib/state/baseline-head.ts';
import type { JournalEntry } from '../../../lib/state/journal.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const WORKSPACE = `${SUBSCRIPTION}/resourceGroups/rg-north/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const GROUP = `${SUBSCRIPTION}/resourceGroups/rg-north-a/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-a-snet-a`;
const RETENTION = { id: WORKSPACE, path: 'properties.retentionInDays' };
const HOUR_SECONDS = 3_600;
/** Both spokes; a spec without the second one waits for an approval. */
const BOTH = ['a', 'b'];
const ENFORCED: JsonObject = { drift: { mode: 'act' } };

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
});

/** Somebody's edit of one property under `properties`. */
function edit(changes: Readonly<Record<string, Json>>, id: string = WORKSPACE): void {
  const { id: _, ...body } = dependencies.arm.body(id) ?? {};
  dependencies.arm.put(id, { ...body, properties: { ...(body.properties as JsonObject), ...changes } });
}

const retention = () => (dependencies.arm.body(WORKSPACE)?.properties as JsonObject | undefined)?.retentionInDays;
const groupOfB = () => dependencies.arm.body(`${SUBSCRIPTION}/resourceGroups/rg-north-b`);

/** A spec has been put that takes the second spoke away, and waits for somebody's approval. */
async function waitingPut(before: JsonObject = ENFORCED, after: JsonObject = before): Promise<string> {
  await reconciling.put(smallSpec(NAME, BOTH, { tags: { owner: 'net' }, ...before }), 'ann');
  await reconciling.settle();
  const id = await reconciling.put(smallSpec(NAME, ['a'], { tags: { owner: 'net' }, ...after }), 'ann');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
  return id;
}

async function scan(request: Partial<ReconcileRequest> = {}): Promise<string> {
  const id = await reconciling.record('drift', 'hubkeeper', request);
  await reconciling.settle();
  return id;
}

/** A scan that is under way: it has begun, and its operation is the current one. */
async function steppingIn(): Promise<string> {
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle((decision) => decision.next === 'start');
  expect((await reconciling.head()).currentOperationId).toBe(id);
  return id;
}

async function decide(decision: Partial<ApprovalDecision> = {}): Promise<void> {
  const head = await reconciling.head();
  const { nowIso } = reconciling;
  const planHash = head.approvals.find((one) => one.decision === undefined)?.planHash ?? '';
  const decided = decideApproval(head, {
    planHash,
    decision: 'approve',
    user: 'bob',
    selfApproval: false,
    nowIso,
    ...decision,
  });
  if ('code' in decided) throw new Error(`${decided.code}: ${decided.message}`);
  await reconciling.change(() => decided.head);
}

async function stop(id: string): Promise<void> {
  await reconciling.change((head) => {
    const stopped = stopOperation(head, id, 'ann', reconciling.nowIso);
    if (stopped.outcome !== 'stopping') throw new Error(`${id} is ${stopped.outcome}.`);
    return stopped.head;
  });
}

/** What of the baseline belongs to the operation that waits. */
function standing({ currentOperationId, setAside, approvals, wakeAt, waitsForPause, stops, requests }: BaselineHead) {
  return { currentOperationId, setAside, approvals, wakeAt, waitsForPause, stops, requests };
}

async function record(): Promise<DriftRecord> {
  const stored = await dependencies.drift.read(NAME);
  if (stored === null) throw new Error('Nothing is known of drift.');
  return stored;
}

async function linesOf(operation: string): Promise<readonly JournalEntry[]> {
  return (await dependencies.journal.read({ baseline: NAME, operation })).entries;
}

describe('a drift while a person’s spec waits for an approval', () => {
  it('is put right, and the spec waits on as it did', async () => {
    const waiting = await waitingPut();
    const [head, run] = [await reconciling.head(), await reconciling.run(waiting)];
    edit({ retentionInDays: 7 });
    const step = await scan();

    expect(retention()).toBe(30);
    expect(await reconciling.run(step)).toMatchObject({ state: 'succeeded', setAside: waiting });
    expect((await linesOf(step)).map(({ decision }) => decision)).toContain('drift found');
    expect(standing(await reconciling.head())).toEqual(standing(head));
    expect(await reconciling.head()).toMatchObject({ reconciler: null, appliedSpecVersion: 1 });
    expect(head).toMatchObject({ currentOperationId: waiting, approvals: [{ operationId: waiting }] });
    const { state, planKey, planHash, rows, plansMade, wakeAt } = await reconciling.run(waiting);
    expect({ state, planKey, planHash, rows, plansMade, wakeAt }).toEqual({
      state: 'waiting',
      planKey: run.planKey,
      planHash: run.planHash,
      rows: run.rows,
      plansMade: run.plansMade,
      wakeAt: run.wakeAt,
    });

    await decide({ planHash: run.planHash });
    await reconciling.settle();
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
    expect(groupOfB()).toBeUndefined();
    expect(await reconciling.head()).toMatchObject({ currentOperationId: null, approvals: [], appliedSpecVersion: 2 });
  });

  it('is told with the operation that waits, and not put right, where its policy wants an approval', async () => {
    const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
    const waiting = await waitingPut({ drift: { mode: 'act', policies } });
    const { approvals } = await reconciling.head();
    edit({ retentionInDays: 7 });
    const { writes } = dependencies.arm;
    const step = await scan();

    expect(dependencies.arm.writes).toEqual(writes);
    const why = `drift.policies[0] is 'approve'. It is left until the operation ${waiting} of ann, which waits, is over.`;
    const { state, refused } = await reconciling.run(step);
    expect(state).toBe('partial');
    expect(refused).toContainEqual({ id: WORKSPACE, code: 'WaitsBehindOperation', why });
    expect((await record()).drifts).toMatchObject([
      { ...RETENTION, state: 'waiting', policy: 'approve', code: 'approval', why, until: null, operationId: step },
    ]);
    expect(standing(await reconciling.head())).toMatchObject({ currentOperationId: waiting, approvals });
    const lines = (await linesOf(step)).filter(({ decision }) => decision === 'drift found');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.reason).toContain(why);

    const again = await scan();
    expect((await linesOf(again)).map(({ decision }) => decision)).toEqual(['compared']);
    await stop(waiting);
    await reconciling.settle();
    const asks = await scan();
    expect(await reconciling.run(asks)).toMatchObject({ state: 'waiting' });
    expect((await reconciling.head()).approvals).toMatchObject([{ operationId: asks }]);
  });

  it('that is to be approved is asked for by the one that waits once it goes on, unless a person asks for it anew', async () => {
    for (const asksAnew of [false, true]) {
      dependencies = memoryDependencies();
      reconciling = new Reconciling(dependencies, NAME);
      const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
      const waiting = await waitingPut({ drift: { mode: 'act', policies } });
      edit({ retentionInDays: 7 });
      await scan();
      if (asksAnew) await reconciling.record('reconcile', 'carl');
      await decide({ decision: asksAnew ? 'approve' : 'reject' });
      await reconciling.settle();

      expect(retention()).toBe(asksAnew ? 30 : 7);
      expect(await reconciling.run(waiting)).toMatchObject({ state: asksAnew ? 'succeeded' : 'waiting' });
      if (asksAnew) continue;
      expect((await record()).drifts).toMatchObject([{ ...RETENTION, state: 'waiting', operationId: waiting }]);
      await decide();
      await reconciling.settle();
      expect(retention()).toBe(30);
      expect(await reconciling.run(waiting)).toMatchObject({ state: 'partial' });
      expect((await record()).drifts).toEqual([]);
    }
  });

  it('is bound by a hold and by the pause, and waits for neither itself', async () => {
    const hold = { owner: 'joe', reason: 'incident', until: '2027-01-01T00:00:00.000Z', since: '', by: 'joe' };
    const pause = (paused: boolean) => dependencies.baselines.changePause(paused, 'joe', 'freeze', reconciling.nowIso);
    const kinds = [
      [
        () => reconciling.change((head) => withGeneration({ ...head, hold })),
        () => reconciling.change((head) => withGeneration({ ...head, hold: null })),
      ],
      [() => pause(true), () => pause(false)],
    ] as const;
    for (const [bind, release] of kinds) {
      dependencies = memoryDependencies();
      reconciling = new Reconciling(dependencies, NAME);
      const waiting = await waitingPut();
      edit({ retentionInDays: 7 });
      await bind();
      const step = await scan();

      const { state, refused } = await reconciling.run(step);
      expect(state).toBe('partial');
      expect(refused).toContainEqual(expect.objectContaining({ id: WORKSPACE, code: 'WaitsBehindOperation' }));
      expect(retention()).toBe(7);
      await release();
      await reconciling.change((head) => withWaitingResumed(head, 'joe', reconciling.nowIso).head);
      await reconciling.settle();
      expect(retention()).toBe(30);
      expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });
    }
  });

  it('that another writer brings back is put right again after seconds, within the operation that steps in', async () => {
    const waiting = await waitingPut();
    const before = standing(await reconciling.head());
    edit({ retentionInDays: 7 });
    await scan();
    edit({ retentionInDays: 7 });
    const startedMs = Date.parse(reconciling.nowIso);
    const step = await scan();

    expect(retention()).toBe(30);
    expect(await reconciling.run(step)).toMatchObject({ state: 'succeeded', setAside: waiting });
    expect(Date.parse(reconciling.nowIso) - startedMs).toBeGreaterThanOrEqual(2_000);
    expect((await record()).contests).toMatchObject([{ ...RETENTION, theirs: [{}] }]);
    expect(standing(await reconciling.head())).toEqual(before);
  });

  describe('of a resource that the spec changes too', () => {
    /** One spoke with these rules, by name and priority. */
    const withRules = (rules: Readonly<Record<string, number>>) => ({
      ...ENFORCED,
      approvals: { requiredFor: 'disruptive' },
      spokes: [
        {
          name: 'a',
          resourceGroup: { name: 'rg-north-a' },
          network: { addressPrefixes: ['10.1.0.0/16'] },
          subnets: [
            {
              name: 'snet-a',
              purpose: 'general',
              addressPrefix: '10.1.0.0/24',
              networkSecurityGroup: {
                rules: Object.entries(rules).map(([name, priority]) => ({
                  name,
                  priority,
                  description: `Rule ${name}`,
                  direction: 'Inbound',
                  access: 'Deny',
                  protocol: 'Tcp',
                  sourceAddressPrefixes: ['10.9.0.0/16'],
                  destinationPortRanges: ['22'],
                })),
              },
            },
          ],
        },
      ],
    });

    function rules(): ReadonlyMap<string, JsonObject> {
      const listed = (dependencies.arm.body(GROUP)?.properties as JsonObject | undefined)?.securityRules;
      return new Map(
        (listed as JsonObject[]).map(({ name, properties }) => [String(name), properties as JsonObject] as const),
      );
    }

    function editRule(rule: string, changes: JsonObject): void {
      const securityRules = [...rules()].map(([name, properties]) => ({
        name,
        properties: { ...properties, ...(name === rule ? changes : {}) },
      }));
      edit({ securityRules }, GROUP);
    }

    it('is put right alone, and nothing else is told as one', async () => {
      const waiting = await waitingPut(withRules({ one: 200, two: 201 }), withRules({ one: 200 }));
      const { planHash } = await reconciling.run(waiting);
      editRule('one', { description: 'Open' });
      const step = await scan();

      expect(rules().get('one')).toMatchObject({ description: 'Rule one' });
      expect(rules().get('two')).toMatchObject({ description: 'Rule two' });
      expect((await record()).drifts).toEqual([]);
      const found = (await linesOf(step)).filter(({ decision }) => decision === 'drift found');
      expect(found).toMatchObject([{ resource: GROUP }]);
      expect(found[0]?.reason).toContain('[one]');
      expect((await reconciling.run(waiting)).planHash).toBe(planHash);
      await decide({ planHash });
      await reconciling.settle();
      expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
      expect([...rules().keys()]).not.toContain('two');
    });

    it('is left to that where it is the same property', async () => {
      const waiting = await waitingPut(withRules({ one: 200, two: 201 }), withRules({ one: 200, two: 301 }));
      const unmoved = await scan();
      editRule('two', { priority: 444 });
      const step = await scan();

      expect(rules().get('two')).toMatchObject({ priority: 444 });
      expect(await reconciling.run(unmoved)).toMatchObject({
        state: 'succeeded',
        refused: [{ id: GROUP, code: 'LeftToOperation', why: expect.stringContaining(waiting) }],
      });
      expect(await reconciling.run(step)).toMatchObject({
        state: 'partial',
        refused: [
          { id: GROUP, code: 'WaitsBehindOperation', why: expect.stringContaining('[two].properties.priority') },
        ],
      });
      expect((await linesOf(step)).map(({ decision }) => decision)).toEqual(['compared', 'refused']);
      expect((await record()).drifts).toEqual([]);
      expect(await reconciling.head()).toMatchObject({ appliedSpecVersion: 1 });
    });

    it('makes no drift of the rest, also when that is rejected', async () => {
      await waitingPut(withRules({ one: 200, two: 201 }), withRules({ one: 200, two: 301 }));
      editRule('one', { description: 'Open' });
      await scan();
      await decide({ decision: 'reject' });
      await reconciling.settle();
      const after = await scan();

      expect(rules().get('one')).toMatchObject({ description: 'Rule one' });
      expect(rules().get('two')).toMatchObject({ priority: 201 });
      expect((await record()).drifts).toEqual([]);
      expect((await linesOf(after)).map(({ decision }) => decision)).not.toContain('drift found');
    });

    it('makes no drift of the rest when nobody decides: it was never as it is declared', async () => {
      const proposed = withRules({ one: 200, two: 301 });
      await waitingPut(withRules({ one: 200, two: 201 }), {
        ...proposed,
        approvals: { ...proposed.approvals, expiresAfterHours: 1 },
      });
      editRule('one', { description: 'Open' });
      await scan();
      expect(rules().get('one')).toMatchObject({ description: 'Rule one' });
      reconciling.pass(2 * HOUR_SECONDS);
      await reconciling.change((head) => withWaitingResumed(head, 'hubkeeper', reconciling.nowIso).head);
      await reconciling.settle();
      expect(await reconciling.head()).toMatchObject({ currentOperationId: null, appliedSpecVersion: 1 });
      const after = await scan();

      expect(rules().get('two')).toMatchObject({ priority: 201 });
      expect((await record()).drifts).toEqual([]);
      expect((await linesOf(after)).map(({ decision }) => decision)).not.toContain('drift found');
    });
  });

  it('is looked for again and again without a word, for weeks, and the one that waits stays', async () => {
    const waiting = await waitingPut({ ...ENFORCED, approvals: { expiresAfterHours: 10 * 24 } });
    const before = standing(await reconciling.head());
    for (let scans = 0; scans < 130; scans++) {
      reconciling.pass(HOUR_SECONDS);
      await scan();
    }

    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting', problems: [] });
    expect(standing(await reconciling.head())).toEqual(before);
    expect((await dependencies.runs.list(NAME)).length).toBeLessThan(110);
    await decide();
    await reconciling.settle();
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
  });
});

describe('what an operation has failed at that waits for something else', () => {
  it('is put right by a scan: the one that waits does not try it again', async () => {
    await reconciling.put(smallSpec(NAME, BOTH, { tags: { owner: 'net' }, ...ENFORCED }), 'ann');
    await reconciling.settle();
    const { id: _, ...body } = dependencies.arm.body(GROUP) ?? {};
    dependencies.arm.put(GROUP, { ...body, tags: { owner: 'me' } });
    dependencies.arm.remove(GROUP.replaceAll(/-a(?=\/|-snet)/g, '-b'));
    dependencies.arm.answerOnce('PUT', GROUP, 403, { error: { code: 'RequestDisallowedByPolicy', message: 'no' } });
    const waiting = await reconciling.record('reconcile', 'ann');
    await reconciling.settle();
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });
    expect(dependencies.arm.body(GROUP)?.tags).toEqual({ owner: 'me' });
    reconciling.pass(HOUR_SECONDS);
    const step = await scan();

    expect(dependencies.arm.body(GROUP)?.tags).toEqual({ owner: 'net' });
    expect(await reconciling.run(step)).toMatchObject({ setAside: waiting });
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });
  });
});

describe('while an operation has stepped in', () => {
  it.each(['put', 'delete'] as const)('a %s overtakes both', async (trigger) => {
    const waiting = await waitingPut();
    edit({ retentionInDays: 7 });
    const step = await steppingIn();
    const newest =
      trigger === 'put'
        ? await reconciling.put(smallSpec(NAME, BOTH, { tags: { owner: 'net' }, ...ENFORCED }), 'ann')
        : await reconciling.record('delete', 'ann', {}, (head) => withGeneration({ ...head, teardown: true }));
    await reconciling.settle();

    for (const id of [waiting, step])
      expect(await reconciling.run(id)).toMatchObject({ state: 'stopped', supersededBy: newest });
    expect(await reconciling.run(newest)).toMatchObject({ state: trigger === 'put' ? 'succeeded' : 'waiting' });
    expect((await reconciling.head()).setAside).toBeUndefined();
  });

  it('an approval and a rejection of the one that waits are taken up when it is over', async () => {
    for (const decision of ['approve', 'reject'] as const) {
      dependencies = memoryDependencies();
      reconciling = new Reconciling(dependencies, NAME);
      const waiting = await waitingPut();
      edit({ retentionInDays: 7 });
      const step = await steppingIn();
      await decide({ decision });
      await reconciling.settle();

      expect(await reconciling.run(step)).toMatchObject({ state: 'succeeded' });
      expect(retention()).toBe(30);
      expect(await reconciling.run(waiting)).toMatchObject({ state: decision === 'approve' ? 'succeeded' : 'partial' });
      expect(groupOfB() === undefined).toBe(decision === 'approve');
      expect(await reconciling.head()).toMatchObject({ currentOperationId: null, reconciler: null, requests: [] });
    }
  });

  it('a stop of the one that waits ends that one, and a stop of the other one only the other', async () => {
    const waiting = await waitingPut();
    edit({ retentionInDays: 7 });
    const step = await steppingIn();
    await stop(step);
    await reconciling.settle();
    expect((await reconciling.run(step)).state).not.toBe('running');
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });

    edit({ retentionInDays: 8 });
    const other = await steppingIn();
    await stop(waiting);
    await reconciling.settle();
    expect(await reconciling.run(other)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'stopped' });
    expect(await reconciling.head()).toMatchObject({ currentOperationId: null, stops: [], approvals: [] });
  });

  it('the end of the request for approval is noticed, however many events come', async () => {
    const waiting = await waitingPut({ ...ENFORCED, approvals: { expiresAfterHours: 1 } });
    edit({ retentionInDays: 7 });
    for (let events = 0; events < 400; events++) {
      await reconciling.record('drift', 'hubkeeper');
      reconciling.pass(9);
      // The timer never finds the reconciler at rest.
      await reconciling.settle((decision) => decision.next === 'start');
      edit({ retentionInDays: 7 + (events % 20) });
      if ((await reconciling.run(waiting)).state !== 'waiting') break;
    }
    await reconciling.settle();

    expect(await reconciling.run(waiting)).toMatchObject({
      state: 'partial',
      refused: expect.arrayContaining([expect.objectContaining({ code: 'ApprovalExpired' })]),
    });
  });

  it('a person’s request for all of it takes over the one that waits', async () => {
    const waiting = await waitingPut();
    await stop(waiting);
    await reconciling.settle();
    const part = await reconciling.record('reconcile', 'carl', { scope: 'spoke:b' });
    await reconciling.settle();
    expect(await reconciling.run(part)).toMatchObject({ state: 'waiting' });
    edit({ retentionInDays: 7 });
    const step = await steppingIn();
    const whole = await reconciling.record('reconcile', 'dora');
    await reconciling.settle();

    expect(await reconciling.run(step)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.run(part)).toMatchObject({ state: 'stopped', supersededBy: whole });
    expect(await reconciling.run(whole)).toMatchObject({ state: 'waiting' });
  });
});

/** The security group of a spoke. */
const groupOf = (spoke: string) =>
  GROUP.replace('rg-north-a', `rg-north-${spoke}`).replace('spoke-a', `spoke-${spoke}`);
const tagsOf = (id: string) => dependencies.arm.body(id)?.tags;

/** Somebody else's tags on the security group of a spoke, which only an approval takes off. */
const retag = (spoke: string) =>
  dependencies.arm.put(groupOf(spoke), { ...dependencies.arm.body(groupOf(spoke)), tags: { owner: 'me' } });

/** Two spokes with security groups that are put right when somebody has approved it. */
async function approvedGroups(): Promise<void> {
  const drift = { mode: 'act', policies: [{ kind: 'networkSecurityGroup', policy: 'approve' }] };
  await reconciling.put(smallSpec(NAME, BOTH, { tags: { owner: 'net' }, drift }), 'ann');
  await reconciling.settle();
}

describe('an event while a scan of everything waits for an approval', () => {
  const eventOf = (spoke: string) => {
    const hint = { action: 'write', at: reconciling.nowIso, author: null, correlationId: null } as const;
    return scan({ hints: [{ ...hint, resource: groupOf(spoke) }] });
  };

  it('has what it brings asked for at once, together with what waits already', async () => {
    await approvedGroups();
    retag('a');
    const waiting = await scan();
    const [first] = (await reconciling.head()).approvals;
    retag('b');
    const step = await eventOf('b');

    expect(await reconciling.run(step)).toMatchObject({ setAside: waiting, state: 'partial' });
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });
    const { approvals, requests } = await reconciling.head();
    expect(approvals).toMatchObject([{ operationId: waiting }]);
    expect(approvals[0]?.planHash).not.toBe(first?.planHash);
    expect(requests).toEqual([]);
    await decide();
    await reconciling.settle();
    expect(BOTH.map((spoke) => tagsOf(groupOf(spoke)))).toEqual([{ owner: 'net' }, { owner: 'net' }]);
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
  });

  it('leaves the request for approval as it is where what it brings needs nobody', async () => {
    await approvedGroups();
    retag('a');
    await scan();
    const before = await reconciling.head();
    edit({ retentionInDays: 7 });
    const hint = {
      resource: WORKSPACE,
      action: 'write',
      at: reconciling.nowIso,
      author: null,
      correlationId: null,
    } as const;
    const step = await scan({ hints: [hint] });

    expect(retention()).toBe(30);
    const after = await reconciling.head();
    expect(standing(after)).toEqual(standing(before));
    expect(`${NAME}-${after.counters.operation}`).toBe(step);
  });
});

describe('a scan while a proposal that nobody asked for waits for an approval', () => {
  /** What is found in one spoke waits, and covers nothing else. */
  async function waitingProposal(): Promise<string> {
    await approvedGroups();
    for (const spoke of BOTH) retag(spoke);
    const id = await scan({ scope: 'spoke:a' });
    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting', attended: false });
    return id;
  }

  it('puts right what needs nobody, asks for nothing itself, and the proposal waits on', async () => {
    const waiting = await waitingProposal();
    const before = standing(await reconciling.head());
    edit({ retentionInDays: 7 });
    const step = await scan();

    expect(retention()).toBe(30);
    expect(await reconciling.run(step)).toMatchObject({ state: 'partial', setAside: waiting });
    expect((await reconciling.run(step)).refused.map(({ id, code }) => [id, code])).toEqual([
      [groupOf('a'), 'LeftToOperation'],
      [groupOf('b'), 'WaitsBehindOperation'],
    ]);
    expect(standing(await reconciling.head())).toEqual(before);

    await decide();
    await reconciling.settle();
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
    expect(BOTH.map((spoke) => tagsOf(groupOf(spoke)))).toEqual([{ owner: 'net' }, { owner: 'me' }]);
    const asks = await scan();
    expect(await reconciling.run(asks)).toMatchObject({ state: 'waiting' });
  });

  it('is set aside by no other: however many come, each is over at once', async () => {
    const waiting = await waitingProposal();
    const before = standing(await reconciling.head());
    for (const scope of ['spoke:b', undefined, 'hub', 'spoke:b']) {
      edit({ retentionInDays: 7 });
      const step = await scan(scope === undefined ? {} : { scope });

      const { state } = await reconciling.run(step);
      expect(['succeeded', 'partial']).toContain(state);
      expect(standing(await reconciling.head())).toEqual(before);
      expect(await reconciling.head()).toMatchObject({ reconciler: null, currentOperationId: waiting });
    }
  });
});

describe('reconcilers that keep dying at what has stepped in', () => {
  it('end that one alone; the one that waits follows what it has left in Azure, and waits on', async () => {
    const waiting = await waitingPut();
    const { approvals } = await reconciling.head();
    edit({ retentionInDays: 7 });
    const step = await steppingIn();
    await decide({ decision: 'reject' });
    let seen = await reconciling.head();
    for (let deaths = 0; seen.reconciler !== null; deaths++) {
      expect(deaths).toBeLessThan(20);
      const { head } = watchHead(seen, seen.reconciler.instanceId, 'dead', false, reconciling.nowIso);
      if (head !== null) await reconciling.change(() => head);
      seen = await reconciling.head();
    }

    expect(seen).toMatchObject({
      currentOperationId: waiting,
      leftInFlightBy: step,
      requests: [{ operationId: waiting }],
    });
    expect(seen.setAside).toBeUndefined();
    expect(seen.ended).toMatchObject([{ request: { operationId: step }, end: 'givenUp' }]);
    expect(seen.approvals).toMatchObject([{ planHash: approvals[0]?.planHash, decision: 'reject' }]);
    const { head } = watchHead(seen, undefined, 'none', false, reconciling.nowIso);
    if (head !== null) await reconciling.change(() => head);
    await reconciling.settle();
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'partial' });
    expect(await reconciling.head()).toMatchObject({ currentOperationId: null, leftInFlightBy: null });
    expect(retention()).toBe(30);
  });
});

describe('a host that dies at any call to the state while something steps in', () => {
  const calls = ['journal.append', 'drift.write', 'runs.write', 'runs.writePlan', 'baselines.change'] as const;

  /** Lets one call of a store die, before or after it has done its work; others go through. @returns ends that and says whether it came to it. */
  function killAt(call: (typeof calls)[number], nth: number, isDone: boolean): () => boolean {
    const [name, method] = call.split('.') as [keyof typeof dependencies, string];
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
    return () => {
      store[method] = original;
      return count >= nth;
    };
  }

  it.each(calls.flatMap((call) => [true, false].map((isDone) => ({ call, isDone }))))(
    'puts the drift right once and brings back the one that waits: %j',
    async ({ call, isDone }) => {
      for (const takesOver of [false, true]) {
        for (let nth = 1, isReached = true; isReached; nth++) {
          dependencies = memoryDependencies();
          reconciling = new Reconciling(dependencies, NAME);
          const waiting = await waitingPut();
          const before = standing(await reconciling.head());
          edit({ retentionInDays: 7 });
          const step = await reconciling.record('drift', 'hubkeeper');
          const wasReached = killAt(call, nth, isDone);
          for (let tries = 0; tries < 3; tries++) {
            try {
              await reconciling.settle(() => {
                reconciling.pass(1);
                return false;
              });
              break;
            } catch (error) {
              expect(String(error)).toContain('killed');
              reconciling.pass(7);
              if (takesOver)
                await reconciling.change((head) =>
                  head.reconciler === null
                    ? head
                    : { ...head, reconciler: { ...head.reconciler, instanceId: `${head.reconciler.instanceId}x` } },
                );
            }
          }
          isReached = wasReached();

          expect(retention()).toBe(30);
          expect(await reconciling.run(step)).toMatchObject({ state: 'succeeded' });
          expect(standing(await reconciling.head())).toEqual(before);
          const told = (await linesOf(step)).map(({ decision }) => decision);
          expect(told.filter((decision) => decision === 'drift found' || decision === 'updated').sort()).toEqual([
            'drift found',
            'updated',
          ]);
          await decide();
          await reconciling.settle();
          expect(await reconciling.run(waiting)).toMatchObject({ state: 'succeeded' });
        }
      }
    },
  );
});
