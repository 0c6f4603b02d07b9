import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { resourceName, resourceText } from '../../../lib/cli/resource-name.ts';

describe('resourceName', () => {
  it.each([
    ['/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet', 'vnet', 'rg'],
    [
      '/subscriptions/s/resourcegroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet',
      'vnet/snet',
      'rg',
    ],
    ['/subscriptions/s/resourceGroups/rg', 'rg', 'rg'],
    [
      '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/fw/providers/Microsoft.Insights/diagnosticSettings/logs',
      'diagnostic settings of fw',
      'rg',
    ],
    ['/subscriptions/s', '/subscriptions/s', ''],
    ['fw-hub', 'fw-hub', ''],
    ['', '', ''],
  ])('%s is %s in %j', (id, name, group) => {
    expect(resourceName(id)).toEqual({ name, group });
  });

  it('never makes a name of nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('subscriptions', 'resourceGroups', 'providers', 'a', 'b', ''), { maxLength: 12 }),
        (parts) => {
          const id = `/${parts.join('/')}`;

          expect(resourceText(id)).not.toBe('');
        },
      ),
    );
  });
});

describe('resourceText', () => {
  it('says the group once', () => {
    expect(resourceText('/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet')).toBe(
      'vnet (rg)',
    );
    expect(resourceText('/subscriptions/s/resourceGroups/rg')).toBe('rg');
  });
});
