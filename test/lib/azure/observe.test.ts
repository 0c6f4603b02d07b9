import { describe, expect, it } from '@jest/globals';
import type { Arm, ArmResponse } from '../../../lib/azure/arm.ts';
import { type ObservableKind, observe } from '../../../lib/azure/observe.ts';
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
      return bodies.filter(({ type }) => path.endsWith(`/providers/${type}`));
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
});
