import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { type PlannedCluster, plannedClusters } from './cluster-context.ts';
import type { ConstraintContext } from './context.ts';

/** Something that Azure stops supporting. */
interface Retirement {
  readonly feature: string;
  /** Last day of support, as YYYY-MM-DD, by Microsoft's announcement. */
  readonly lastDayIso: string;
  readonly successor: string;
  /** The spec cannot tell the feature from its successor, so that it may only warn, also after the last day. */
  readonly indistinct?: true;
  /** Place in the cluster, when the cluster uses it. */
  readonly usedAt: (planned: PlannedCluster) => string | undefined;
}

const retirements: readonly Retirement[] = [
  {
    feature: 'kubenet',
    lastDayIso: '2028-03-31',
    successor: 'Azure CNI overlay',
    usedAt: ({ cluster }) => (cluster.networking.plugin === 'kubenet' ? 'networking.plugin' : undefined),
  },
  {
    feature: 'Azure network policy on Windows nodes',
    lastDayIso: '2026-09-30',
    successor: 'Calico',
    usedAt: ({ cluster }) =>
      cluster.networking.networkPolicy === 'azure' && cluster.nodePools.some(({ osType }) => osType === 'Windows')
        ? 'networking.networkPolicy'
        : undefined,
  },
  {
    feature: 'Azure network policy on Linux nodes',
    lastDayIso: '2028-09-30',
    successor: 'Cilium',
    usedAt: ({ cluster }) =>
      cluster.networking.networkPolicy === 'azure' && cluster.nodePools.every(({ osType }) => osType === 'Linux')
        ? 'networking.networkPolicy'
        : undefined,
  },
  {
    feature: 'the Open Service Mesh add-on',
    lastDayIso: '2027-09-30',
    successor: 'the Istio add-on',
    usedAt: ({ cluster }) => (cluster.addons.openServiceMesh ? 'addons.openServiceMesh' : undefined),
  },
  {
    feature: 'application routing with NGINX',
    lastDayIso: '2026-11-30',
    successor: 'application routing with the Gateway API',
    indistinct: true,
    usedAt: ({ cluster }) => {
      if (cluster.addons.appRouting) return 'addons.appRouting';
      return cluster.ingress.profile === 'appRouting' ? 'ingress.profile' : undefined;
    },
  },
  {
    feature: 'HTTP application routing',
    lastDayIso: '2025-03-03',
    successor: 'application routing',
    usedAt: ({ cluster }) => (cluster.addons.httpApplicationRouting ? 'addons.httpApplicationRouting' : undefined),
  },
  {
    feature: 'pod-managed identity',
    lastDayIso: '2025-09-30',
    successor: 'workload identity',
    usedAt: ({ cluster }) => (cluster.addons.podIdentity ? 'addons.podIdentity' : undefined),
  },
];

/** What Azure has stopped supporting, as violations, and what it will stop supporting, as warnings. */
export function* retirementConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const planned of plannedClusters(context)) {
    for (const { feature, lastDayIso, successor, indistinct, usedAt } of retirements) {
      const place = usedAt(planned);
      if (place === undefined) continue;
      const path = `${planned.path}.${place}`;
      const past = context.todayIso > lastDayIso;
      const message = `Azure ${past ? 'supported' : 'supports'} ${feature} until ${lastDayIso}.`;
      yield past && !indistinct
        ? violation('FeatureRetired', path, message, { successor })
        : violation('FeatureRetiring', path, message, { successor, lastDayIso });
    }
  }
}
