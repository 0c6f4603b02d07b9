import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  allowListProblems,
  isInsideAny,
  isPermitted,
  permissionProblems,
  policyProblems,
  quotaProblems,
  quotaRoom,
  type WantedWrite,
} from '../../../lib/reconcile/preflight-rules.ts';

const GROUP = '/subscriptions/s/resourceGroups/g';
const address = (name: string, location = 'westeurope'): WantedWrite => ({
  id: `${GROUP}/providers/Microsoft.Network/publicIPAddresses/${name}`,
  action: 'create',
  type: 'Microsoft.Network/publicIPAddresses',
  subscriptionId: 's',
  resourceGroup: 'g',
  location,
});

describe('permissions', () => {
  it('are granted by any entry and taken back only within it', () => {
    const reader = { actions: ['*/read'], notActions: [] };
    const network = { actions: ['Microsoft.Network/*'], notActions: ['Microsoft.Network/publicIPAddresses/delete'] };

    expect(isPermitted([reader], 'Microsoft.Network/publicIPAddresses/write')).toBe(false);
    expect(isPermitted([reader, network], 'microsoft.network/publicipaddresses/write')).toBe(true);
    expect(isPermitted([network], 'Microsoft.Network/publicIPAddresses/delete')).toBe(false);
    expect(
      isPermitted([network, { actions: ['*'], notActions: [] }], 'Microsoft.Network/publicIPAddresses/delete'),
    ).toBe(true);
  });

  it('that are missing are told once for each action', () => {
    const problems = permissionProblems([address('a'), address('b'), { ...address('c'), action: 'delete' }], [], GROUP);

    expect(problems).toMatchObject([
      {
        problem: { message: expect.stringContaining('Microsoft.Network/publicIPAddresses/write') },
        ids: [address('a').id, address('b').id],
      },
      {
        problem: { message: expect.stringContaining('Microsoft.Network/publicIPAddresses/delete') },
        ids: [address('c').id],
      },
    ]);
  });

  it('read every character of a pattern but the star as itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, action) => {
        const plain = pattern.replaceAll('*', '');
        expect(isPermitted([{ actions: [plain], notActions: [] }], plain)).toBe(true);
        if (plain.toLowerCase() !== action.toLowerCase())
          expect(isPermitted([{ actions: [plain], notActions: [] }], action)).toBe(false);
      }),
    );
  });
});

describe('quotas', () => {
  const usages = [{ name: 'PublicIPAddresses', used: 18, limit: 20 }];

  it('admit what fits and refuse what does not, with the figures', () => {
    expect(quotaProblems([address('a'), address('b')], usages, 's', 'westeurope')).toEqual([]);
    const updated = { ...address('d'), action: 'update' as const };
    const [unfit] = quotaProblems([address('a'), address('b'), address('c'), updated], usages, 's', 'westeurope');
    expect(unfit).toMatchObject({
      problem: { code: 'QuotaExceeded', message: expect.stringContaining('3 more PublicIPAddresses') },
      ids: ['a', 'b', 'c'].map((name) => address(name).id),
    });
  });

  it('have room for as many as they admit', () => {
    const counts = fc.record({ used: fc.nat(30), limit: fc.nat(30) });
    fc.assert(
      fc.property(counts, counts, fc.nat(20), (all, standard, more) => {
        const both = [
          { name: 'PublicIPAddresses', ...all },
          { name: 'StandardSkuPublicIpAddresses', ...standard },
        ];
        const writes = Array.from({ length: more }, (_, index) => address(`a${index}`));
        const room = quotaRoom('microsoft.network/publicIPAddresses', both) ?? Number.NaN;
        expect(quotaProblems(writes, both, 's', 'westeurope').length === 0).toBe(more <= room);
      }),
    );
    expect(quotaRoom('Microsoft.Network/publicIPAddresses', [])).toBeNull();
  });

  it('do not count updates and deletes', () => {
    const writes = ['a', 'b', 'c'].map((name) => ({ ...address(name), action: 'update' as const }));
    expect(quotaProblems(writes, usages, 's', 'westeurope')).toEqual([]);
  });
});

describe('known policies', () => {
  const assignment = {
    id: '/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/p',
    name: 'only the north',
    definitionId: '/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c',
    enforced: true,
    parameters: { listOfAllowedLocations: ['North Europe'] },
    notScopes: [] as string[],
  };

  it('deny a location that is not listed, however it is spelt', () => {
    expect(policyProblems([address('a')], [assignment])).toMatchObject([
      { problem: { code: 'DeniedByPolicy', resource: address('a').id }, ids: [address('a').id] },
    ]);
    expect(policyProblems([address('a', 'northeurope')], [assignment])).toEqual([]);
    expect(policyProblems([address('a', 'global')], [assignment])).toEqual([]);
  });

  it('do not bind when they are not enforced, or excluded for the scope', () => {
    expect(policyProblems([address('a')], [{ ...assignment, enforced: false }])).toEqual([]);
    expect(policyProblems([address('a')], [{ ...assignment, notScopes: [GROUP.toUpperCase()] }])).toEqual([]);
  });

  it('deny types by name', () => {
    const types = {
      ...assignment,
      definitionId: 'x/6c112d4e-5bc7-47ae-a041-ea2d9dccd749',
      parameters: { listOfResourceTypesNotAllowed: ['microsoft.network/publicipaddresses'] },
    };
    expect(policyProblems([address('a')], [types])).toHaveLength(1);
  });
});

describe('allowed scopes', () => {
  it('hold what is at or below them and nothing that only begins alike', () => {
    expect(isInsideAny(`${GROUP}/providers/x`, [GROUP])).toBe(true);
    expect(isInsideAny(GROUP.toUpperCase(), [`${GROUP}/`])).toBe(true);
    expect(isInsideAny(`${GROUP}-other/providers/x`, [GROUP])).toBe(false);
  });

  it('refuse writes outside, and bind nothing when none are set', () => {
    expect(allowListProblems([address('a')], [])).toEqual([]);
    expect(allowListProblems([address('a')], ['/subscriptions/other'])).toMatchObject([
      { problem: { code: 'OutsideAllowedScopes', actor: 'operator' }, ids: [address('a').id] },
    ]);
  });
});
