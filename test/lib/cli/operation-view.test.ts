import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { OperationBody } from '../../../lib/api/operation.ts';
import {
  hashesToApprove,
  progressView,
  summaryLines,
  transitionLines,
  waitingGroups,
  waitsForApproval,
} from '../../../lib/cli/operation-view.ts';
import { styleFor } from '../../../lib/cli/style.ts';
import { FIREWALL, GATEWAY, HASH, nodeOf, operationOf, VNET } from './samples.ts';

const style = styleFor({ write: () => true }, {});
const approval = { kind: 'approval', reason: 'A delete needs approval.', planHash: HASH } as const;
const carrier = {
  kind: 'carrier',
  reason: 'The carrier has not provisioned the circuit.',
  until: '2026-03-10T00:00:00Z',
} as const;

describe('progressView', () => {
  it("counts elapsed time by the app's clock, the longest first", () => {
    const operation = operationOf('running', {
      nodes: [
        nodeOf(FIREWALL, 'running', { startedAt: '2026-03-01T09:00:00Z', estimatedMinutes: 10 }),
        nodeOf(GATEWAY, 'running', { startedAt: '2026-03-01T09:00:00Z', estimatedMinutes: 45 }),
        nodeOf(VNET, 'succeeded'),
      ],
    });

    expect(progressView(operation, 0).running).toEqual([
      { id: GATEWAY, label: 'creating er-hub (rg-hub)', percent: 11, note: '5 min of about 45 min' },
      { id: FIREWALL, label: 'creating fw-hub (rg-hub)', percent: 50, note: '5 min of about 10 min' },
    ]);
  });

  it('takes its own clock when the app does not say what time it is', () => {
    const { at: _, ...rest } = operationOf('running', {
      nodes: [nodeOf(FIREWALL, 'running', { startedAt: '2026-03-01T09:00:00Z', estimatedMinutes: 10 })],
    });

    expect(progressView(rest, Date.parse('2026-03-01T09:07:00Z')).running[0]?.percent).toBe(70);
  });

  it('never shows as done what is under way', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100, max: 10_000 }),
        fc.integer({ min: 0, max: 300 }),
        (elapsedMinutes, estimatedMinutes) => {
          const startedAt = new Date(Date.parse('2026-03-01T09:05:00Z') - elapsedMinutes * 60_000).toISOString();
          const row = progressView(
            operationOf('running', { nodes: [nodeOf(FIREWALL, 'running', { startedAt, estimatedMinutes })] }),
            0,
          ).running[0];

          expect(row?.percent).toBeGreaterThanOrEqual(0);
          expect(row?.percent).toBeLessThanOrEqual(99);
        },
      ),
    );
  });

  it('says each reason to wait once', () => {
    const view = progressView(
      operationOf('waiting', {
        waitingFor: [approval, approval],
        nodes: [nodeOf(GATEWAY, 'waiting', { waitingFor: carrier }), nodeOf(VNET, 'waiting')],
      }),
      0,
    );

    expect(view.waiting.map(({ line }) => line)).toEqual([
      'A delete needs approval.',
      'er-hub (rg-hub): The carrier has not provisioned the circuit. (until 2026-03-10 00:00Z)',
      'vnet-hub (rg-hub): No reason is given.',
    ]);
    expect(view.waitingCount).toBe(2);
  });
});

describe('waitingGroups', () => {
  it('is one line for a teardown, and root causes first otherwise', () => {
    const teardown = operationOf('waiting', {
      nodes: [FIREWALL, GATEWAY, VNET].map((id) => nodeOf(id, 'waiting', { waitingFor: approval })),
      waitingFor: [approval],
    });
    const chain = operationOf('waiting', {
      nodes: [
        nodeOf(VNET, 'succeeded'),
        nodeOf(FIREWALL, 'waiting', { waitingFor: approval }),
        nodeOf(GATEWAY, 'waiting', {
          waitingFor: { ...approval, reason: `Because ${FIREWALL} waits: A delete needs approval.`, cause: FIREWALL },
        }),
      ],
    });

    expect(waitingGroups(teardown).map(({ line }) => line)).toEqual(['all 3 resources: A delete needs approval.']);
    expect(waitingGroups(chain).map(({ line }) => line)).toEqual([
      'fw-hub (rg-hub) and 1 that depends on it: A delete needs approval.',
    ]);
  });
});

