import { describe, expect, it } from '@jest/globals';
import type { BaselineDriftBody, DriftBody, DriftConflictBody, ForeignEntryBody } from '../../../lib/api/drift.ts';
import { driftCountText, driftLines } from '../../../lib/cli/drift-view.ts';
import { styleFor } from '../../../lib/cli/style.ts';
import { width } from '../../../lib/cli/text.ts';
import { HASH, idOf } from './samples.ts';

const WEB = idOf('networkSecurityGroups', 'nsg-web');
const ROUTES = idOf('routeTables', 'rt-nodes');
const alice = { name: 'alice@contoso.com', objectId: null, appId: null };
const origin = { at: '2026-03-01T08:58:10Z', author: alice, correlationId: 'c-1' };

function driftOf(more: Partial<DriftBody> = {}): DriftBody {
  return {
    id: WEB,
    kind: 'networkSecurityGroup',
    path: 'properties.securityRules[ssh].properties.access',
    before: 'Allow',
    after: 'Deny',
    policy: 'enforce',
    state: 'puttingRight',
    code: '',
    why: '',
    until: null,
    origin,
    firstSeenAt: '2026-03-01T08:59:00Z',
    lastSeenAt: '2026-03-01T08:59:00Z',
    operationId: 'prod-17',
    ...more,
  };
}

const conflict: DriftConflictBody = {
  id: ROUTES,
  kind: 'routeTable',
  path: 'properties.routes[to-hub].properties.nextHopIpAddress',
  putRight: [
    { at: '2026-03-01T08:00:00Z', operationId: 'prod-14' },
    { at: '2026-03-01T08:10:00Z', operationId: 'prod-15' },
    { at: '2026-03-01T08:20:00Z', operationId: 'prod-16' },
  ],
  changedBack: [
    { at: '2026-03-01T08:05:00Z', origin: null },
    { at: '2026-03-01T08:15:00Z', origin: null },
    { at: '2026-03-01T08:25:00Z', origin },
  ],
  stopped: true,
  until: '2026-03-02T08:25:00Z',
};

const NOTHING: BaselineDriftBody = {
  lastScan: {
    operationId: 'prod-17',
    at: '2026-03-01T09:00:00Z',
    comparedCount: 49,
    notComparedCount: 2,
    foundCount: 0,
  },
  lastLook: null,
  drifts: [],
  moreDriftsCount: 0,
  conflicts: [],
  unmanaged: [],
  unmanagedCount: 0,
  foreignEntries: [],
  foreignEntryCount: 0,
};

function linesOf(more: Partial<BaselineDriftBody>, { full = false, columns = 100 } = {}): readonly string[] {
  const style = styleFor({ write: () => true }, { NO_COLOR: '1' });
  return driftLines({ ...NOTHING, ...more }, { style, full, columns, baseline: 'prod', command: 'hubkeeper' });
}

