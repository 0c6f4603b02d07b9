import { metricDefinitionsAnswer, metricsAnswer } from '../monitoring/metrics-answer.ts';
import type { ResourceType } from '../resource-type.ts';

/** Answers on the collection alone: nothing is stored. */
const readOnly = {
  scope: 'extension',
  tracked: false,
  methods: ['GET'],
  etag: 'none',
  provisioningState: false,
} as const satisfies Partial<ResourceType>;

/** `GET {resource}/providers/Microsoft.Insights/metrics`: what a resource's gauges have shown. */
export const metrics: ResourceType = {
  ...readOnly,
  type: 'Microsoft.Insights/metrics',
  apiVersions: ['2018-01-01', '2019-07-01', '2021-05-01', '2023-10-01', '2024-02-01'],
  collection(scopeId, query, world) {
    const target = world.get(scopeId);
    // The list of a resource that does not exist is refused as any other.
    return target === undefined ? undefined : metricsAnswer(target, query, world);
  },
};

/** `GET {resource}/providers/Microsoft.Insights/metricDefinitions`: which metrics a resource has. */
export const metricDefinitions: ResourceType = {
  ...readOnly,
  type: 'Microsoft.Insights/metricDefinitions',
  apiVersions: ['2018-01-01', '2021-05-01', '2023-10-01', '2024-02-01'],
  collection(scopeId, _query, world) {
    const target = world.get(scopeId);
    return target === undefined ? undefined : metricDefinitionsAnswer(target);
  },
};
