import { afterEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../local/clock.ts';
import { functionsCore } from '../../../local/host/core.ts';
import { createEmbeddedHost, type EmbeddedHost } from '../../../local/host/embedded-host.ts';
import { registerTestApp } from './support/test-app.ts';

let hosts: EmbeddedHost[] = [];

afterEach(async () => {
  for (const host of hosts) await host.stop();
  hosts = [];
  functionsCore.reset();
});

async function start(): Promise<EmbeddedHost> {
  const host = createEmbeddedHost({
    core: functionsCore,
    hostJson: {},
    settings: { TICK_SCHEDULE: '0 0 0 1 1 *' },
    databaseFile: ':memory:',
    clock: new SimulatedClock({ simulatedMs: 0, wallMs: 0, speed: 0 }),
  });
  hosts.push(host);
  await host.start();
  return host;
}

describe('a host in memory', () => {
  it('keeps its database over a crash, and shares nothing with the next host but the registrations', async () => {
    registerTestApp();
    const one = await start();
    const url = `${one.functionsUrl}/runtime/webhooks/durabletask/orchestrators/sleep/s-1`;
    await fetch(url, { method: 'POST', body: '{"seconds":1}' });
    await one.settle();
    one.crash();
    await one.settle(1000);

    const other = await start();

    expect(one.history('s-1')?.status).toBe('Completed');
    expect(other.history('s-1')).toBeUndefined();
    expect(other.functions.map((each) => each.name)).toEqual(one.functions.map((each) => each.name));
  });
});
