import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BUILT_IN_ROLES, isAllowed, permits } from '../../../local/azure/authorization.ts';

const role = (name: string) => {
  const found = BUILT_IN_ROLES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No role ${name}`);
  return found.permission;
};

describe('permits', () => {
  it.each([
    ['Contributor', 'Microsoft.Network/virtualNetworks/write', true],
    ['Contributor', 'microsoft.authorization/roleassignments/write', false],
    ['Contributor', 'Microsoft.Authorization/locks/delete', false],
    ['Contributor', 'Microsoft.Authorization/locks/read', true],
    ['Reader', 'Microsoft.Network/virtualNetworks/read', true],
    ['Reader', 'Microsoft.Network/virtualNetworks/write', false],
    ['Network Contributor', 'Microsoft.Network/virtualNetworks/subnets/join/action', true],
    ['Network Contributor', 'Microsoft.ContainerService/managedClusters/write', false],
    ['User Access Administrator', 'Microsoft.Authorization/roleAssignments/write', true],
  ])('%s and %s: %s', (name, action, expected) => {
    expect(permits(role(name), action)).toBe(expected);
  });

  it('is never widened by what is taken away', () => {
    const pattern = fc.constantFrom('*', '*/read', 'Microsoft.Network/*', 'Microsoft.Network/virtualNetworks/write');
    const action = fc.constantFrom('Microsoft.Network/virtualNetworks/write', 'Microsoft.Web/sites/read');
    fc.assert(
      fc.property(fc.array(pattern), fc.array(pattern), action, (actions, notActions, wanted) => {
        if (permits({ actions, notActions }, wanted)) {
          expect(permits({ actions, notActions: [] }, wanted)).toBe(true);
          expect(permits({ actions: notActions, notActions: [] }, wanted)).toBe(false);
        }
      }),
    );
  });
});

describe('isAllowed', () => {
  const grant = { principalId: 'p', scope: '/subscriptions/s/resourceGroups/rg', permission: role('Reader') };

  it('counts on the scope and below, for its principal, from its time on', () => {
    const grants = [{ ...grant, effectiveMs: 100 }];
    const ask = (principal: string, scope: string, nowMs: number): boolean =>
      isAllowed(grants, principal, 'Microsoft.Toy/boxes/read', scope, nowMs);
    expect(ask('p', '/subscriptions/S/resourcegroups/RG', 100)).toBe(true);
    expect(ask('p', '/subscriptions/s/resourceGroups/rg/providers/x/y/z', 100)).toBe(true);
    expect(ask('p', '/subscriptions/s/resourceGroups/rg2', 100)).toBe(false);
    expect(ask('p', '/subscriptions/s', 100)).toBe(false);
    expect(ask('p', '/subscriptions/s/resourceGroups/rg', 99)).toBe(false);
    expect(ask('q', '/subscriptions/s/resourceGroups/rg', 100)).toBe(false);
  });
});
