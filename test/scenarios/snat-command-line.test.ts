import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EgressAddressList } from '../../lib/api/egress-addresses.ts';
import { provision, untilSettled } from '../support/baseline-scenario.ts';
import { buildApp, startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { type Ended, runNode } from '../support/run-node.ts';
import { addressesOf, firewallId, PORTS_PER_ADDRESS, snatSpec } from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 300_000;
const HOUR_SECONDS = 3_600;

describe('the demo', () => {
  it('explains itself instead of playing when it is asked to', async () => {
    const { code, out } = await runNode([resolve('local/demo.ts'), '--help']);

    expect(code).toBe(0);
    expect(out).toContain('Usage: npm run demo --');
    expect(out).not.toContain('1. The AKS baseline');
    expect((await runNode([resolve('local/demo.ts'), '--hlep'])).code).toBe(1);
  });

  it(
    'plays a night at the firewall to its end, and says what came of it',
    async () => {
      buildApp();

      const { code, out, err } = await runNode([resolve('local/demo.ts')]);

      expect({ code, err }).toEqual({ code: 0, err: '' });
      const told = [
        'The firewall has 3 public addresses.',
        'scale out',
        'addresses changed',
        'action done',
        '3 addresses became 5 in 1 write.',
        'scale in',
        '5 addresses became 4.',
        'netadmin opens a port',
        'drift found',
        'netadmin',
        'updated',
        'and is put back.',
        'Everything ended as it should.',
      ];
      let from = 0;
      for (const line of told) {
        expect(out.slice(from)).toContain(line);
        from = out.indexOf(line, from) + line.length;
      }
    },
    WITHIN_MS,
  );
});

describe('what is played on the command line', () => {
  let environment: TestEnvironment;

  /** A command as a person gives it beside the environment that runs. */
  function hubkeeper(...args: readonly string[]): Promise<Ended> {
    const state = ['--state', environment.stateDirectory, '--user', 'author'];
    return runNode([resolve('lib/cli/main.ts'), ...args, ...state]);
  }

  async function listed(): Promise<EgressAddressList> {
    const { code, out } = await hubkeeper('egress-addresses', NAME, '--json');
    expect(code).toBe(0);
    return JSON.parse(out);
  }

  beforeAll(async () => {
    environment = await startEnvironment();
    await provision(environment, NAME, snatSpec());
  }, WITHIN_MS);

  afterAll(async () => {
    await environment?.stop();
  });

  it(
    'is relieved, partners can read which addresses they have to allow, and who wants fewer hears what goes',
    async () => {
      const before = await listed();
      const ports = Math.round(0.88 * before.addresses.length * PORTS_PER_ADDRESS);

      const simulated = await hubkeeper('simulate', 'snat', NAME, '--ports', `TCP=${ports},UDP=40`);

      expect(simulated).toMatchObject({ code: 0, out: expect.stringContaining(`${ports} TCP ports`) });
      await environment.advanceUntil(
        'the journal tells of the end',
        async () => ((await hubkeeper('journal', NAME)).out.includes('action done') ? true : undefined),
        2 * HOUR_SECONDS,
        600,
      );
      const after = await listed();
      expect(before.addresses).toHaveLength(3);
      expect(after.addresses.map(({ state }) => state)).toEqual(['inUse', 'inUse', 'inUse', 'inUse', 'inUse']);
      const names = await addressesOf(environment, await firewallId(environment));
      expect(after.addresses.map(({ name }) => name)).toEqual(names);
      const { code, out } = await hubkeeper('egress-addresses', NAME);
      expect(code).toBe(0);
      for (const { name, address } of after.addresses) {
        expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(out).toMatch(new RegExp(`^${address?.replaceAll('.', '\\.')}\\s+${name}\\s+in use\\s+made`, 'm'));
      }

      // Somebody wants one address less, and keeps it for partners; a slip of the pen costs nothing.
      const firewall = await firewallId(environment);
      const kept = names.at(-1) ?? '';
      const until = new Date(Date.parse(after.at) + 48 * HOUR_SECONDS * 1_000).toISOString();
      const adjust = (name: string) =>
        hubkeeper(
          ...['adjust', NAME, 'fewer', '--kind', 'firewallPublicIpCount', '--target', 'fw-westeurope'],
          ...['--value', JSON.stringify({ count: 4, reserved: [{ name, until }] })],
          ...['--reason', 'INC-1', '--until', '7d'],
        );
      const slip = await adjust(kept.replace(/0(\d)$/, '$1'));
      expect(slip).toMatchObject({ code: 2, err: expect.stringContaining(names.join(', ')) });
      expect(await addressesOf(environment, firewall)).toEqual(names);
      const fewer = await adjust(kept);
      expect(fewer).toMatchObject({ code: 0, err: '' });
      for (const line of ['It overrides snat-relief (5) until', `Off the firewall go ${kept}`, 'Kept until'])
        expect(fewer.out).toContain(line);
      expect(fewer.out).not.toContain('Deleted');
      const operation = /follow (\S+)$/m.exec(fewer.out)?.[1] ?? '';
      expect(await untilSettled(environment, operation)).toMatchObject({ state: 'succeeded', errors: [] });
      expect(await addressesOf(environment, firewall)).toEqual(names.slice(0, -1));
      const status = await hubkeeper('status', NAME);
      expect(status.out).toContain('does not count now: fewer overrides it');
      expect(status.out).toMatch(/fewer +firewallPublicIpCount.* 4 \(1 reserved\)/);
      expect((await listed()).addresses.at(-1)).toMatchObject({ name: kept, state: 'reserved', reservedUntil: until });
    },
    WITHIN_MS,
  );

  it(
    'as a port that a colleague opens is found, and told with who it was and what can be done',
    async () => {
      const { code, out, err } = await hubkeeper('simulate', 'drift', NAME, '--as', 'kim');

      expect({ code, out, err }).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringMatching(/^kim has opened the rule \w+ of nsg-/),
      });
      await environment.advanceUntil(
        'the journal tells of it',
        async () => ((await hubkeeper('journal', NAME)).out.includes('drift found') ? true : undefined),
        90,
        15,
      );
      const status = await hubkeeper('status', NAME);
      expect(status.out).toMatch(/Drift: \d differences? in 1 resource;/);
      expect(status.out).toContain('changed by kim');
      expect(status.out).toContain(`reconcile ${NAME}`);
    },
    WITHIN_MS,
  );
});
