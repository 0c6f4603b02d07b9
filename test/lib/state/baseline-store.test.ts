import { describe, expect, it } from '@jest/globals';
import { isPosition } from '../../../lib/state/azure-storage.ts';
import {
  isTornDown,
  newHead,
  withGeneration,
  withNextOperation,
  withRequest,
  withSpec,
  withWaitingResumed,
} from '../../../lib/state/baseline-head.ts';
import { createBaselineStore, type Patience } from '../../../lib/state/baseline-store.ts';
import { createJournal, type JournalEntry, journalRow } from '../../../lib/state/journal.ts';
import { createLedgerStore } from '../../../lib/state/ledger-store.ts';
import { createRunStore, parseOperationId } from '../../../lib/state/run-store.ts';
import { createSharedLaneStore } from '../../../lib/state/shared-lane-store.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

const AT = '2026-03-01T12:00:00.000Z';

/** Sleepers wake one after the other in the order of their times, each once everybody else has come to rest. */
function inVirtualTime(pauses: number[]): Patience {
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  let nowMs = 0;
  let seed = 1;
  function wakeFirst(): void {
    sleepers.sort((a, b) => a.atMs - b.atMs);
    const first = sleepers.shift();
    if (first === undefined) return;
    nowMs = first.atMs;
    first.wake();
    setImmediate(wakeFirst);
  }
  return {
    random: () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    },
    sleep: (milliseconds) => {
      pauses.push(milliseconds);
      if (sleepers.length === 0) setImmediate(wakeFirst);
      return new Promise<void>((wake) => sleepers.push({ atMs: nowMs + milliseconds, wake }));
    },
  };
}

describe('a baseline in state', () => {
  it('loses none of a hundred changes at once, and refuses none', async () => {
    const pauses: number[] = [];
    const { documents } = createMemoryStorage();
    const store = createBaselineStore(documents, inVirtualTime(pauses));
    const ids = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const { result } = await store.change(
          'base',
          (head) => {
            const next = withNextOperation(withGeneration(head));
            return { head: next.head, result: next.operationId };
          },
          { create: true },
        );
        return result;
      }),
    );

    expect(new Set(ids).size).toBe(100);
    expect((await store.read('base'))?.head).toMatchObject({ generation: 100, counters: { operation: 100 } });
    expect(Math.max(...pauses)).toBeLessThanOrEqual(2_000);
  });

  it('is given up after a bounded number of races, each with a pause of its own', async () => {
    const pauses: number[] = [];
    const { documents } = createMemoryStorage();
    const store = createBaselineStore(
      { ...documents, write: async () => 'conflict' },
      { sleep: async (milliseconds) => pauses.push(milliseconds), random: () => 0.5 },
    );

    await expect(store.change('base', (head) => ({ head, result: 0 }), { create: true })).rejects.toMatchObject({
      problem: { code: 'BaselineBusy', actor: 'azure-temporary' },
    });
    await expect(store.changePause(true, 'x', 'freeze', AT)).rejects.toMatchObject({ problem: { code: 'PauseBusy' } });
    expect(pauses).toHaveLength(120);
    expect([pauses[0], pauses[1], Math.max(...pauses)]).toEqual([10, 20, 1_000]);
  });

  it('is not made by a change of what is not there', async () => {
    const store = createBaselineStore(createMemoryStorage().documents);

    await expect(store.change('base', (head) => ({ head, result: 0 }))).rejects.toMatchObject({
      problem: { code: 'BaselineNotFound', actor: 'caller' },
    });
    expect(await store.names()).toEqual([]);
  });

  it('gets a new version for a new document only', () => {
    const first = withSpec(newHead('base'), { hash: 'a', mode: 'full', by: 'x', at: AT });
    const same = withSpec(first, { hash: 'a', mode: 'full', by: 'y', at: AT });
    const second = withSpec(first, { hash: 'b', mode: 'observe', by: 'y', at: AT });

    expect(first).toMatchObject({ specVersion: 1, generation: 1 });
    expect(same).toBe(first);
    expect(second).toMatchObject({
      specVersion: 2,
      generation: 2,
      mode: 'observe',
      history: [
        { version: 2, by: 'y' },
        { version: 1, by: 'x' },
      ],
    });
  });

  it('names one reconciler for many requests', () => {
    const request = (operationId: string) => ({ operationId, trigger: 'put', requestedBy: 'x', at: AT }) as const;
    const first = withRequest(newHead('base'), request('base-1'));
    const second = withRequest(first.head, request('base-2'));

    expect(first.start).toBe('reconcile.base.1');
    expect(second.start).toBeUndefined();
    expect(second.head.requests).toHaveLength(2);
  });

  it('resumes the operation that waits and the one that is set aside, and none where none is live', () => {
    const live = { ...newHead('base'), currentOperationId: 'base-8', setAside: 'base-7' };

    const resumed = withWaitingResumed(live, 'x', AT);
    expect(resumed.result).toEqual({ start: 'reconcile.base.1' });
    expect(resumed.head.requests).toEqual(
      ['base-8', 'base-7'].map((operationId) => ({ operationId, trigger: 'resume', requestedBy: 'x', at: AT })),
    );
    expect(withWaitingResumed(newHead('base'), 'x', AT)).toEqual({ head: newHead('base'), result: {} });
  });

  it('counts the switch for all of them', async () => {
    const store = createBaselineStore(createMemoryStorage().documents);

    expect(await store.readPause()).toMatchObject({ paused: false, generation: 0 });
    await store.changePause(true, 'x', 'freeze', AT);
    expect(await store.changePause(false, 'x', 'over', AT)).toMatchObject({ paused: false, generation: 2 });
  });
});

