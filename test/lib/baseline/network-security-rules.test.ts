import { describe, expect, it } from '@jest/globals';
import {
  bastionRules,
  GENERATED_PRIORITY,
  type SecurityContext,
  securityRulesFor,
} from '../../../lib/baseline/network-security-rules.ts';
import type { ResolvedSecurityRule } from '../../../lib/baseline/resolved.ts';
import { SUBNET_PURPOSES } from '../../../lib/baseline/spec/network.ts';
import type { SubnetPurpose } from '../../../lib/baseline/spec.ts';

const PREFIXES: Partial<Record<SubnetPurpose, readonly string[]>> = {
  nodes: ['10.240.0.0/22'],
  internalLoadBalancer: ['10.240.4.0/28'],
  applicationGateway: ['10.240.5.0/24'],
  apiServer: ['10.240.7.0/28'],
};

function context(changes: Partial<SecurityContext> = {}): SecurityContext {
  return {
    own: ['10.240.9.0/24'],
    prefixesOf: (purpose) => PREFIXES[purpose] ?? [],
    bastion: ['10.200.0.128/26'],
    reachable: ['10.200.0.0/24', '10.240.0.0/16'],
    podCidrs: ['192.168.0.0/16'],
    ingressThroughGateway: true,
    ...changes,
  };
}

function lines(rules: readonly ResolvedSecurityRule[], direction: 'Inbound' | 'Outbound'): readonly string[] {
  return rules
    .filter((rule) => rule.direction === direction)
    .toSorted((a, b) => a.priority - b.priority)
    .map(({ access, protocol, sourceAddressPrefixes, destinationAddressPrefixes, destinationPortRanges }) =>
      [
        access,
        protocol,
        sourceAddressPrefixes.join(),
        '->',
        destinationAddressPrefixes.join(),
        destinationPortRanges.join(),
      ].join(' '),
    );
}

describe('generated security rules', () => {
  it('are all of those without which Bastion is refused', () => {
    const rules = bastionRules(['203.0.113.0/24']);

    expect(lines(rules, 'Inbound')).toEqual([
      'Allow Tcp 203.0.113.0/24 -> * 443',
      'Allow Tcp GatewayManager -> * 443',
      'Allow Tcp AzureLoadBalancer -> * 443',
      'Allow * VirtualNetwork -> VirtualNetwork 8080,5701',
      'Deny * * -> * *',
    ]);
    expect(lines(rules, 'Outbound')).toEqual([
      'Allow * * -> VirtualNetwork 22,3389',
      'Allow Tcp * -> AzureCloud 443',
      'Allow * VirtualNetwork -> VirtualNetwork 8080,5701',
      'Allow * * -> Internet 80',
      'Deny * * -> * *',
    ]);
  });

  it('let Azure manage an Application Gateway and never close its way out', () => {
    const rules = securityRulesFor('applicationGateway', context());

    expect(lines(rules, 'Inbound')).toEqual([
      'Allow Tcp Internet -> * 443',
      'Allow Tcp GatewayManager -> * 65200-65535',
      'Allow * AzureLoadBalancer -> * *',
      'Deny * * -> * *',
    ]);
    expect(lines(rules, 'Outbound')).toEqual([]);
  });

  it('let nodes reach the API server on 443 and 4443 and its probes on 9988', () => {
    expect(lines(securityRulesFor('apiServer', context()), 'Inbound')).toEqual([
      'Allow Tcp 10.240.0.0/22 -> 10.240.9.0/24 443,4443',
      'Allow Tcp AzureLoadBalancer -> 10.240.9.0/24 9988',
    ]);
  });

  it('close nodes behind a gateway to everything but the gateway, and cover the internal load balancer', () => {
    const targets = '10.240.0.0/22,192.168.0.0/16,10.240.4.0/28';

    expect(lines(securityRulesFor('nodes', context()), 'Inbound')).toEqual([
      `Allow * 10.240.0.0/22,192.168.0.0/16 -> ${targets} *`,
      `Allow * 10.240.5.0/24 -> ${targets} *`,
      'Allow * 10.240.7.0/28 -> 10.240.0.0/22,192.168.0.0/16 *',
      `Allow Tcp 10.200.0.128/26 -> ${targets} 22,443,3389`,
      'Allow * AzureLoadBalancer -> * *',
      'Deny * * -> * *',
    ]);
  });

  it.each([
    ['with another ingress', { ingressThroughGateway: false }],
    ['without a gateway', { prefixesOf: () => [] }],
  ])('leave nodes %s to Azure’s default rules', (_, changes) => {
    expect(securityRulesFor('nodes', context(changes))).toEqual([]);
  });

  it('name prefixes, not the VirtualNetwork tag, for private endpoints', () => {
    const rules = securityRulesFor('privateEndpoints', context());

    expect(lines(rules, 'Inbound')).toEqual([
      'Allow Tcp 10.200.0.0/24,10.240.0.0/16 -> 10.240.9.0/24 443',
      'Deny * * -> * *',
    ]);
    expect(lines(rules, 'Outbound')).toEqual(['Deny * * -> * *']);
  });

  it('open what API Management cannot do without', () => {
    const rules = securityRulesFor('apiManagement', context());

    expect(lines(rules, 'Inbound')).toEqual(
      expect.arrayContaining([
        'Allow Tcp ApiManagement -> 10.240.9.0/24 3443',
        'Allow Tcp AzureLoadBalancer -> 10.240.9.0/24 6390,6391',
        'Allow Udp 10.240.9.0/24 -> 10.240.9.0/24 4290',
      ]),
    );
    expect(lines(rules, 'Outbound')).toEqual(
      expect.arrayContaining(
        ['Storage 443', 'Sql 1433', 'AzureKeyVault 443', 'AzureMonitor 1886,443', 'Internet 80'].map(
          (to) => `Allow Tcp 10.240.9.0/24 -> ${to}`,
        ),
      ),
    );
  });

  it.each(SUBNET_PURPOSES)('of purpose %s leave room for the operator’s and share no priority', (purpose) => {
    const rules = securityRulesFor(purpose, context());

    const keys = rules.map(({ direction, priority }) => `${direction} ${priority}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
    for (const { priority } of rules) expect(priority).toBeGreaterThanOrEqual(GENERATED_PRIORITY);
    for (const { priority } of rules) expect(priority).toBeLessThanOrEqual(4096);
  });
});
