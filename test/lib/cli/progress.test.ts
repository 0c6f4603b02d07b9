import { describe, expect, it } from '@jest/globals';
import type { OperationBody } from '../../../lib/api/operation.ts';
import { createProgress } from '../../../lib/cli/progress.ts';
import { styleFor } from '../../../lib/cli/style.ts';
import { FakeSink } from './fake-world.ts';
import { FIREWALL, GATEWAY, idOf, nodeOf, operationOf, VNET } from './samples.ts';
import { screenOf } from './screen.ts';

const first = operationOf('running', {
  progress: { done: 0, total: 3, criticalPathMinutesLeft: 45 },
  nodes: [
    nodeOf(VNET, 'running', { estimatedMinutes: 1, startedAt: '2026-03-01T09:04:30Z' }),
    nodeOf(FIREWALL, 'running', { estimatedMinutes: 10, startedAt: '2026-03-01T09:00:00Z' }),
    nodeOf(GATEWAY, 'pending', { estimatedMinutes: 45 }),
  ],
});
const second = operationOf('running', {
  at: '2026-03-01T09:08:00Z',
  progress: { done: 1, total: 3, criticalPathMinutesLeft: 44 },
  nodes: [
    nodeOf(VNET, 'succeeded', { startedAt: '2026-03-01T09:04:30Z', endedAt: '2026-03-01T09:05:30Z' }),
    nodeOf(FIREWALL, 'running', { estimatedMinutes: 10, startedAt: '2026-03-01T09:00:00Z' }),
    nodeOf(GATEWAY, 'waiting', { waitingFor: { kind: 'carrier', reason: 'The carrier is not done.' } }),
  ],
});

function play(isTTY: boolean, operations: readonly OperationBody[]): FakeSink {
  const sink = new FakeSink(isTTY);
  const progress = createProgress({ sink, style: styleFor(sink, {}), nowMs: () => 0 }, {});
  for (const operation of operations) progress.show(operation);
  progress.end();
  progress.end();
  return sink;
}

describe('progress on a terminal', () => {
  it('draws a bar for the whole and one for each resource under way', () => {
    const sink = new FakeSink(true);
    const progress = createProgress({ sink, style: styleFor(sink, { NO_COLOR: '1' }), nowMs: () => 0 }, {});

    progress.show(first);
    const screen = screenOf(sink.raw());
    progress.end();

    expect(screen).toEqual([
      expect.stringMatching(/^prod\s+░{24} {3}0% 0 of 3 done, about 45 min left$/),
      expect.stringMatching(/^creating fw-hub \(rg-hub\)\s+█{12}░{12} {2}50% 5 min of about 10 min$/),
      expect.stringMatching(/^creating vnet-hub \(rg-hub\)\s+█{12}░{12} {2}50% 1 min of about 1 min$/),
    ]);
  });

  it('moves what is done above the bars and leaves nothing of an old bar behind', () => {
    const sink = new FakeSink(true);
    const progress = createProgress({ sink, style: styleFor(sink, { NO_COLOR: '1' }), nowMs: () => 0 }, {});

    progress.show(first);
    progress.show(second);
    progress.say('The app is away.');
    const screen = screenOf(sink.raw());
    progress.end();

    expect(screen).toEqual([
      '✓ created vnet-hub (rg-hub), 1 min',
      'waits: er-hub (rg-hub): The carrier is not done.',
      'The app is away.',
      expect.stringMatching(/^prod\s+█{8}░{16} {2}33% 1 of 3 done, about 44 min left, 1 waiting$/),
      expect.stringMatching(/^creating fw-hub \(rg-hub\)\s+█{19}░{5} {2}80% 8 min of about 10 min$/),
    ]);
  });

  it('takes the bars away at the end, shows the cursor and wraps lines again', () => {
    const sink = play(true, [first, second]);

    expect(screenOf(sink.raw())).toEqual([
      '✓ created vnet-hub (rg-hub), 1 min',
      'waits: er-hub (rg-hub): The carrier is not done.',
    ]);
    expect(sink.raw().lastIndexOf('\u001b[?25h')).toBeGreaterThan(sink.raw().lastIndexOf('\u001b[?25l'));
    expect(sink.raw().lastIndexOf('\u001b[?7h')).toBeGreaterThan(sink.raw().lastIndexOf('\u001b[?7l'));
  });

  it('never draws more lines than the terminal has', () => {
    const nodes = Array.from({ length: 80 }, (_, index) =>
      nodeOf(idOf('routeTables', `rt-${index}`), 'running', { estimatedMinutes: 5 }),
    );
    const sink = new FakeSink(true);
    const progress = createProgress({ sink, style: styleFor(sink, { NO_COLOR: '1' }), nowMs: () => 0 }, {});

    progress.show(operationOf('running', { nodes }));
    const screen = screenOf(sink.raw());
    progress.end();

    expect(screen.length).toBeLessThan(sink.rows);
    expect(screen[0]).toMatch(/ more under way$/);
  });
});

describe('progress elsewhere', () => {
  it('writes a line for each thing that happened, without control characters', () => {
    expect(play(false, [first, second]).raw()).toBe(
      [
        '› creating fw-hub (rg-hub), about 10 min',
        'prod: 0 of 3 done, about 45 min left',
        '✓ created vnet-hub (rg-hub), 1 min',
        'waits: er-hub (rg-hub): The carrier is not done.',
        'prod: 1 of 3 done, about 44 min left, 1 waiting',
        '',
      ].join('\n'),
    );
  });

  it('says nothing twice, and shows life after a minute', () => {
    const sink = new FakeSink(false);
    let nowMs = 0;
    const progress = createProgress({ sink, style: styleFor(sink, {}), nowMs: () => nowMs }, {});
    const linesAt = (ms: number) => {
      const before = sink.raw().length;
      nowMs = ms;
      progress.show(first);
      return sink.raw().slice(before).split('\n').length - 1;
    };

    expect([linesAt(0), linesAt(30_000), linesAt(59_999), linesAt(60_000), linesAt(61_000)]).toEqual([2, 0, 0, 1, 0]);
  });

  it('is what a dumb terminal gets too', () => {
    const sink = new FakeSink(true);
    const progress = createProgress(
      { sink, style: styleFor(sink, { TERM: 'dumb' }), nowMs: () => 0 },
      { TERM: 'dumb' },
    );
    progress.show(first);
    progress.end();

    expect(sink.raw()).not.toContain('\u001b');
  });
});
