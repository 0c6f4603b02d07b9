import { expect, it } from '@jest/globals';
import type { Drift, DriftState } from '../../../lib/drift/drift-record.ts';
import { linesOfNews } from '../../../lib/reconcile/drift-lines.ts';
import type { RunDocument } from '../../../lib/state/run.ts';

const AT = '2026-06-01T12:00:00.000Z';
const RUN = { baseline: 'north', operationId: 'north-2', trigger: 'drift' } as unknown as RunDocument;

function driftOf(path: string, state: DriftState): Drift {
  return {
    id: '/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg',
    kind: 'networkSecurityGroup',
    path,
    policy: 'enforce',
    state,
    code: 'pause',
    why: 'Everything is paused.',
    until: null,
    origin: null,
    firstSeenAt: AT,
    lastSeenAt: AT,
    operationId: 'north-2',
  };
}

it.each([
  ['waiting', 'tags.a waits: Everything is paused.'],
  ['refused', 'tags.a stays as it is: Everything is paused.'],
  ['reported', 'tags.a is only reported: Everything is paused.'],
  ['ignored', 'tags.a is ignored: Everything is paused.'],
] as const)('names the property of which something else becomes: %s', (state, text) => {
  const news = ['tags.a', 'tags.b'].map((path) => ({ news: 'decided' as const, drift: driftOf(path, state) }));
  const reasons = linesOfNews(RUN, news, AT).map(({ reason }) => reason);

  expect(reasons).toEqual([text, text.replace('tags.a', 'tags.b')]);
});

it('says it of the resource where that is gone', () => {
  const [line] = linesOfNews(RUN, [{ news: 'decided', drift: driftOf('', 'waiting') }], AT);

  expect(line?.reason).toBe('The resource waits: Everything is paused.');
});
