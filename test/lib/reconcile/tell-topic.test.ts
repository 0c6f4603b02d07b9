import { describe, expect, it } from '@jest/globals';
import type { OutboundEvent } from '../../../lib/azure/event-publisher.ts';
import { tellTopic } from '../../../lib/reconcile/tell-topic.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const RESOURCE = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg';

function conflictOver(path: string): OutboundEvent {
  return {
    kind: 'helpNeeded',
    baseline: 'north',
    resource: RESOURCE,
    occasion: `north-2/writer conflict/${path}`,
    at: '2026-06-01T08:00:00.000Z',
    data: { path },
  };
}

describe('events told to the topic', () => {
  it('have a line each, also two about one resource in one turn, and one when they are told again', async () => {
    const { journal } = memoryDependencies();
    const events = {
      listens: true,
      publish: async () => ({ outcome: 'published', attempts: 1 }) as const,
    };
    const run = { operationId: 'north-2', trigger: 'drift' };

    for (const path of ['tags.owner', 'properties.securityRules[a]', 'tags.owner'])
      await tellTopic({ events, journal }, conflictOver(path), run);

    const { entries } = await journal.read({ baseline: 'north' });
    expect(entries.map(({ decision, resource }) => [decision, resource])).toEqual([
      ['event published', RESOURCE],
      ['event published', RESOURCE],
    ]);
  });
});