describe('specs in state', () => {
  const DAY_LATER = '2026-03-02T12:00:00.000Z';
  const spec = (hash: string, storedAt = AT) => ({
    hash,
    storedBy: 'x',
    storedAt,
    text: 'name: base',
    contentType: 'application/yaml',
  });

  it('are no baselines, and a list of baselines reads only these', async () => {
    const { documents } = createMemoryStorage();
    const listed: string[] = [];
    const store = createBaselineStore({
      ...documents,
      list: async (prefix) => {
        const paths = await documents.list(prefix);
        listed.push(...paths);
        return paths;
      },
    });
    await store.change('base', (head) => ({ head, result: 0 }), { create: true });
    for (const hash of ['a', 'b', 'c']) await store.writeSpec('base', spec(hash));
    await store.writeSpec('never-put', spec('d'));

    expect(await store.names()).toEqual(['base']);
    expect(listed).toHaveLength(1);
  });

  it('go when the history has forgotten them, but neither those in it nor one that is being put', async () => {
    const store = createBaselineStore(createMemoryStorage().documents);
    await store.change(
      'base',
      (head) => {
        const put = (before: typeof head, hash: string) => withSpec(before, { hash, mode: 'full', by: 'x', at: AT });
        return { head: put(put(head, 'former'), 'current'), result: 0 };
      },
      { create: true },
    );
    for (const hash of ['former', 'current', 'forgotten']) await store.writeSpec('base', spec(hash));
    await store.writeSpec('base', spec('being-put', DAY_LATER));
    await store.writeSpec('other', spec('forgotten'));

    await store.pruneSpecs('base', DAY_LATER);

    const left = ['former', 'current', 'forgotten', 'being-put'].map(
      async (hash) => (await store.readSpec('base', hash)) !== null,
    );
    expect(await Promise.all(left)).toEqual([true, true, false, true]);
    expect(await store.readSpec('other', 'forgotten')).not.toBeNull();
  });
});

describe('isTornDown', () => {
  const gone = { ...newHead('base'), lastResult: { state: 'succeeded', operationId: 'base-2', at: AT } };

  it.each<readonly [string, ReturnType<typeof newHead>, boolean]>([
    ['after a teardown to the end', gone, true],
    ['before anything was done', newHead('base'), false],
    ['when something had to be left', { ...gone, lastResult: { ...gone.lastResult, state: 'partial' } }, false],
    ['when it was put again', { ...gone, specVersion: 2 }, false],
    ['while it is asked for', { ...gone, teardown: true }, false],
    ['while an operation goes on', { ...gone, currentOperationId: 'base-3' }, false],
  ])('%s', (_, head, expected) => {
    expect(isTornDown(head)).toBe(expected);
  });
});

describe('a plan in state', () => {
  it('is found or not, or its lack is told', async () => {
    const runs = createRunStore(createMemoryStorage().documents);
    const plan = { hash: 'h', changes: [], criticalPathMinutes: 0, refused: [] };
    await runs.writePlan({ operationId: 'base-1', key: '1-a', plan, nodes: {}, sharedLanes: [] });

    expect(await runs.findPlan('base-1', '1-a')).toMatchObject({ plan: { hash: 'h' } });
    expect(await runs.findPlan('base-1', '2-b')).toBeNull();
    await expect(runs.readPlan('base-1', '2-b')).rejects.toThrow('2-b of operation base-1');
  });
});

