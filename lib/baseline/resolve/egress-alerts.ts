import type { ResolvedActionGroup, ResolvedFirewall, ResolvedMetricAlert } from '../resolved.ts';
import type { BaselineSpec } from '../spec.ts';
import type { NameBook } from './name-book.ts';
import { existing, made, type Place } from './place.ts';

const ACTION_GROUP = 'Microsoft.Insights/actionGroups';
const METRIC_ALERT = 'Microsoft.Insights/metricAlerts';

function resolveActionGroup(
  spec: BaselineSpec,
  place: Place,
  names: NameBook,
  region: string,
): ResolvedActionGroup | undefined {
  const group = spec.egress.actionGroup;
  if (group === undefined) return undefined;
  const at = { ...place, path: 'egress.actionGroup' };
  const resource =
    group.id === undefined
      ? made(at, ACTION_GROUP, names.name('actionGroup', `ag-${region}-hub`, group.name))
      : existing(group.id, 'reference', at);
  return { ...resource, shortName: group.shortName, receiver: group.receiver };
}

/** Whether the spec asks for alert rules: by itself where somebody is named whom they tell. */
export function hasAlertRules({ egress }: BaselineSpec): boolean {
  return egress.alertRules ?? egress.actionGroup !== undefined;
}

/**
 * The rules that tell of SNAT exhaustion, and whom they tell. One looks at the average, one at single minutes: both are
 * what relief itself decides by. Alert rules and action groups live in no region.
 */
export function resolveEgressAlerts(
  spec: BaselineSpec,
  place: Place,
  names: NameBook,
  firewall: ResolvedFirewall | undefined,
): { readonly actionGroups: readonly ResolvedActionGroup[]; readonly metricAlerts: readonly ResolvedMetricAlert[] } {
  const everywhere = { ...place, location: 'global' };
  const group = resolveActionGroup(spec, everywhere, names, place.location);
  const actionGroups = group === undefined ? [] : [group];
  if (firewall === undefined || !hasAlertRules(spec)) return { actionGroups, metricAlerts: [] };
  const { alertSeverity: severity, scaleOut } = spec.egress;
  const rule = (
    suffix: string,
    aggregation: ResolvedMetricAlert['aggregation'],
    thresholdPercent: number,
    description: string,
  ): ResolvedMetricAlert => ({
    ...made(
      { ...everywhere, path: 'egress.alertRules' },
      METRIC_ALERT,
      names.name('metricAlert', `alert-fw-${place.location}-${suffix}`),
    ),
    description,
    severity,
    targetId: firewall.id,
    aggregation,
    thresholdPercent,
    ...(group === undefined ? {} : { actionGroupId: group.id }),
  });
  return {
    actionGroups,
    metricAlerts: [
      rule('snat', 'Average', scaleOut.utilizationPercent, 'The firewall runs out of SNAT ports.'),
      rule('snat-peak', 'Maximum', scaleOut.maximumPercent, 'The firewall had no SNAT ports left for a minute.'),
    ],
  };
}
