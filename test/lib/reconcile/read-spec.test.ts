import { describe, expect, it } from '@jest/globals';
import { readResolved } from '../../../lib/reconcile/read-spec.ts';
import { newHead, withSpec } from '../../../lib/state/baseline-head.ts';
import { changed } from '../../support/invalid-specs.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

describe('readResolved', () => {
  const kubenet = changed({
    'spokes[0].cluster.networking': { plugin: 'kubenet' },
    'spokes[0].network.dnsServers': [],
  });

  it.each([
    ['was supported on the day it was put', '2026-03-01T12:00:00.000Z', true],
    ['was put on the last day of support', '2028-03-31T12:00:00.000Z', true],
    ['was put after that', '2028-04-01T00:00:00.000Z', false],
  ])('judges a spec as of the day of its PUT: one that %s', async (_, storedAt, isRead) => {
    const { baselines } = memoryDependencies();
    const head = withSpec(newHead('base'), { hash: 'h', mode: 'full', by: 'x', at: storedAt });
    const text = JSON.stringify(kubenet);
    await baselines.writeSpec('base', { hash: 'h', storedBy: 'x', storedAt, text, contentType: 'application/json' });

    const read = readResolved({ baselines }, head);

    if (isRead) expect((await read).spec.name).toBe('aks-westeurope');
    else await expect(read).rejects.toMatchObject({ problem: { code: 'SpecNotValid' } });
  });
});