describe('the journal', () => {
  const entry = (overrides: Partial<JournalEntry> = {}): JournalEntry => ({
    at: AT,
    baseline: 'base',
    operationId: 'base-1',
    trigger: 'put',
    resource: '/subscriptions/s',
    decision: 'created',
    reason: 'because',
    ...overrides,
  });

  it('has one line for a decision however often it is written', async () => {
    const journal = createJournal(createMemoryStorage().tables);
    await journal.append([entry(), entry({ resource: '/SUBSCRIPTIONS/S' })]);
    await journal.append([entry()]);
    await journal.append([entry({ decision: 'failed' }), entry({ discriminator: '2' })]);

    expect((await journal.read({ baseline: 'base' })).entries).toHaveLength(3);
  });

  it('is read in order of time, from a time on, by resource and operation, in pages', async () => {
    const journal = createJournal(createMemoryStorage().tables);
    const times = ['2026-03-01T12:00:03.000Z', '2026-03-01T12:00:01.000Z', '2026-03-01T12:00:02.000Z'];
    await journal.append(
      times.map((at, n) => entry({ at, operationId: `base-${n}`, resource: n === 0 ? '/a' : '/b' })),
    );

    expect((await journal.read({ baseline: 'base' })).entries.map((one) => one.at)).toEqual([...times].sort());
    expect((await journal.read({ baseline: 'base', since: '2026-03-01T12:00:02.000Z' })).entries).toHaveLength(2);
    expect((await journal.read({ baseline: 'base', resource: '/A' })).entries).toMatchObject([
      { operationId: 'base-0' },
    ]);
    expect((await journal.read({ baseline: 'base', operation: 'base-2' })).entries).toMatchObject([{ resource: '/b' }]);
    const first = await journal.read({ baseline: 'base', limit: 2 });
    const rest = await journal.read({ baseline: 'base', limit: 2, next: first.next ?? '' });
    expect([first.entries.length, rest.entries.length, rest.next]).toEqual([2, 1, undefined]);
  });

  it('has keys that a table takes', () => {
    expect(journalRow(entry()).row).toMatch(/^[^/\\#?\p{Cc}]+$/u);
  });
});

describe('the ledger', () => {
  it('gives a resource to one baseline only', async () => {
    const ledger = createLedgerStore(createMemoryStorage().tables);

    expect(
      await Promise.all([ledger.claim('first', '/Subscriptions/S'), ledger.claim('second', '/subscriptions/s')]),
    ).toEqual(['first', 'first']);
    await ledger.release('second', '/subscriptions/s');
    expect(await ledger.holderOf('/subscriptions/s')).toBe('first');
    await ledger.release('first', '/subscriptions/s');
    expect(await ledger.claim('second', '/subscriptions/s')).toBe('second');
  });
});

describe('a lane that baselines share', () => {
  const holder = (baseline: string, resource: string) =>
    ({
      lane: 'privateDnsZone:/z',
      baseline,
      operationId: `${baseline}-1`,
      resource,
      apiVersion: '1',
      action: 'put',
      since: AT,
    }) as const;

  it('has one holder, and nobody takes it from a holder that has moved on', async () => {
    const lanes = createSharedLaneStore(createMemoryStorage().documents);
    const first = await lanes.take(holder('first', '/a'));
    const refused = await lanes.take(holder('second', '/b'));
    await lanes.note(first, { by: 'asyncOperation', url: 'https://x' });
    const late = await lanes.take(holder('second', '/b'), refused);

    expect([refused.holder.baseline, late.holder.baseline]).toEqual(['first', 'first']);
    expect((await lanes.read('privateDnsZone:/z'))?.holder.handle).toEqual({ by: 'asyncOperation', url: 'https://x' });
  });

  it('is freed by its holder for that resource only', async () => {
    const lanes = createSharedLaneStore(createMemoryStorage().documents);
    await lanes.take(holder('first', '/a'));
    await lanes.release('privateDnsZone:/z', 'second', '/a');
    await lanes.release('privateDnsZone:/z', 'first', '/other');
    expect((await lanes.read('privateDnsZone:/z'))?.holder.baseline).toBe('first');

    await lanes.release('privateDnsZone:/z', 'first', '/A');
    expect(await lanes.read('privateDnsZone:/z')).toBeNull();
    expect((await lanes.take(holder('second', '/b'))).holder.baseline).toBe('second');
  });
});

describe('an id of an operation', () => {
  it.each(['garbage', '42', 'A-1', '..-1', 'a.b-1', '-1', 'base-', 'base-x', 'base-1-'])('is not "%s"', (id) => {
    expect(parseOperationId(id)).toBeNull();
  });

  it('is a name and a number', () => {
    expect(parseOperationId('two-regions-12')).toEqual({ baseline: 'two-regions', number: 12 });
  });
});

describe('a position in a table', () => {
  const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

  it.each(['garbage', '', '*', base64('garbage'), base64('[]'), base64('{"nextRowKey":"a"}'), base64('null')])(
    'is not "%s"',
    (text) => {
      expect(isPosition(text)).toBe(false);
    },
  );

  it('is what the SDK gives', () => {
    expect(isPosition(base64('{"nextPartitionKey":"1!8!YmFzZQ--","nextRowKey":"1!4!YQ--"}'))).toBe(true);
    expect(isPosition(base64('{"nextPartitionKey":"1!8!YmFzZQ--"}'))).toBe(true);
  });
});
