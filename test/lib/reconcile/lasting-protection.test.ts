import { beforeEach, describe, expect, it } from '@jest/globals';
import { WatchedBaseline } from '../../support/watched-baseline.ts';

const { workspace, securityGroup } = WatchedBaseline;
const HOUR_SECONDS = 3_600;
const TAGS = { a: '1', b: '1', c: '1', d: '1', e: '1', f: '1', g: '1' };
let baseline: WatchedBaseline;

beforeEach(() => {
  baseline = new WatchedBaseline();
});

describe('a run that waits for somebody', () => {
  const policies = [{ kind: 'logAnalyticsWorkspace', policy: 'approve' }];
  let waiting: string;

  beforeEach(async () => {
    const approvals = { expiresAfterHours: 14 * 24 };
    await baseline.provision({ tags: TAGS, approvals, drift: { mode: 'act', policies } });
    baseline.edit(workspace, { retentionInDays: 7 });
    waiting = await baseline.scan();
  });

  it('puts one resource right as often as somebody changes something else of it', async () => {
    for (const tag of Object.keys(TAGS)) {
      baseline.reconciling.pass(2 * HOUR_SECONDS);
      baseline.retag(securityGroup, { [tag]: 'x' });
      await baseline.scan(securityGroup);

      expect(baseline.dependencies.arm.body(securityGroup)?.tags).toMatchObject(TAGS);
    }
    expect((await baseline.reconciling.run(waiting)).state).toBe('waiting');
  });

  it.each([
    ['which an event tells of', [securityGroup], 0],
    ['which the scan that waits finds itself', [], 8],
  ])('puts the same change right on each of many days, %s', async (_, named, ofWaiting) => {
    for (let day = 0; day < 8; day++) {
      baseline.reconciling.pass(25 * HOUR_SECONDS);
      baseline.retag(securityGroup, { a: 'x' });
      await baseline.scan(...named);

      expect(baseline.dependencies.arm.body(securityGroup)?.tags).toMatchObject(TAGS);
    }
    expect((await baseline.reconciling.run(waiting)).state).toBe('waiting');
    const told = (await baseline.linesOf(waiting)).filter(({ decision }) => decision === 'updated');
    expect(told).toHaveLength(ofWaiting);
  });
});

describe('a resource that does not come to rest', () => {
  it('is given up when no write of it holds', async () => {
    await baseline.provision();
    baseline.edit(workspace, { retentionInDays: 7 });
    const { arm } = baseline.dependencies;
    const send = arm.send.bind(arm);
    const before = arm.writes.length;
    arm.send = async (request) => {
      const answer = await send(request);
      if (request.method === 'PUT' && request.target === workspace) baseline.edit(workspace, { retentionInDays: 7 });
      return answer;
    };
    const id = await baseline.scan();

    expect(await baseline.reconciling.run(id)).toMatchObject({
      state: 'failed',
      rows: { [workspace]: { state: { name: 'failed' }, problem: { code: 'WriteDidNotHold' } } },
    });
    expect(arm.writes.slice(before)).toEqual(Array.from({ length: 3 }, () => `PUT ${workspace}`));
  });

  it('is given up when the same change comes back each time before a person’s run has ended', async () => {
    await baseline.provision();
    baseline.edit(workspace, { retentionInDays: 7 });
    const { arm } = baseline.dependencies;
    const before = arm.writes.length;
    const id = await baseline.reconciling.record('reconcile', 'ann');
    await baseline.reconciling.settle(async () => {
      const { rows } = await baseline.reconciling.run(id);
      if (rows[workspace]?.state.name !== 'starting') return false;
      // The next plan is due before the run can end, and finds what was changed back after the write had held.
      await baseline.reconciling.record('reconcile', 'bob');
      const { list } = arm;
      arm.list = async (path) => {
        arm.list = list;
        baseline.edit(workspace, { retentionInDays: 7 });
        return list.call(arm, path);
      };
      return false;
    });

    expect((await baseline.reconciling.run(id)).rows[workspace]).toMatchObject({
      state: { name: 'failed' },
      problem: { code: 'KeepsChanging' },
    });
    expect(arm.writes.slice(before)).toEqual(Array.from({ length: 5 }, () => `PUT ${workspace}`));
  });
});

describe('what is seen of a resource while Hubkeeper writes it', () => {
  it('is told neither as another change nor as somebody’s work', async () => {
    await baseline.provision();
    const { arm } = baseline.dependencies;
    baseline.edit(workspace, { retentionInDays: 7 });
    const send = arm.send.bind(arm);
    arm.send = async (request) => {
      const answer = await send(request);
      if (request.method !== 'PUT' || request.target !== workspace) return answer;
      // Azure is at work on it, and shows a value between.
      baseline.edit(workspace, { retentionInDays: 15, provisioningState: 'Updating' });
      return { ...answer, status: 201, body: arm.body(workspace) };
    };
    const id = await baseline.reconciling.record('drift', 'hubkeeper', { hints: [baseline.hint(workspace)] });
    await baseline.reconciling.settle(
      async () => (await baseline.reconciling.run(id)).rows[workspace]?.state.name === 'running',
    );
    await baseline.reconciling.turn();
    const plansMade = (await baseline.reconciling.run(id)).plansMade;
    await baseline.reconciling.record('drift', 'hubkeeper', { hints: [baseline.hint(securityGroup)] });
    await baseline.reconciling.turn();

    expect((await baseline.reconciling.run(id)).plansMade).toBe(plansMade + 1);
    expect((await baseline.linesOf(id)).map(({ decision }) => decision)).not.toContain('drift changed');
    expect((await baseline.record()).drifts).toMatchObject([{ before: 7, state: 'puttingRight' }]);
    baseline.edit(workspace, { retentionInDays: 30, provisioningState: 'Succeeded' });
    await baseline.reconciling.settle();
    expect(await baseline.record()).toMatchObject({ drifts: [], contests: [{ theirs: [] }] });
  });
});