describe('drift on the screen', () => {
  it('is one line when there is none', () => {
    expect(linesOf({})).toEqual(['Drift: none; last scan 2026-03-01 09:00Z compared 49 of 51']);
    expect(linesOf({ lastScan: null })).toEqual(['Drift: none; no scheduled scan yet']);
  });

  it('tells the last scan from the last look at what an event named', () => {
    const lastLook = { operationId: 'prod-18', at: '2026-03-01T08:31:00Z', comparedCount: 1, notComparedCount: 50 };

    expect(linesOf({ lastLook: { ...lastLook, foundCount: 0 } })).toEqual([
      'Drift: none; last scan 2026-03-01 09:00Z compared 49 of 51',
      '  last look at what an event named: 2026-03-01 08:31Z',
    ]);
    expect(linesOf({}, { columns: 50 })).toEqual(['Drift: none;', '  last scan 2026-03-01 09:00Z compared 49 of 51']);
  });

  it('says what, who, when, and what happens next', () => {
    const why = "drift.mode is 'propose'.";
    const waits = {
      state: 'waiting',
      code: 'approval',
      why,
      until: '2026-03-02T09:00:00Z',
      approvePlanHash: HASH,
    } as const;
    const text = linesOf({ drifts: [driftOf(waits)] }).join('\n');

    expect(text).toContain('nsg-web (rg-hub)  networkSecurityGroup');
    expect(text).toContain('properties.securityRules[ssh].properties.access: "Allow" → "Deny"');
    expect(text).toContain('changed by alice@contoso.com at 2026-03-01 08:58Z, found 2026-03-01 08:59Z');
    expect(text).toContain("waits: drift.mode is 'propose'. (until 2026-03-02 09:00Z)");
    expect(text).toContain(`Approve what waits: hubkeeper approve ${HASH.slice(0, 12)}`);
    expect(text).toContain('hubkeeper hold prod');
  });

  it('says once what is true of several properties of a resource', () => {
    const lines = linesOf({ drifts: [driftOf(), driftOf({ path: 'tags.owner' })] });

    expect(lines.filter((line) => line.includes('alice'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('nsg-web'))).toHaveLength(1);
  });

  it('counts properties and the resources that they are in', () => {
    const drifts = [driftOf(), driftOf({ path: 'tags.owner' }), driftOf({ path: 'tags.x', state: 'ignored' })];

    expect(linesOf({ drifts })[0]).toContain('Drift: 2 differences in 1 resource, 1 ignored;');
    expect(linesOf({ drifts, moreDriftsCount: 3 })[0]).toContain('Drift: 5 differences in at least 1 resource,');
  });

  it('says that events have been told of since the scan', () => {
    const entry = { path: 'properties.routes[a]', description: '', origin: null, firstSeenAt: '2026-03-01T08:59:00Z' };
    const foreign = { ...entry, id: ROUTES, kind: 'routeTable', lastSeenAt: entry.firstSeenAt, operationId: 'prod-1' };
    const lastLook = { operationId: 'prod-18', at: '2026-03-01T09:30:00Z', foundCount: 0 };
    const lines = (more: Partial<BaselineDriftBody>) =>
      linesOf({ foreignEntries: [foreign], foreignEntryCount: 1, ...more }).join('\n');

    expect(lines({ lastLook: { ...lastLook, comparedCount: 1, notComparedCount: 50 } })).toContain(
      '(1), as of the scan at 2026-03-01 09:00Z and events since; never touched:',
    );
    expect(lines({ lastScan: null })).toContain('(1), as far as events told; never touched:');
  });

  it('offers only what would help', () => {
    const reported = driftOf({ state: 'reported', policy: 'report', code: 'DriftReported', why: 'A policy says so.' });
    const text = linesOf({ drifts: [reported] }).join('\n');

    expect(text).toContain('only reported: A policy says so.');
    expect(text).not.toContain('hubkeeper reconcile');
    expect(text).not.toContain('hubkeeper hold');
  });

  it('names a resource that is gone, and nobody where no event told', () => {
    const text = linesOf({ drifts: [driftOf({ path: '', before: undefined, after: undefined, origin: null })] }).join(
      '\n',
    );

    expect(text).toContain('the resource is gone');
    expect(text).toContain('no event told by whom');
  });

  it('says who deleted a resource, or the other side of it', () => {
    const gone = driftOf({ path: '', before: undefined, after: undefined, origin: { ...origin, deleted: WEB } });
    const other = driftOf({ id: ROUTES, origin: { ...origin, deleted: WEB } });
    const text = linesOf({ drifts: [gone, other] }).join('\n');

    expect(text).toContain('      deleted by alice@contoso.com at 2026-03-01 08:58Z, found');
    expect(text).toContain('      other side deleted by alice@contoso.com at 2026-03-01 08:58Z, found');
  });

  it('counts what is ignored, and shows it when all is asked for', () => {
    const drifts = [driftOf({ state: 'ignored', policy: 'ignore', why: 'The policy ignores it.' })];

    expect(linesOf({ drifts })).toEqual(['Drift: none, 1 ignored; last scan 2026-03-01 09:00Z compared 49 of 51']);
    expect(linesOf({ drifts }, { full: true }).join('\n')).toContain('ignored: The policy ignores it.');
  });

  it('shows both sides of a conflict and the way out', () => {
    const text = linesOf({ conflicts: [conflict] }).join('\n');

    expect(text).toContain('put right 3 times, last 2026-03-01 08:20Z (prod-16)');
    expect(text).toContain('changed back 3 times, last by alice@contoso.com at 2026-03-01 08:58Z');
    expect(text).toContain('left alone until 2026-03-02 08:25Z');
  });

  it('lists some of what is not managed and counts the rest', () => {
    const unmanaged = Array.from({ length: 12 }, (_, at) => ({
      id: idOf('networkInterfaces', `nic-${at}`),
      type: 'Microsoft.Network/networkInterfaces',
    }));
    const lines = linesOf({ unmanaged, unmanagedCount: 30, unmanagedAt: '2026-03-01T08:00:00Z' });

    expect(lines).toContain(
      'Not managed, in managed resource groups (30), as of the scan at 2026-03-01 08:00Z; never touched:',
    );
    expect(lines).toContain('  nic-0 (rg-hub)  Microsoft.Network/networkInterfaces');
    expect(lines.at(-1)).toBe('  and 20 more: --full');
  });

  it('lists what others put into managed resources, by resource, with who and since when', () => {
    const entry = (path: string, more: Partial<ForeignEntryBody> = {}): ForeignEntryBody => ({
      id: WEB,
      kind: 'networkSecurityGroup',
      path: `properties.securityRules[${path}]`,
      description: '',
      origin: null,
      firstSeenAt: '2026-03-01T08:59:00Z',
      lastSeenAt: '2026-03-01T09:59:00Z',
      operationId: 'prod-17',
      ...more,
    });
    const known = entry('ssh', { description: 'Allow Inbound Tcp from * to * port 22', origin });
    const many = Array.from({ length: 14 }, (_, at) => entry(`r${at}`));
    const lines = linesOf({ foreignEntries: [known, entry('rdp\u001b[2J')], foreignEntryCount: 2 });

    expect(lines.slice(1)).toEqual([
      'Added to managed resources by others (2), as of the scan at 2026-03-01 09:00Z; never touched:',
      '  nsg-web (rg-hub)  networkSecurityGroup',
      '    properties.securityRules[ssh]: Allow Inbound Tcp from * to * port 22',
      '      since 2026-03-01 08:59Z; resource changed by alice@contoso.com at 2026-03-01 08:58Z',
      '    properties.securityRules[rdp [2J]',
      '      since 2026-03-01 08:59Z; no event told by whom',
    ]);
    expect(lines[0]).toContain('Drift: none');
    expect(linesOf({ foreignEntries: many, foreignEntryCount: 600 }).at(-1)).toBe('  and 590 more: --full');
    expect(linesOf({ foreignEntries: many, foreignEntryCount: 600 }, { full: true }).at(-1)).toBe('  and 586 more');
  });

  it('shows a bounded number of resources', () => {
    const drifts = Array.from({ length: 25 }, (_, at) => driftOf({ id: idOf('routeTables', `rt-${at}`) }));

    expect(linesOf({ drifts })).toContain('  and 5 resources more: --full');
  });

  it('moves no cursor with the name of an author', () => {
    const evil = { ...origin, author: { ...alice, name: '\u001b[2Jmallory' } };

    expect(linesOf({ drifts: [driftOf({ origin: evil })] }).join('\n')).not.toContain('\u001b');
  });

  it.each([80, 120])('keeps its sentences within %i columns', (columns) => {
    const why =
      'Another writer keeps changing properties.routes back: Hubkeeper leaves it until 2026-03-02T08:25:00.000Z, until somebody reconciles by hand, or until the spec changes.';
    const lines = linesOf({ drifts: [driftOf({ state: 'refused', why })], conflicts: [conflict] }, { columns });

    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
  });

  it('is a figure in the list of baselines', () => {
    const counts = {
      openCount: 3,
      openResourceCount: 2,
      waitingCount: 1,
      conflictCount: 0,
      unmanagedCount: 0,
      foreignEntryCount: 0,
      lastScanAt: null,
    };

    expect(driftCountText(undefined)).toBe('');
    expect(driftCountText(counts)).toBe('3 in 2 resources, 1 waiting');
    expect(driftCountText({ ...counts, conflictCount: 1 })).toBe('3 in 2 resources, 1 waiting, 1 in conflict');
    expect(driftCountText({ ...counts, waitingCount: 2, foreignEntryCount: 1 })).toBe(
      '3 in 2 resources, 2 waiting, 1 added by others',
    );
    expect(
      driftCountText({ ...counts, openCount: 0, openResourceCount: 0, waitingCount: 0, foreignEntryCount: 1 }),
    ).toBe('1 added by others');
  });
});
