import { describe, expect, it } from '@jest/globals';
import type { DriftBody } from '../../../lib/api/drift.ts';
import { type Bound, driftStepLines } from '../../../lib/cli/drift-steps.ts';
import { HASH, idOf } from './samples.ts';

function driftOf(state: DriftBody['state'], code: string, more: Partial<DriftBody> = {}): DriftBody {
  return {
    id: idOf('networkSecurityGroups', 'nsg-web'),
    kind: 'networkSecurityGroup',
    path: 'tags.owner',
    policy: 'enforce',
    state,
    code,
    why: 'It is so.',
    firstSeenAt: '2026-03-01T08:59:00Z',
    lastSeenAt: '2026-03-01T08:59:00Z',
    operationId: 'prod-17',
    ...more,
  };
}

function stepsOf(drifts: readonly DriftBody[], bound?: Bound): readonly string[] {
  const options = { baseline: 'prod', command: 'hubkeeper', columns: 120 };
  return driftStepLines(drifts, { ...options, ...(bound === undefined ? {} : { bound }) }).map((line) => line.trim());
}

const RECONCILE = 'Put it right now: hubkeeper reconcile prod';
const HOLD = 'Keep it during an incident: hubkeeper hold prod --help';
const RELEASE = 'End the hold: hubkeeper release prod';
const UNLOCK =
  'What is locked or opted out stays until its lock or tag is removed; the next scheduled scan then goes on.';

describe('what a person can do about drift', () => {
  it.each([
    ['that is being put right', driftOf('puttingRight', ''), [HOLD]],
    ['that failed', driftOf('failed', 'Conflict'), [RECONCILE]],
    ['that waits for the budget', driftOf('waiting', 'budget'), [RECONCILE, HOLD]],
    ['that another writer has changed back', driftOf('waiting', 'backOff'), [RECONCILE, HOLD]],
    ['that waits for a change window', driftOf('waiting', 'changeWindow'), [HOLD]],
    ['that is held', driftOf('waiting', 'hold'), [RELEASE]],
    ['in conflict', driftOf('refused', 'WriterConflict'), [RECONCILE]],
    ['that somebody rejected', driftOf('refused', 'ApprovalRejected'), [RECONCILE]],
    ['that Hubkeeper by itself leaves alone', driftOf('refused', 'LeftToPeople'), [RECONCILE]],
    ['that is locked', driftOf('refused', 'Protected'), [UNLOCK]],
    ['that the mode forbids', driftOf('refused', 'ModeForbidsUpdate'), []],
    ['that the mode of drift only tells', driftOf('reported', 'ReactionModeForbids'), [RECONCILE]],
    ['that a policy only tells', driftOf('reported', 'DriftReported'), []],
  ])('%s', (_, drift, steps) => {
    expect(stepsOf([drift])).toEqual(steps);
  });

  it('is to approve first, where something waits for that', () => {
    const waits = driftOf('waiting', 'approval', { approvePlanHash: HASH });

    expect(stepsOf([waits, { ...waits, path: 'tags.team' }])).toEqual([
      `Approve what waits: hubkeeper approve ${HASH.slice(0, 12)}`,
      'Or put it right without one: hubkeeper reconcile prod',
      HOLD,
    ]);
    expect(stepsOf([driftOf('waiting', 'approval')])[0]).toBe('See what waits for an approval: hubkeeper approvals');
  });

  it.each([
    ['hold', RELEASE],
    ['pause', 'End the pause: hubkeeper resume'],
    ['stopSetting', 'An app setting stops all writes: an administrator of the app has to change it.'],
  ] as const)('is nothing but the end of what binds everything: %s', (bound, step) => {
    expect(stepsOf([driftOf('reported', 'ReactionModeForbids')], bound)).toEqual([step]);
    expect(stepsOf([driftOf('waiting', 'approval', { approvePlanHash: HASH })], bound)).toEqual([step]);
    expect(stepsOf([driftOf('refused', 'Protected'), driftOf('waiting', bound)], bound)).toEqual([step, UNLOCK]);
  });

  it.each([40, 80, 120])('is to be copied: no command is broken in %i columns', (columns) => {
    const planHash = '0'.repeat(64);
    const command = 'npm run hubkeeper --';
    const options = { baseline: 'aks-baseline-of-north-and-south', command, columns };
    const waits = driftOf('waiting', 'approval', { approvePlanHash: planHash });
    const lines = driftStepLines([waits, driftOf('waiting', 'hold')], options);

    expect(lines.flatMap((line) => (line.includes(command) ? [line.slice(line.indexOf(command))] : []))).toEqual([
      `${command} approve 000000000000`,
      `${command} reconcile aks-baseline-of-north-and-south`,
      `${command} release aks-baseline-of-north-and-south`,
    ]);
    for (const line of lines.filter((one) => !one.includes(command))) expect(line.length).toBeLessThanOrEqual(columns);
    expect(driftStepLines([driftOf('refused', 'Protected')], options).every(({ length }) => length <= columns)).toBe(
      true,
    );
  });

  it('is nothing where nothing is open', () => {
    expect(stepsOf([])).toEqual([]);
    expect(stepsOf([], 'hold')).toEqual([]);
    expect(stepsOf([], 'pause')).toEqual([]);
  });

  it('is what others need, where only one of them is held', () => {
    expect(stepsOf([driftOf('waiting', 'hold'), driftOf('waiting', 'budget')])).toEqual([RECONCILE, RELEASE]);
  });
});
