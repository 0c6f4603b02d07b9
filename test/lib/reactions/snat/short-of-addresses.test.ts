import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createEventPublisher } from '../../../../lib/azure/event-publisher.ts';
import { shortageOf, type WantedAddress } from '../../../../lib/reactions/snat/short-of-addresses.ts';
import { Relieving, type RelievingOptions } from '../../../support/relieving.ts';
import { plain } from '../../../support/snat.ts';

const address = (index: number, changes: Partial<WantedAddress> = {}): WantedAddress => ({
  name: `pip-${index}`,
  ofSpec: index < 2,
  isAttached: index < 2,
  isMade: index < 2,
  isRefused: false,
  ...changes,
});
const made = (index: number) => address(index, { isMade: true });
const refused = (index: number) => address(index, { isRefused: true });

describe('a step that Azure does not give all addresses for', () => {
  it('is left with those that were made, and passes over what lies between', () => {
    const end = [address(0), address(1), made(2), made(3), refused(4)];
    expect(shortageOf(end, plain(5), null)).toEqual({ usable: 2, value: plain(4) });

    const between = [address(0), address(1), made(2), refused(3), made(4), refused(5)];
    expect(shortageOf(between, plain(6), null)).toEqual({
      usable: 2,
      value: { count: 4, detached: ['pip-3'], reserved: [] },
    });
  });

  it('is left with as many as a quota has room for where none was tried', () => {
    const untried = [address(0), address(1), address(2), address(3), address(4)];

    expect(shortageOf(untried, plain(5), 2)).toEqual({ usable: 2, value: plain(4) });
    expect(shortageOf(untried, plain(5), 0)).toEqual({ usable: 0, value: plain(2) });
  });

  it('is none where no address is what was short, or where the spec declares it', () => {
    expect(shortageOf([address(0), address(1), made(2)], plain(3), null)).toBeNull();
    // An update of one that is there already failed.
    expect(shortageOf([address(0), refused(1), made(2)], plain(3), null)).toBeNull();
    expect(shortageOf([address(0), { ...refused(1), isAttached: false }, made(2)], plain(3), null)).toBeNull();
  });

  it('asks for exactly the attached and the usable ones, whatever was refused', () => {
    const kinds = fc.array(fc.constantFrom('made', 'refused', 'untried'), { maxLength: 12 });
    fc.assert(
      fc.property(kinds, fc.option(fc.nat(12), { nil: null }), (states, room) => {
        const wanted = [
          address(0),
          address(1),
          ...states.map((state, at) => address(at + 2, { isMade: state === 'made', isRefused: state === 'refused' })),
        ];
        const found = shortageOf(wanted, plain(wanted.length), room);
        if (found === null) {
          expect(states.includes('refused') || room !== null).toBe(false);
          return;
        }
        const { count, detached } = found.value;
        const attached = wanted.filter(({ name }) => !detached.includes(name)).slice(0, count);
        expect(attached).toHaveLength(2 + found.usable);
        expect(attached.some(({ isRefused }) => isRefused)).toBe(false);
        const tried = states.filter((state) => state === 'made').length;
        const untried = states.filter((state) => state === 'untried').length;
        expect(found.usable).toBe(tried + Math.min(untried, room ?? 0));
      }),
    );
  });
});

