import { parseArmId } from '../arm-id.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';
import type { ConstraintContext, PlannedNetwork } from './context.ts';

interface Place {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

/** Subscription and resource group of a network: its own id's, else those of its part of the spec. */
function placeOf(context: ConstraintContext, network: PlannedNetwork): Place {
  const { hub } = context.spec;
  const { spoke } = network;
  if (network.network.id !== undefined) return parseArmId(network.network.id);
  const group = spoke?.resourceGroup ?? hub.resourceGroup;
  const fromId = group.id === undefined ? undefined : parseArmId(group.id);
  const own = spoke === undefined ? hub.subscriptionId : spoke.subscriptionId;
  const subscriptionId =
    own ?? (spoke?.resourceGroup === undefined ? undefined : fromId?.subscriptionId) ?? hub.subscriptionId;
  return { subscriptionId, resourceGroup: group.name ?? fromId?.resourceGroup ?? '' };
}

function differs(a: string, b: string): boolean {
  return a.toLowerCase() !== b.toLowerCase();
}

function* networkFaults(context: ConstraintContext, network: PlannedNetwork): Iterable<Violation> {
  const { spec } = context;
  const part = network.spoke ?? spec.hub;
  const group = part.resourceGroup?.id;
  if (
    group !== undefined &&
    part.subscriptionId !== undefined &&
    differs(parseArmId(group).subscriptionId, part.subscriptionId)
  ) {
    const message = `The resource group of ${network.label} is in another subscription than the one that is named.`;
    yield violation('AdoptedSubscription', `${network.path}.resourceGroup.id`, message, {
      subscriptionId: part.subscriptionId,
    });
  }
  const { id, name } = network.network;
  if (id !== undefined && name !== undefined && differs(parseArmId(id).name, name)) {
    yield violation(
      'NameContradiction',
      `${network.path}.network.name`,
      `${name} is not the name in the id of the network.`,
    );
  }
  const declared = placeOf({ ...context }, { ...network, network: { ...network.network, id: undefined } });
  if (id !== undefined && differs(parseArmId(id).subscriptionId, declared.subscriptionId)) {
    const message = `The network of ${network.label} is in another subscription than its own part of the spec.`;
    yield violation('AdoptedSubscription', `${network.path}.network.id`, message, {
      subscriptionId: declared.subscriptionId,
    });
  }
  if (id !== undefined) {
    for (const { given, name: subnet, path } of network.subnets) {
      if (given.addressPrefix !== undefined) continue;
      const message = `${subnet} is planned in an existing network, whose other subnets are not known here.`;
      yield violation('PlannedInAdoptedNetwork', path, message);
    }
  }
  const { subscriptionId } = placeOf(context, network);
  for (const { spec: subnet, path } of network.subnets) {
    for (const [given, at] of [
      [subnet?.routeTableId, `${path}.routeTableId`],
      [subnet?.networkSecurityGroup?.id, `${path}.networkSecurityGroup.id`],
    ] as const) {
      if (given === undefined || !differs(parseArmId(given).subscriptionId, subscriptionId)) continue;
      const message = `${parseArmId(given).name} is in another subscription than the network that would use it.`;
      yield violation('AdoptedSubscription', at, message, { subscriptionId });
    }
  }
}

function* firewallFaults(context: ConstraintContext): Iterable<Violation> {
  const { hub } = context.spec;
  const [network] = context.networks;
  if (hub.firewall === undefined || network === undefined) return;
  const place = placeOf(context, { ...network, network: { ...network.network, id: undefined } });
  const ids = [
    [hub.network.id, 'hub.network.id'] as const,
    ...hub.firewall.publicIps.ids.map((id, index) => [id, `hub.firewall.publicIps.ids[${index}]`] as const),
  ];
  for (const [id, path] of ids) {
    if (id === undefined) continue;
    const found = parseArmId(id);
    if (!differs(found.resourceGroup, place.resourceGroup) && !differs(found.subscriptionId, place.subscriptionId))
      continue;
    if (path === 'hub.network.id' && differs(found.subscriptionId, place.subscriptionId)) continue;
    const message = `${found.name} is not in resource group ${place.resourceGroup}, where the firewall is.`;
    yield violation('FirewallResourceGroup', path, message, { resourceGroup: place.resourceGroup });
  }
}

/** Existing resources: given once, named consistently, in the place where Azure needs them. */
export function* adoptionConstraints(context: ConstraintContext): Iterable<Violation> {
  const { spec, networks } = context;
  for (const network of networks) yield* networkFaults(context, network);
  yield* firewallFaults(context);

  const adopted = networks.filter(({ network }) => network.id !== undefined);
  for (const { index } of repeatsOf(adopted.map(({ network }) => network.id ?? ''))) {
    yield violation('AdoptedTwice', `${adopted[index]?.path}.network.id`, 'The same existing network is given twice.');
  }
  const { firewall } = spec.hub;
  const named: (readonly [string | undefined, string | undefined, string])[] = [
    [firewall?.policy.id, firewall?.policy.name, 'hub.firewall.policy.name'],
    [spec.observability.workspace.id, spec.observability.workspace.name, 'observability.workspace.name'],
  ];
  for (const [id, name, path] of named) {
    if (id === undefined || name === undefined || !differs(parseArmId(id).name, name)) continue;
    yield violation('NameContradiction', path, `${name} is not the name in the id of the existing resource.`);
  }
  if (
    firewall?.policy.basePolicyId !== undefined &&
    firewall.policy.id !== undefined &&
    !differs(firewall.policy.basePolicyId, firewall.policy.id)
  ) {
    yield violation(
      'PolicyInheritsItself',
      'hub.firewall.policy.basePolicyId',
      'A firewall policy cannot inherit from itself.',
    );
  }
}