describe('transitionLines', () => {
  it('says what started, what ended and what failed, once', () => {
    const before = operationOf('running', {
      nodes: [nodeOf(FIREWALL, 'running'), nodeOf(VNET, 'running'), nodeOf(GATEWAY, 'pending')],
    });
    const after = operationOf('running', {
      nodes: [
        nodeOf(FIREWALL, 'failed'),
        nodeOf(VNET, 'succeeded', {
          action: 'update',
          startedAt: '2026-03-01T09:00:00Z',
          endedAt: '2026-03-01T09:03:00Z',
        }),
        nodeOf(GATEWAY, 'running', { estimatedMinutes: 45 }),
      ],
      errors: [
        {
          code: 'X',
          actor: 'azure-permanent',
          message: 'No capacity.',
          remedy: 'Take another zone.',
          resource: FIREWALL.toUpperCase(),
        },
      ],
    });

    expect(transitionLines(before, after, style)).toEqual([
      '× fw-hub (rg-hub) failed: No capacity.',
      '✓ updated vnet-hub (rg-hub), 3 min',
      '› creating er-hub (rg-hub), about 45 min',
    ]);
    expect(transitionLines(after, after, style)).toEqual([]);
  });

  it('does not tell at the first look what was done before', () => {
    const operation = operationOf('running', { nodes: [nodeOf(VNET, 'succeeded'), nodeOf(FIREWALL, 'running')] });

    expect(transitionLines(undefined, operation, style)).toEqual(['› creating fw-hub (rg-hub)']);
  });
});

describe('approvals', () => {
  const waiting = operationOf('waiting', { nodes: [nodeOf(GATEWAY, 'waiting', { waitingFor: approval })] });

  it('an operation waits for approval only when nothing else goes on', () => {
    expect(waitsForApproval(waiting)).toBe(true);
    expect(waitsForApproval({ ...waiting, state: 'running' })).toBe(false);
    expect(waitsForApproval(operationOf('waiting', { waitingFor: [carrier] }))).toBe(false);
  });

  it('says which hashes, each once', () => {
    expect(hashesToApprove({ ...waiting, waitingFor: [approval] })).toEqual([HASH]);
    expect(
      hashesToApprove(operationOf('waiting', { planHash: HASH, waitingFor: [{ kind: 'approval', reason: 'r' }] })),
    ).toEqual([HASH]);
    expect(hashesToApprove(operationOf('waiting', { waitingFor: [carrier] }))).toEqual([]);
  });
});

describe('summaryLines', () => {
  const actors: readonly OperationBody['errors'][number]['actor'][] = [
    'caller',
    'operator',
    'azure-temporary',
    'azure-permanent',
    'us',
  ];

  it('says how it ended, how long it took, and what is left to whom', () => {
    const lines = summaryLines(
      operationOf('partial', {
        endedAt: '2026-03-01T09:48:00Z',
        errors: actors.map((actor) => ({
          code: 'X',
          actor,
          message: `m-${actor}`,
          remedy: `r-${actor}`,
          resource: FIREWALL,
        })),
      }),
      style,
    );

    expect(lines[0]).toBe('partial  prod: 1 of 3 resources done, 48 min  prod-17');
    for (const actor of actors) {
      expect(lines.join('\n')).toContain(`fw-hub (rg-hub): m-${actor} [X]`);
      expect(lines.join('\n')).toContain(`r-${actor}`);
    }
  });
});

describe('a failure that takes others along', () => {
  it('is told once, with what depends on it', () => {
    const failed = operationOf('partial', {
      nodes: [
        nodeOf(VNET, 'failed'),
        nodeOf(FIREWALL, 'skipped', { blockedBy: VNET }),
        nodeOf(GATEWAY, 'skipped', { blockedBy: FIREWALL }),
      ],
      errors: [{ code: 'X', actor: 'operator', message: 'No room.', remedy: 'Make room.', resource: VNET }],
    });

    expect(summaryLines(failed, style).slice(1)).toEqual([
      '  × vnet-hub (rg-hub): No room. [X]',
      '      and 2 that depend on it',
      '      operator: Make room.',
    ]);
    expect(transitionLines(undefined, failed, style)).toContain(
      '- fw-hub (rg-hub) and er-hub (rg-hub) were not started',
    );
  });
});
