import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type FirewallPoint,
  type FirewallSegment,
  firewallHealth,
  segmentsOf,
  snatUtilizationPercent,
} from '../../../../local/azure/monitoring/firewall-gauge.ts';

function segment(more: Partial<FirewallPoint>): FirewallSegment {
  const point = { atMs: 0, running: true, reported: true, ports: {}, addresses: 1, natGateway: false, ...more };
  const [first] = segmentsOf([{ leastInstances: 2, mostInstances: 20, instances: 2, ...point }]);
  if (first === undefined) throw new Error('A point begins a segment.');
  return first;
}

const shapes = fc.record({
  addresses: fc.integer({ min: 1, max: 250 }),
  instances: fc.integer({ min: 2, max: 50 }),
  ports: fc.record({ TCP: fc.integer({ min: 0, max: 2_000_000 }), UDP: fc.integer({ min: 0, max: 2_000_000 }) }),
});

describe('the gauge of SNAT ports', () => {
  it.each([
    [1, 2, 4_992],
    [3, 2, 14_976],
    [250, 2, 1_248_000],
    [3, 20, 149_760],
  ])('of %i addresses with %i instances is full with %i ports', (addresses, instances, TCP) => {
    expect(snatUtilizationPercent(segment({ addresses, instances, ports: { TCP } }), 'TCP')).toBe(100);
    expect(snatUtilizationPercent(segment({ addresses, instances, ports: { TCP: TCP / 2 } }), 'TCP')).toBe(50);
  });

  it('stays between 0 and 100, and falls with each address and each instance', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const now = snatUtilizationPercent(segment(shape), 'TCP') ?? Number.NaN;
        const more = snatUtilizationPercent(segment({ ...shape, addresses: shape.addresses + 1 }), 'TCP');
        const bigger = snatUtilizationPercent(segment({ ...shape, instances: shape.instances + 1 }), 'TCP');
        expect(now).toBeGreaterThanOrEqual(0);
        expect(now).toBeLessThanOrEqual(100);
        expect(more).toBeLessThanOrEqual(now);
        expect(bigger).toBeLessThanOrEqual(now);
      }),
    );
  });

  it('is degraded exactly where a protocol has more than 95 percent', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const of = segment(shape);
        const most = Math.max(...['TCP', 'UDP'].map((protocol) => snatUtilizationPercent(of, protocol) ?? 0));
        expect(firewallHealth(of)?.percent).toBe(most > 95 ? 50 : most === 0 ? 0 : 100);
      }),
    );
  });

  it.each([
    ['a deallocated firewall', { running: false }],
    ['samples that never arrive', { reported: false }],
    ['a protocol that is not used', { ports: {} }],
  ])('shows nothing for %s', (_name, more) => {
    expect(snatUtilizationPercent(segment({ ports: { TCP: 10 }, ...more }), 'TCP')).toBeNull();
  });
});
