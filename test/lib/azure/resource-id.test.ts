import { describe, expect, it } from '@jest/globals';
import { parseResourceId } from '../../../lib/azure/resource-id.ts';

const GROUP = '/subscriptions/s/resourceGroups/g';
const NETWORK = `${GROUP}/providers/Microsoft.Network/virtualNetworks/v`;

describe('an ARM id', () => {
  it.each([
    [GROUP, 'Microsoft.Resources/resourceGroups', 'g', '/subscriptions/s'],
    [NETWORK, 'Microsoft.Network/virtualNetworks', 'v', GROUP],
    [`${NETWORK}/subnets/a`, 'Microsoft.Network/virtualNetworks/subnets', 'a', NETWORK],
    [
      `${NETWORK}/providers/Microsoft.Insights/diagnosticSettings/d`,
      'Microsoft.Insights/diagnosticSettings',
      'd',
      NETWORK,
    ],
  ])('%s is a %s', (id, type, name, parentId) => {
    expect(parseResourceId(id)).toEqual({ subscriptionId: 's', resourceGroup: 'g', type, name, parentId });
  });

  it('keeps the spelling it was given, and knows the words in any', () => {
    expect(parseResourceId('/SUBSCRIPTIONS/S/resourcegroups/G')).toMatchObject({
      subscriptionId: 'S',
      resourceGroup: 'G',
    });
  });

  it.each([
    '',
    '/subscriptions/s',
    'resourceGroups/g',
    `${GROUP}/providers`,
    `${GROUP}/providers/Microsoft.Network/virtualNetworks`,
    `${GROUP}/providers/Microsoft.Network/virtualNetworks/`,
    `${GROUP}/virtualNetworks/v`,
  ])('is not: %s', (text) => {
    expect(() => parseResourceId(text)).toThrow(/is not/);
  });
});
