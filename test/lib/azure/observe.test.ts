import { describe, expect, it } from '@jest/globals';
import type { Arm, ArmRequest, ArmResponse } from '../../../lib/azure/arm.ts';
import { type ObservableKind, ObservationPausedError, observe } from '../../../lib/azure/observe.ts';
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
    observe: { by: 'parent' },
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
      return bodies.filter(({ id, type }) => path.endsWith(`/providers/${type}`) || String(id).startsWith(`${path}/`));
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
