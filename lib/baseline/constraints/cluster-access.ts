import type { RouteSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { prefixFaults } from './addresses.ts';
import {
  firstSubnetFor,
  hasKubernetes,
  nodeSubnetsOf,
  type PlannedCluster,
  plannedClusters,
} from './cluster-context.ts';
import { type ConstraintContext, hasEgressHop } from './context.ts';

/** Microsoft documents 200 authorized ranges, 2,000 with API server VNet integration. */
const maxAuthorizedRanges = { public: 200, vnetIntegrated: 2000 } as const;
/** Regions without API server VNet integration. */
const regionsWithoutVnetIntegration: ReadonlySet<string> = new Set(['qatarcentral']);

function* outboundFaults(context: ConstraintContext, planned: PlannedCluster): Iterable<Violation> {
  const { cluster, path, spoke, network } = planned;
  const at = `${path}.outboundType`;
  switch (cluster.outboundType) {
    case 'userDefinedRouting': {
      if (!hasEgressHop(context.spec)) {
        yield violation('OutboundRouteMissing', at, 'The hub has neither a firewall nor an appliance for 0.0.0.0/0.');
        return;
      }
      for (const { spec, path: subnetPath, name } of nodeSubnetsOf(planned)) {
        // An existing table cannot be looked into here; AKS checks it when the cluster is made.
        if (spec === undefined || spec.routeTableId !== undefined || spec.routeToFirewall !== false) continue;
        if (spec.routes.some(leadsToAppliance)) continue;
        const message = `${name} has no 0.0.0.0/0 to a firewall or appliance; AKS checks it with outboundType userDefinedRouting.`;
        yield violation('OutboundRouteMissing', `${subnetPath}.routeToFirewall`, message);
      }
      return;
    }
    case 'managedNATGateway':
    case 'managedNATGatewayV2':
    case 'block':
      yield violation(
        'OutboundTypeNeedsManagedNetwork',
        at,
        `outboundType ${cluster.outboundType} is for networks that AKS makes itself.`,
      );
      return;
    case 'userAssignedNATGateway': {
      if (spoke.natGateway === undefined) {
        yield violation('NatGatewayMissing', at, `Spoke ${network.name} has no NAT gateway.`);
        return;
      }
      for (const { spec, path: subnetPath, name } of nodeSubnetsOf(planned)) {
        if (spec?.natGateway !== false) continue;
        yield violation(
          'NatGatewayMissing',
          `${subnetPath}.natGateway`,
          `${name} has no NAT gateway; outboundType userAssignedNATGateway needs it.`,
        );
      }
      return;
    }
    case 'none':
      yield* isolatedFaults(planned);
      return;
    case 'loadBalancer':
      return;
  }
}

/** AKS takes 0.0.0.0/0 to an appliance or a gateway; Internet is refused. */
function leadsToAppliance({ addressPrefix, nextHopType }: RouteSpec): boolean {
  return (
    addressPrefix === '0.0.0.0/0' && (nextHopType === 'VirtualAppliance' || nextHopType === 'VirtualNetworkGateway')
  );
}

function* isolatedFaults({ cluster, path }: PlannedCluster): Iterable<Violation> {
  const unsupported = (place: string, what: string): Violation =>
    violation('NetworkIsolatedUnsupported', `${path}.${place}`, `A network isolated cluster ${what}.`);
  if (cluster.networking.plugin === 'kubenet') yield unsupported('networking.plugin', 'does not work with kubenet');
  if (cluster.addons.flux) yield unsupported('addons.flux', 'has no Flux extension');
  if (cluster.addons.dapr) yield unsupported('addons.dapr', 'has no Dapr extension');
  if (cluster.apiServer.access === 'public') yield unsupported('apiServer.access', 'has no public API server');
  if (!hasKubernetes(cluster, 30)) {
    const message = `A network isolated cluster needs Kubernetes 1.30, not ${cluster.kubernetesVersion}.`;
    yield violation('KubernetesVersionTooOld', `${path}.kubernetesVersion`, message, { version: '1.30' });
  }
}

function* apiServerFaults(context: ConstraintContext, planned: PlannedCluster): Iterable<Violation> {
  const { cluster, path, spoke } = planned;
  const { access, authorizedIpRanges, privateDnsZoneId } = cluster.apiServer;
  if (access === 'private' && authorizedIpRanges.length > 0) {
    yield violation(
      'AuthorizedRangesPrivate',
      `${path}.apiServer.authorizedIpRanges`,
      'Authorized ranges do not apply to a private API server.',
    );
  }
  for (const [index, text] of authorizedIpRanges.entries()) {
    yield* prefixFaults(text.includes('/') ? text : `${text}/32`, `${path}.apiServer.authorizedIpRanges[${index}]`, 4);
  }
  const { firewall } = context.spec.hub;
  const publicIps = firewall === undefined ? 0 : (firewall.publicIps.maximum ?? firewall.publicIps.count);
  const ranges = authorizedIpRanges.length + publicIps;
  if (access !== 'private' && authorizedIpRanges.length > 0 && ranges > maxAuthorizedRanges[access]) {
    const message = `${authorizedIpRanges.length} authorized ranges and ${publicIps} addresses of the firewall are more than ${maxAuthorizedRanges[access]}.`;
    yield violation('AuthorizedRangesTooMany', `${path}.apiServer.authorizedIpRanges`, message);
  }
  if (access === 'public' && privateDnsZoneId !== undefined) {
    yield violation(
      'PrivateDnsZoneUnexpected',
      `${path}.apiServer.privateDnsZoneId`,
      'A public API server has no private DNS zone.',
    );
  }
  if (access !== 'vnetIntegrated') return;
  if (firstSubnetFor(planned, 'apiServer') === undefined) {
    yield violation(
      'ApiServerSubnetMissing',
      `${path}.apiServer.access`,
      'API server VNet integration needs a subnet with purpose apiServer.',
    );
  }
  const region = (spoke.location ?? context.spec.hub.location).toLowerCase().replaceAll(' ', '');
  if (regionsWithoutVnetIntegration.has(region)) {
    yield violation(
      'ApiServerRegionUnsupported',
      `${path}.apiServer.access`,
      `${region} has no API server VNet integration.`,
    );
  }
}

function* identityFaults({ cluster, path }: PlannedCluster): Iterable<Violation> {
  const { type, id } = cluster.identity;
  if (type !== 'systemAssigned') return;
  if (id !== undefined) {
    yield violation(
      'IdentityContradiction',
      `${path}.identity.id`,
      'A system-assigned identity has no id of an existing one.',
    );
  }
  // With kubenet the combination is refused altogether, by the rules of kubenet.
  if (cluster.networking.plugin === 'kubenet' && cluster.outboundType === 'userDefinedRouting') return;
  yield violation(
    'SystemAssignedIdentity',
    `${path}.identity.type`,
    'A system-assigned identity exists only after the cluster, too late for its roles on this network.',
  );
}

function* ingressFaults(planned: PlannedCluster): Iterable<Violation> {
  const { cluster, path, network } = planned;
  const { profile } = cluster.ingress;
  const isGatewayForContainers = profile === 'applicationGatewayForContainers';
  if (isGatewayForContainers && firstSubnetFor(planned, 'applicationGatewayForContainers') === undefined) {
    yield violation(
      'IngressSubnetMissing',
      `${path}.ingress.profile`,
      `Spoke ${network.name} has no subnet for Application Gateway for Containers.`,
    );
  }
  if (profile === 'istio' && !cluster.addons.istio) {
    yield violation('IngressAddonMissing', `${path}.ingress.profile`, 'The Istio add-on is off.', { addon: 'istio' });
  }
  if (profile === 'appRouting' && !cluster.addons.appRouting) {
    yield violation('IngressAddonMissing', `${path}.ingress.profile`, 'The application routing add-on is off.', {
      addon: 'appRouting',
    });
  }
  if (cluster.addons.istio && cluster.addons.openServiceMesh) {
    yield violation('ServiceMeshTwice', `${path}.addons.openServiceMesh`, 'Istio and Open Service Mesh are both on.');
  }
}

/** How a cluster is reached and reaches out: API server, outbound type, identity, ingress. */
export function* clusterAccessConstraints(context: ConstraintContext): Iterable<Violation> {
  for (const planned of plannedClusters(context)) {
    yield* outboundFaults(context, planned);
    yield* apiServerFaults(context, planned);
    yield* identityFaults(planned);
    yield* ingressFaults(planned);
  }
}
