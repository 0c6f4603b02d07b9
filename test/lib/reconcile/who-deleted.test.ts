import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newDriftRecord } from '../../../lib/drift/drift-record.ts';
import { normaliseId } from '../../../lib/plan/graph.ts';
import { linesOfNews } from '../../../lib/reconcile/drift-lines.ts';
import type { RunDocument } from '../../../lib/state/run.ts';
import { changeOf, compared, entryOf, NOW, sightOf } from '../drift/arbitrary-sight.ts';

const HUB = '/subscriptions/s/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/vnet-hub';
const SPOKE = '/subscriptions/s/resourceGroups/rg-a/providers/Microsoft.Network/virtualNetworks/vnet-a';
const HUB_SIDE = `${HUB}/virtualNetworkPeerings/hub-to-a`;
const SPOKE_SIDE = `${SPOKE}/virtualNetworkPeerings/a-to-hub`;
const PAIR = { kind: 'virtualNetworkPeering', lanes: [`vnet:${HUB.toLowerCase()}`, `vnet:${SPOKE.toLowerCase()}`] };
const STATE = { path: 'properties.peeringState', before: 'Disconnected', after: 'Connected' };
const BROKEN = changeOf('', { ...PAIR, id: HUB_SIDE, replaces: true, diff: [STATE] });
const DELETED = changeOf('', { ...PAIR, id: SPOKE_SIDE, action: 'create', recreates: true, diff: [] });

const AT = '2026-06-01T11:59:00Z';
const author = (name: string) => ({ name, objectId: null, appId: null });
const hint = (resource: string, action: 'write' | 'delete', name = 'netadmin', at = AT) => {
  return { resource, action, at, author: author(name), correlationId: null };
};

/** What the journal says that was found, by resource. */
function reasons(
  hints: readonly ReturnType<typeof hint>[],
  changes = [BROKEN, DELETED],
): Readonly<Record<string, string>> {
  const ledger = new Map(changes.map(({ id }) => [normaliseId(id), entryOf(id)]));
  const { news } = compared(newDriftRecord('north'), sightOf(changes, { hints, ledger }));
  const run = { baseline: 'north', operationId: 'north-2', trigger: 'drift' } as unknown as RunDocument;
  return Object.fromEntries(linesOfNews(run, news, NOW).map(({ resource, reason }) => [resource, reason]));
}

describe('a peering of which somebody deleted one side', () => {
  it('names whoever deleted it, for both sides', () => {
    expect(reasons([hint(SPOKE_SIDE, 'delete')])).toEqual({
      [SPOKE_SIDE]: `The resource was deleted by netadmin at ${AT}. It is put right.`,
      [HUB_SIDE]: `properties.peeringState was changed. Its other side was deleted by netadmin at ${AT}. It is put right.`,
    });
  });

  it('names whom its own event names', () => {
    expect(reasons([hint(SPOKE_SIDE, 'delete'), hint(HUB_SIDE, 'write', 'kim')])[HUB_SIDE]).toContain(
      'The resource was last changed by kim',
    );
  });

  it('calls nobody the one who deleted it whose event told of a write', () => {
    const told = reasons([hint(SPOKE_SIDE, 'write')]);

    expect(told[SPOKE_SIDE]).toContain('The resource was deleted. The resource was last changed by netadmin');
    expect(told[HUB_SIDE]).toContain('no event has told by whom');
  });

  it('never names somebody for a side that is only changed, whatever events there are', () => {
    const hints = fc.array(
      fc.record({ resource: fc.constantFrom(SPOKE_SIDE, HUB), action: fc.constantFrom('write', 'delete') }),
    );
    fc.assert(
      fc.property(hints, (drawn) => {
        const changed = { ...BROKEN, replaces: false };
        const all = drawn.map(({ resource, action }) => hint(resource, action as 'write' | 'delete'));

        expect(reasons(all, [changed, DELETED])[HUB_SIDE]).toContain('no event has told by whom');
      }),
    );
  });
});
