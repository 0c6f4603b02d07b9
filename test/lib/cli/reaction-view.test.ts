import { describe, expect, it } from '@jest/globals';
import type { OpenReactionBody } from '../../../lib/api/reaction.ts';
import { reactionLines, reactionText } from '../../../lib/cli/reaction-view.ts';
import { styleFor } from '../../../lib/cli/style.ts';
import { FIREWALL } from './samples.ts';

const observed: OpenReactionBody = {
  kind: 'relieveSnatExhaustion',
  target: FIREWALL,
  state: 'nothingUnderWay',
  openAlertCount: 1,
  openSince: '2026-03-01T05:10:00Z',
  valuePercent: 86.84,
  code: 'ModeObserve',
  why: "egress.mode is 'observe': nothing is changed. 2 addresses would be added to the present 3.",
  at: '2026-03-01T05:12:00Z',
  until: '2026-03-01T06:12:00Z',
  operationId: 'prod-7',
};

const untold = { ...observed, code: '', why: '', at: null, until: null };

function linesOf(reaction: OpenReactionBody, columns = 200): readonly string[] {
  const style = styleFor({ write: () => true }, { NO_COLOR: '1' });
  return reactionLines([reaction], { style, columns, journalCommand: 'hubkeeper journal prod' });
}

describe('an open reaction', () => {
  it('says since when, how bad, that nobody acts, and why', () => {
    expect(linesOf(observed)).toEqual([
      'Egress: alert open since 2026-03-01 05:10Z, 86.8 % as it said, not acted on: egress.mode is observe',
      '  fw-hub (rg-hub)',
      "  egress.mode is 'observe': nothing is changed. 2 addresses would be added to the present 3. (2026-03-01 05:12Z)",
    ]);
    for (const line of linesOf(observed, 80)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('says where the reason is where only its code is known', () => {
    expect(linesOf({ ...observed, why: '', code: 'CeilingReached' })).toEqual([
      'Egress: alert open since 2026-03-01 05:10Z, 86.8 % as it said, nothing is under way: CeilingReached',
      '  fw-hub (rg-hub)',
      '  CeilingReached (2026-03-01 05:12Z): hubkeeper journal prod',
    ]);
  });

  it.each([
    [{ ...untold, state: 'looking' as const }, 'being looked at'],
    [{ ...untold, state: 'waiting' as const }, 'waits for the firewall or its metrics'],
    [{ ...observed, state: 'acting' as const }, 'acted on by prod-7'],
    [{ ...observed, code: 'Relieved' }, 'relieved'],
    [{ ...observed, code: 'UtilizationAcceptable' }, 'nothing to do: the ports suffice'],
  ])('says how it stands: %j', (reaction, text) => {
    expect(reactionText(reaction)).toBe(`Egress: alert open since 2026-03-01 05:10Z, 86.8 % as it said, ${text}`);
  });

  it('says that ports are short where no alert is open any more', () => {
    const short = { ...observed, openSince: null, openAlertCount: 0 };

    expect(reactionText(short)).toBe(
      'Egress: ports are short as far as is known, not acted on: egress.mode is observe',
    );
    expect(reactionText({ ...observed, openAlertCount: 2, valuePercent: null })).toContain('2 alerts open since');
  });

  it('says until when what was given up rests', () => {
    const given = { ...observed, kind: 'remediateDrift' as const, openSince: null, state: 'givenUp' as const };

    expect(linesOf(given).at(0)).toBe('Drift: given up for now');
    expect(linesOf(given).at(-1)).toBe('  rests until 2026-03-01 06:12Z');
  });
});
