import { describe, expect, it } from '@jest/globals';
import { logAnalyticsWorkspace } from '../../../lib/baseline/kinds/log-analytics-workspace.ts';

const retention = (before: number, after: number) => [{ path: 'properties.retentionInDays', before, after }];

describe('the risk of changing how long logs are kept', () => {
  it('is that of losing them, only where they are kept for less long', () => {
    expect(logAnalyticsWorkspace.riskOf('update', retention(90, 30))).toBe('destructive');
    expect(logAnalyticsWorkspace.riskOf('update', retention(30, 90))).toBe('safe');
  });
});
