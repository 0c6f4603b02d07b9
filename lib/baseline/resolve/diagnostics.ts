import type { Owner } from '../../plan/graph.ts';
import type { ResolvedBaseline, ResolvedDiagnosticSetting, ResolvedResource } from '../resolved.ts';

/** Name of the setting on every resource: one for each, so that other people's settings beside it are left alone. */
const CONVENTIONAL_NAME = 'hubkeeper';

interface Signals {
  readonly logs: boolean;
  readonly metrics: boolean;
  readonly dedicatedTables?: boolean;
}

/** What is needed of a baseline to say which resources send logs and metrics. */
export type Observable = Omit<ResolvedBaseline, 'diagnosticSettings' | 'madeNames'>;

/**
 * The diagnostic settings of everything that has logs or metrics, as the AKS baseline has them. Resources that are only
 * referred to belong to somebody else, and so do their settings. `name`: what the setting is called.
 */
export function diagnosticSettings(
  baseline: Observable,
  name: string = CONVENTIONAL_NAME,
): readonly ResolvedDiagnosticSetting[] {
  const { workspace, spec } = baseline;
  if (workspace === undefined || !spec.observability.diagnosticSettings) return [];
  const setting = (
    target: ResolvedResource,
    signals: Signals,
    owner: Owner = 'spec',
  ): readonly ResolvedDiagnosticSetting[] =>
    target.presence === 'reference'
      ? []
      : [
          {
            id: `${target.id}/providers/Microsoft.Insights/diagnosticSettings/${name}`,
            name,
            targetId: target.id,
            workspaceId: workspace.id,
            logs: signals.logs,
            metrics: signals.metrics,
            dedicatedTables: signals.dedicatedTables ?? false,
            scope: target.scope,
            owner,
          },
        ];
  const both = { logs: true, metrics: true };
  const one = <T extends ResolvedResource>(resource: T | undefined, signals: Signals) =>
    resource === undefined ? [] : setting(resource, signals);
  return [
    ...setting(workspace, both),
    ...baseline.networks.flatMap((network) => setting(network, both)),
    ...baseline.networkSecurityGroups.flatMap((group) => setting(group, { logs: true, metrics: false })),
    ...baseline.publicIpAddresses.flatMap((address) => setting(address, both, address.owner)),
    ...baseline.natGateways.flatMap((gateway) => setting(gateway, { logs: false, metrics: true })),
    ...one(baseline.firewall, { ...both, dedicatedTables: true }),
    ...one(baseline.bastion, both),
  ];
}

/** The name of the settings of this baseline, override included. */
export function diagnosticSettingName(baseline: Pick<ResolvedBaseline, 'madeNames'>): string {
  return baseline.madeNames.get(`diagnosticSetting/${CONVENTIONAL_NAME}`) ?? CONVENTIONAL_NAME;
}
