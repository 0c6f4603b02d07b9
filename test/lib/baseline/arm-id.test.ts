import { describe, expect, it } from '@jest/globals';
import { armId, parentId, parseArmId, resourceGroupId, typeOfId } from '../../../lib/baseline/arm-id.ts';

const NETWORK = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';

describe('ARM ids', () => {
  it('are built for resources and their children', () => {
    expect(resourceGroupId('s', 'g')).toBe('/subscriptions/s/resourceGroups/g');
    expect(armId('s', 'g', 'Microsoft.Network/virtualNetworks', 'v')).toBe(NETWORK);
    expect(armId('s', 'g', 'Microsoft.Network/virtualNetworks/subnets', 'v/a')).toBe(`${NETWORK}/subnets/a`);
  });

  it.each([
    [NETWORK, 'Microsoft.Network/virtualNetworks', 'v'],
    [`${NETWORK}/subnets/a`, 'Microsoft.Network/virtualNetworks/subnets', 'a'],
    [`${NETWORK}/providers/Microsoft.Insights/diagnosticSettings/d`, 'Microsoft.Insights/diagnosticSettings', 'd'],
    ['/subscriptions/s/resourcegroups/g', 'Microsoft.Resources/resourceGroups', 'g'],
  ])('say the type and the name of %s', (id, type, name) => {
    expect(parseArmId(id)).toEqual({ subscriptionId: 's', resourceGroup: 'g', type, name });
  });

  it('have parents', () => {
    expect(parentId(`${NETWORK}/subnets/a`)).toBe(NETWORK);
    expect(parentId(`${NETWORK}/subnets/a/delegations/d`, 2)).toBe(NETWORK);
    expect(typeOfId('not an id')).toBe('');
  });
});
