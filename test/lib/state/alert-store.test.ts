import { describe, expect, it } from '@jest/globals';
import { type AlertStore, createAlertStore, type DeliveryRow } from '../../../lib/state/alert-store.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.parse('2026-05-04T00:00:00.000Z');
const day = (number: number) => new Date(START_MS + number * DAY_MS).toISOString();

function row(receivedAt: string): DeliveryRow {
  const alert = { alertId: '/alerts/1', payloadSha256: 'ab'.repeat(32), condition: 'Fired' };
  return { schemaVersion: 1, receivedAt, ...alert, recognised: [], ignored: [] };
}

async function storeWith(...days: readonly number[]): Promise<AlertStore> {
  const store = createAlertStore(createMemoryStorage().tables);
  for (const number of days) await store.record(`key-${number}`, row(day(number)));
  return store;
}

describe('the store of deliveries', () => {
  it('finds a delivery for at least 30 days', async () => {
    for (let received = 0; received < 70; received += 7) {
      const store = await storeWith(received);
      for (const later of [0, 1, 15, 30]) {
        await store.sweep(day(received + later));
        expect([received, later, (await store.read(`key-${received}`, day(received + later)))?.receivedAt]).toEqual([
          received,
          later,
          day(received),
        ]);
      }
    }
  });

  it('keeps the first of two rows of one key', async () => {
    const store = await storeWith(0);
    await store.record('key-0', { ...row(day(0)), alertId: '/alerts/other' });

    expect(await store.read('key-0', day(0))).toMatchObject({ alertId: '/alerts/1' });
    expect(await store.read('key-1', day(0))).toBe(null);
  });

  it('removes what is older than two periods, and only that', async () => {
    const store = await storeWith(0, 40, 70);

    expect(await store.sweep(day(70))).toBe(1);
    expect(await store.sweep(day(70))).toBe(0);
    expect(await store.read('key-70', day(70))).not.toBe(null);
    expect(await store.read('key-40', day(70))).not.toBe(null);
    expect(await store.read('key-0', day(1))).toBe(null);
  });

  it('removes many in several sweeps', async () => {
    const store = createAlertStore(createMemoryStorage().tables);
    for (let n = 0; n < 250; n++) await store.record(`key-${n}`, row(day(0)));

    expect(await store.sweep(day(70))).toBe(200);
    expect(await store.sweep(day(70))).toBe(50);
  });
});
