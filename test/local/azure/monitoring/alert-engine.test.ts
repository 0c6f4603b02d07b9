import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../../local/azure/json.ts';
import { nextCheckMs } from '../../../../local/azure/monitoring/alert-engine.ts';
import { type AlertMemories, checkRule } from '../../../../local/azure/monitoring/alert-evaluation.ts';
import { readAlertRule } from '../../../../local/azure/monitoring/alert-rule.ts';
import { FIREWALL, makeFirewall } from '../resource-types/fixtures.ts';
import { Azure, at, GROUP } from '../resource-types/harness.ts';

const RULE = `${GROUP}/providers/Microsoft.Insights/metricAlerts/alert-snat`;

interface Change {
  readonly afterSeconds: number;
  readonly ports: JsonObject;
  readonly busyInstances: number;
  readonly metricsMissing: boolean;
}

const changes = fc.array(
  fc.record<Change>({
    afterSeconds: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constant(36_000)),
    // One address with two instances: 4,992 ports.
    ports: fc.record({
      TCP: fc.constantFrom(null, 0, 1_000, 3_990, 3_995, 4_900, 9_000),
      UDP: fc.constantFrom(null, 100, 4_500),
    }),
    busyInstances: fc.constantFrom(0, 0, 1.3, 3),
    metricsMissing: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 8 },
);

const rules = fc.record({
  evaluationFrequency: fc.constantFrom('PT1M', 'PT5M'),
  windowSize: fc.constantFrom('PT5M', 'PT15M'),
  autoMitigate: fc.boolean(),
  aggregation: fc.constantFrom('Average', 'Maximum'),
  split: fc.boolean(),
});

function ruleBody({ aggregation, split, ...properties }: Readonly<Record<string, Json>>): JsonObject {
  return {
    location: 'global',
    properties: {
      severity: 1,
      enabled: true,
      scopes: [FIREWALL],
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion',
            name: 'snat',
            metricName: 'SNATPortUtilization',
            operator: 'GreaterThan',
            threshold: 80,
            timeAggregation: aggregation,
            dimensions: split === true ? [{ name: 'Protocol', operator: 'Include', values: ['*'] }] : [],
          },
        ],
      },
      ...properties,
    },
  };
}

/** What checks at every due time would have told, from the gauges as they are known in the end. */
function checkedOneByOne(azure: Azure, fromMs: number): readonly unknown[] {
  const { world } = azure.simulation;
  const stored = world.get(RULE);
  const rule = stored === undefined ? undefined : readAlertRule(stored);
  if (rule === undefined) throw new Error('The rule is gone.');
  const series = world.metricSeries(FIREWALL, 'SNATPortUtilization');
  const target = { id: FIREWALL, steadySinceMs: Number.POSITIVE_INFINITY, series: () => series };
  const draws = { newAlertId: (what: string) => what, random: () => 0.5 };
  const alerts = new Map<string, { firedAt: string; resolvedAt: string | null; dimensions: unknown }>();
  let memories: AlertMemories = {};
  for (let atMs = nextCheckMs(rule, fromMs); atMs <= world.nowMs; atMs = nextCheckMs(rule, atMs)) {
    const check = checkRule(rule, memories, [target], atMs, draws);
    memories = check.memories;
    for (const { alertId, firedMs, resolvedMs, values } of check.signals) {
      alerts.set(alertId, {
        firedAt: new Date(firedMs).toISOString(),
        resolvedAt: resolvedMs === undefined ? null : new Date(resolvedMs).toISOString(),
        dimensions: values.flatMap(({ dimensions }) => dimensions),
      });
    }
  }
  return [...alerts.values()];
}

describe('the alert engine', () => {
  it('tells what checks one by one would have told, though it leaves most of them out', async () => {
    await fc.assert(
      fc.asyncProperty(rules, changes, async (properties, steps) => {
        const azure = new Azure();
        try {
          makeFirewall(azure);
          azure.put(RULE, ruleBody(properties));
          const fromMs = azure.simulation.world.nowMs;
          for (const { afterSeconds, ports, ...more } of steps) {
            await azure.pass(afterSeconds);
            azure.simulation.changeTraffic({ firewalls: { [FIREWALL]: { snatPortsInUse: ports, ...more } } });
          }
          await azure.pass(3_600);
          const told = at(azure.simulation.alerts(), 'alerts') as readonly JsonObject[];
          const seen = told.map(({ firedAt, resolvedAt, dimensions }) => ({ firedAt, resolvedAt, dimensions }));
          expect(seen).toEqual(checkedOneByOne(azure, fromMs));
        } finally {
          azure.close();
        }
      }),
      { numRuns: 30 },
    );
  });
});
