import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import type { AdvanceRequest } from '../../../lib/reconcile/advance.ts';
import { type StartOutcome, startWrite } from '../../../lib/reconcile/start-write.ts';
import { MOST_STARTS_PER_TURN } from '../../../lib/settings.ts';
import { withReconciler } from '../../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
/** A queue message of the storage account holds 64 KiB; larger payloads take a way of their own, through blobs. */
const MOST_BYTES = 64 * 1_024;
/** Longer than any id that a baseline has: group 90, network and child 80 each, diagnostic setting 260. */
const ID = `/subscriptions/${'s'.repeat(36)}/resourceGroups/${'g'.repeat(90)}/providers/Microsoft.Network/privateDnsZones/${'z'.repeat(600)}`;

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
}

/** What a start makes of an answer of Azure to its PUT. */
async function outcomeFor(answer: Answer): Promise<StartOutcome> {
  const dependencies = memoryDependencies();
  await dependencies.baselines.change(
    'north',
    (head) => ({ head: withReconciler(head, NOW).head, result: undefined }),
    { create: true },
  );
  const node = { id: ID, kind: 'privateDnsZone', dependsOn: [], lanes: [], scope: 'hub' };
  await dependencies.runs.writePlan({
    operationId: 'north-1',
    key: 'p',
    plan: {
      hash: 'h',
      changes: [
        {
          ...node,
          action: 'create',
          risk: 'safe',
          owner: 'spec',
          reason: 'It is not there.',
          diff: [],
          estimatedMinutes: 1,
        },
      ],
      criticalPathMinutes: 1,
      refused: [],
    },
    nodes: {
      [ID.toLowerCase()]: { ...node, body: { location: 'global', properties: {} }, owner: 'spec', presence: 'create' },
    },
    sharedLanes: [],
  });
  dependencies.arm.answerOnce('PUT', ID, answer.status, answer.body, answer.headers);
  return startWrite(dependencies, {
    baseline: 'north',
    operationId: 'north-1',
    planKey: 'p',
    id: ID,
    attempt: 1,
    instanceId: 'reconcile.north.1',
    generation: 0,
    pauseGeneration: 0,
    nowIso: NOW,
  });
}

const urlOf = (characters: number) => `https://management.azure.com/${'u'.repeat(characters)}`.slice(0, characters);
const underWay = { properties: { provisioningState: 'Updating' } };
const error = (message: string) => ({ error: { code: 'Q'.repeat(500), message } });

describe('what a turn of a reconciler carries', () => {
  it.each<readonly [string, Answer]>([
    ['the longest operation URL', { status: 201, headers: { 'azure-asyncoperation': urlOf(4_096) } }],
    ['a URL that is not followed', { status: 201, headers: { 'azure-asyncoperation': urlOf(30_000) }, body: underWay }],
    ['a long report', { status: 400, body: error('"\n\u0001'.repeat(20_000)) }],
    ['a long report in another script', { status: 503, body: error('網'.repeat(60_000)) }],
  ])('stays below 64 KB with as many starts as a turn has, each answered with %s', async (_, answer) => {
    const outcome = await outcomeFor(answer);
    const request: AdvanceRequest = {
      baseline: 'b'.repeat(60),
      instanceId: 'i'.repeat(90),
      turn: 100_000,
      outcomes: Array.from({ length: MOST_STARTS_PER_TURN }, () => outcome),
      nowIso: NOW,
    };

    expect(outcome.outcome).toBe(answer.status < 400 ? 'running' : 'refused');
    expect(Buffer.byteLength(JSON.stringify(request))).toBeLessThan(MOST_BYTES);
  });

  it('follows the URL of an operation however Azure signs it, and keeps the beginning of what it says', async () => {
    const url = urlOf(4_096);

    expect(await outcomeFor({ status: 201, headers: { 'azure-asyncoperation': url } })).toMatchObject({
      handle: { by: 'asyncOperation', url },
    });
    expect(await outcomeFor({ status: 400, body: error(`Subnet is full. ${'x'.repeat(900)}`) })).toMatchObject({
      refusal: { problem: { message: expect.stringMatching(/^Subnet is full\. x+…$/) } },
    });
  });
});