describe('a relief that Azure does not give all addresses', () => {
  /** A saturated firewall of three addresses whose next ones, of these numbers, are refused for long. */
  async function refusing(numbers: readonly number[], options: RelievingOptions = {}): Promise<Relieving> {
    const relieving = await Relieving.provisioned({ utilizationPercent: 100, ...options });
    for (const number of numbers) {
      const error = { code: 'PublicIPCountLimitReached', message: 'Cannot create more than 7 public IP addresses.' };
      for (let times = 0; times < 50; times++)
        relieving.dependencies.arm.answerOnce('PUT', pip(relieving, number), 400, { error });
    }
    await relieving.alert();
    expect(await relieving.decide()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();
    return relieving;
  }

  const pip = ({ firewallId }: Relieving, number: number) =>
    firewallId.replace(/azureFirewalls\/[^/]+$/i, `publicIPAddresses/pip-fw-westeurope-0${number}`);
  const names = (...numbers: readonly number[]) => numbers.map((number) => `pip-fw-westeurope-0${number}`);
  const existing = (relieving: Relieving) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((number) => relieving.dependencies.arm.body(pip(relieving, number)) !== undefined);
  const reliefOf = async (relieving: Relieving) => (await relieving.reconciling.head()).reactions?.[0]?.relief;

  it.each([
    ['the last', [7], [0, 1, 2, 3, 4, 5, 6]],
    ['one between', [4], [0, 1, 2, 3, 5, 6, 7]],
  ])('goes on with the others where %s is refused, and asks for help', async (_, numbers, left) => {
    const codes: unknown[] = [];
    const send = async (events: readonly unknown[]) => {
      for (const event of events) codes.push(Object(event).data.code ?? null);
    };
    const relieving = await refusing(numbers, { events: topic(send) });

    expect(await relieving.followed()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.names()).toEqual(names(...left));
    expect(existing(relieving)).toEqual(left);
    expect(await reliefOf(relieving)).toMatchObject({ attempts: [], action: { fromAddresses: 3, toAddresses: 7 } });
    const line = (await relieving.journal()).find(({ decision }) => decision === 'help needed');
    expect(line?.reason).toContain('Cannot create more than 7 public IP addresses.');
    expect(codes).toEqual([null, 'AddressesNotAvailable']);
  });

  it('does not hold it against the firewall where all are refused, and tries less and less often', async () => {
    const relieving = await refusing([3, 4, 5, 6, 7]);
    const rests: number[] = [];
    for (let tries = 0; tries < 4; tries++) {
      expect(await relieving.followed()).toEqual({ next: 'end' });
      for (let hours = 1; hours <= 24; hours++) {
        relieving.reconciling.pass(3_600);
        if (!(await relieving.timer())) continue;
        rests.push(hours);
        break;
      }
      expect(await relieving.decide()).toMatchObject({ next: 'poke' });
      await relieving.reconciling.settle();
    }

    expect(rests).toEqual([1, 2, 4, 8]);
    expect(await reliefOf(relieving)).toMatchObject({ attempts: [], refusals: 4 });
    expect(relieving.addresses()).toBe(3);
  });

  it('takes as many as a quota has room for that stops the run before its first write', async () => {
    const relieving = await Relieving.provisioned({ utilizationPercent: 100 });
    const usages = [
      { name: 'PublicIPAddresses', used: 17, limit: 1_000 },
      { name: 'StaticPublicIPAddresses', used: 18, limit: 20 },
    ];
    Object.assign(relieving.dependencies, { networkUsages: async () => usages });
    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();
    expect(relieving.addresses()).toBe(3);

    expect(await relieving.followed()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(await relieving.followed()).toMatchObject({ next: 'verify' });
    expect(relieving.names()).toEqual(names(0, 1, 2, 3, 4));
    expect(await reliefOf(relieving)).toMatchObject({ attempts: [] });
  });

  it('leaves no address behind that the firewall itself was refused, which is a failure', async () => {
    const relieving = await Relieving.provisioned({ utilizationPercent: 100 });
    const error = { code: 'InvalidRequestFormat', message: 'No.' };
    relieving.dependencies.arm.answerOnce('PUT', relieving.firewallId, 400, { error });
    await relieving.alert();
    await relieving.decide();
    await relieving.reconciling.settle();
    expect(existing(relieving)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);

    expect(await relieving.followed()).toMatchObject({ next: 'poke' });
    await relieving.reconciling.settle();

    expect(existing(relieving)).toEqual([0, 1, 2]);
    expect(await relieving.follow()).toEqual({ next: 'end' });
    expect(await reliefOf(relieving)).toMatchObject({ attempts: [{ outcome: 'failed' }], action: null });
  });
});

function topic(send: (events: readonly unknown[]) => Promise<void>) {
  return createEventPublisher({
    topicEndpoint: 'https://topic.westeurope-1.eventgrid.azure.net/api/events',
    credential: { getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) },
    clientOf: async () => ({ send }),
    wait: async () => {},
  });
}
