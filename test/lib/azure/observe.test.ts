import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Arm, ArmListError, type ArmRequest, type ArmResponse } from '../../../lib/azure/arm.ts';
import { ObservationPausedError, observe } from '../../../lib/azure/observe.ts';
import type { ObservableKind } from '../../../lib/azure/read-plan.ts';
import type { JsonObject } from '../../../lib/json.ts';

const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const NETWORKS = `${GROUP}/providers/Microsoft.Network/virtualNetworks`;
const settingOf = (id: string) => `${id}/providers/Microsoft.Insights/diagnosticSettings/to-workspace`;

const KINDS: Readonly<Record<string, ObservableKind>> = {
  network: {
    name: 'network',
    type: 'Microsoft.Network/virtualNetworks',
    apiVersion: '2025-01-01',
    observe: { by: 'subscription' },
  },
  link: {
    name: 'link',
    type: 'Microsoft.Network/virtualNetworks/links',
    apiVersion: '2025-01-01',
    observe: { by: 'parent', parentKind: 'network' },
  },
  setting: {
    name: 'setting',
    type: 'Microsoft.Insights/diagnosticSettings',
    apiVersion: '2021-05-01-preview',
    observe: { by: 'get' },
  },
};

function kindOf(name: string): ObservableKind {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`There is no kind ${name}.`);
  return kind;
}

/** Answers from these bodies, and notes what was asked for. */
function armWith(bodies: readonly JsonObject[]): { readonly arm: Arm; readonly asked: string[] } {
  const asked: string[] = [];
  const arm: Arm = {
    async send({ target }): Promise<ArmResponse> {
      asked.push(target);
      const body = bodies.find(({ id }) => id === target);
      return body === undefined ? { status: 404, headers: {}, body: {} } : { status: 200, headers: {}, body };
    },
    async list(path) {
      asked.push(path);
      const isIn = ({ id, type }: JsonObject) =>
        path.endsWith(`/providers/${type}`) || String(id).startsWith(`${path}/`);
      return bodies.filter((body) => body.unlisted !== true && isIn(body));
    },
  };
  return { arm, asked };
}

describe('observe', () => {
  const there = `${NETWORKS}/there`;
  const absent = `${NETWORKS}/absent`;

  it('asks for nothing that hangs on a resource which is not there', async () => {
    const { arm, asked } = armWith([
      { id: there, type: 'Microsoft.Network/virtualNetworks' },
      { id: settingOf(there) },
    ]);
    const references = [there, absent].flatMap((id) => [
      { id: settingOf(id), kind: 'setting' },
      { id, kind: 'network' },
    ]);

    const observed = await observe(arm, references, kindOf);

    expect(asked).not.toContain(settingOf(absent));
    expect(observed.get(settingOf(absent).toLowerCase())).toBeNull();
    expect(observed.get(settingOf(there).toLowerCase())).toEqual({ id: settingOf(there) });
    expect(observed.get(absent.toLowerCase())).toBeNull();
  });

  it('asks for what hangs on a resource of which it knows nothing', async () => {
    const { arm } = armWith([{ id: settingOf(there) }]);

    const observed = await observe(arm, [{ id: settingOf(there), kind: 'setting' }], kindOf);

    expect(observed.get(settingOf(there).toLowerCase())).toEqual({ id: settingOf(there) });
  });

  it('shows all children of a resource in it where they were listed, unless Azure shows them itself', async () => {
    const links = ['ours', 'theirs'].map((name) => ({ id: `${there}/links/${name}` }));
    const network = { id: there, type: 'Microsoft.Network/virtualNetworks', properties: { x: 1 } };
    const references = [
      { id: there, kind: 'network' },
      { id: `${there}/links/ours`, kind: 'link' },
    ];
    const of = async (properties: JsonObject, options?: Parameters<typeof observe>[3]) => {
      const { arm, asked } = armWith([{ ...network, properties }, ...links]);
      const observed = await observe(arm, references, kindOf, options);
      return { calls: asked.length, keys: [...observed.keys()], network: observed.get(there.toLowerCase()) };
    };
    const keys = references.map(({ id }) => id.toLowerCase());

    expect(await of({ x: 1 })).toEqual({ calls: 2, keys, network: { ...network, properties: { x: 1, links } } });
    expect(await of({ links: [] })).toEqual({ calls: 2, keys, network: { ...network, properties: { links: [] } } });
    expect(await of({ x: 1 }, { isFew: true })).toEqual({ calls: 2, keys, network });
  });

  describe('where lists cannot be trusted', () => {
    const link = `${there}/links/l`;
    const listOfNetworks =
      '/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Network/virtualNetworks';
    const body = { id: there, type: 'Microsoft.Network/virtualNetworks' };

    /** Lists at this path are refused on this page. */
    function refusing(arm: Arm, path: string, code: string, page = 0): Arm {
      const list: Arm['list'] = async (target, apiVersion) => {
        if (target === path)
          throw new ArmListError(path, { status: 404, headers: {}, body: { error: { code, message: 'No.' } } }, page);
        return arm.list(target, apiVersion);
      };
      return { ...arm, list };
    }

    it('takes no refused list of a subscription for an empty one', async () => {
      const arm = refusing(armWith([body]).arm, listOfNetworks, 'NotFound');

      await expect(observe(arm, [{ id: there, kind: 'network' }], kindOf)).rejects.toMatchObject({
        refusal: { disposition: 'wait', problem: { code: 'NotFound', actor: 'azure-temporary' } },
      });
    });

    it('says at once what does not pass by itself', async () => {
      const arm = refusing(armWith([body]).arm, listOfNetworks, 'SubscriptionNotFound');

      await expect(observe(arm, [{ id: there, kind: 'network' }], kindOf)).rejects.toMatchObject({
        refusal: { disposition: 'stop', problem: { code: 'SubscriptionNotFound', actor: 'caller' } },
      });
    });

    it.each([
      ['is there', [body, { id: link }], 0, 'refused'],
      ['is not there', [], 0, null],
      ['is not there any more on a later page', [], 1, 'refused'],
    ] as const)('asks for the parent of a list that is not found: it %s', async (_, bodies, page, expected) => {
      const { arm, asked } = armWith(bodies);
      const reading = observe(refusing(arm, `${there}/links`, 'NotFound', page), [{ id: link, kind: 'link' }], kindOf);

      const result = await reading.then(
        (observed) => observed.get(link.toLowerCase()),
        ({ refusal }) => (refusal.disposition === 'wait' ? 'refused' : undefined),
      );

      expect(result).toBe(expected);
      expect(asked).toEqual(page === 0 ? [there] : []);
    });

    it('calls gone only what is, whatever lists lack, and asks by the id for nothing that they show', async () => {
      const state = fc.constantFrom('listed', 'unlisted', 'gone');
      const networks = fc.array(fc.record({ self: state, link: state, setting: fc.boolean() }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(networks, async (world) => {
          const named = world.map((one, index) => ({ ...one, id: `${NETWORKS}/n${index}` }));
          const isThere = ({ self }: (typeof named)[number]) => self !== 'gone';
          const bodies = named
            .filter(isThere)
            .flatMap(({ id, self, link: of, setting }): JsonObject[] => [
              { id, type: 'Microsoft.Network/virtualNetworks', unlisted: self === 'unlisted' },
              ...(of === 'gone' ? [] : [{ id: `${id}/links/l`, unlisted: of === 'unlisted' }]),
              ...(setting ? [{ id: settingOf(id) }] : []),
            ]);
          const { arm, asked } = armWith(bodies);
          const references = named.flatMap(({ id }) => [
            { id: settingOf(id), kind: 'setting' },
            { id: `${id}/links/l`, kind: 'link' },
            { id, kind: 'network' },
          ]);
          const wasThere = new Set(references.map((one) => one.id.toLowerCase()));

          const observed = await observe(arm, references, kindOf, { wasThere });

          for (const { id } of references)
            expect(observed.get(id.toLowerCase()) !== null).toBe(bodies.some((one) => one.id === id));
          const isShown = (id: string) => bodies.some((one) => one.id === id && one.unlisted === false);
          expect(asked.filter((path) => isShown(path))).toEqual([]);
          expect(new Set(asked).size).toBe(asked.length);
          // What hung on something that is known to be gone is gone with it.
          const goneNetworks = named.filter((one) => !isThere(one)).map(({ id }) => id);
          expect(asked.filter((path) => goneNetworks.some((id) => path.startsWith(`${id}/`)))).toEqual([]);
        }),
      );
    });
  });

  describe('of more than ARM admits at once', () => {
    const settings = Array.from({ length: 40 }, (_, index) => settingOf(`${NETWORKS}/n${index}`));
    const references = settings.map((id) => ({ id, kind: 'setting' }));

    /** Counts down what is left of 60 reads with each answer; `refuses`: answers 429 instead. */
    function shortArm(refuses = false): { readonly arm: Arm; readonly asked: string[] } {
      const { arm, asked } = armWith(settings.map((id) => ({ id })));
      const send = async (request: ArmRequest): Promise<ArmResponse> => {
        const response = await arm.send(request);
        const remaining = String(60 - asked.length);
        return refuses
          ? { status: 429, headers: {}, body: { error: { code: 'SubscriptionRequestsThrottled', message: '' } } }
          : { ...response, headers: { 'x-ms-ratelimit-remaining-subscription-reads': remaining } };
      };
      return { arm: { ...arm, send }, asked };
    }

    it('stops before ARM refuses, and goes on with what is missing until it has read all, each once', async () => {
      const asked: string[] = [];
      let already: ReadonlyMap<string, JsonObject | null> = new Map();
      let pauses = 0;
      for (;;) {
        const short = shortArm();
        try {
          const observed = await observe(short.arm, references, kindOf, { already });
          asked.push(...short.asked);
          expect([...observed.values()].every((body) => body !== null)).toBe(true);
          break;
        } catch (error) {
          if (!(error instanceof ObservationPausedError)) throw error;
          asked.push(...short.asked);
          expect(error.refusal.retryAfterSeconds).toBeGreaterThan(0);
          already = error.read;
          pauses += 1;
        }
      }

      expect(pauses).toBeGreaterThan(0);
      expect(asked.toSorted()).toEqual(settings.toSorted());
    });

    it('is refused as Azure says when not even one can be read', async () => {
      const { arm, asked } = shortArm(true);

      const reading = observe(arm, references, kindOf);

      await expect(reading).rejects.toMatchObject({ problem: { code: 'SubscriptionRequestsThrottled' } });
      expect(asked.length).toBeLessThan(settings.length);
    });
  });
});
