import type { JsonObject } from '../json.ts';
import type { ResourceLock, ResourceType, StoredResource, World } from '../resource-type.ts';
import { validateBastionRules } from './support/bastion-rules.ts';
import {
  type ChildDraft,
  childEffects,
  draftsIn,
  inlineChild,
  propertiesOf,
  storedDrafts,
  withDraft,
  withoutDraft,
} from './support/children.ts';
import { objectAt, textAt, without } from './support/fields.ts';
import { guidOf, kindOf } from './support/ids.ts';
import { durations, NETWORK_API_VERSIONS, networkStyle, SMALL_RESOURCE } from './support/network.ts';
import { firstError, firstOf, refuse } from './support/network-errors.ts';
import { isSubnetNamed, networkOf, usersOf } from './support/references.ts';
import { presentRule, validateSecurityRules } from './support/security-rules.ts';

const SECURITY_RULES = 'Microsoft.Network/networkSecurityGroups/securityRules';

/** Network security groups: `securityRules` inline is the whole list; left out, it empties the group. */
export const networkSecurityGroups: ResourceType = {
  type: 'Microsoft.Network/networkSecurityGroups',
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: true,
  etag: 'family',
  validate(write, world) {
    const drafts = draftsIn(write.body, 'securityRules') ?? [];
    return firstError(
      () => validateSecurityRules(write.id.id, drafts),
      () => validateUses(write.id.id, drafts, world),
    );
  },
  store(write, world) {
    const drafts = draftsIn(write.body, 'securityRules') ?? [];
    const guid = textAt(write.existing?.body, 'properties', 'resourceGuid') ?? guidOf(write.id.key, world.nowMs);
    const properties = without(
      propertiesOf(write.body),
      'securityRules',
      'defaultSecurityRules',
      'subnets',
      'networkInterfaces',
      'flowLogs',
    );
    return {
      body: { properties: { ...properties, resourceGuid: guid } },
      also: childEffects(write.id.id, SECURITY_RULES, drafts, world, ({ properties: rule }) => ({ properties: rule })),
    };
  },
  present(resource, world) {
    const properties = objectAt(resource.body, 'properties');
    const users = usersOf(resource.id.id, world);
    const rules = world
      .children(resource.id.id, SECURITY_RULES)
      .map((rule) => inlineChild(rule, presentRule(objectAt(rule.body, 'properties'))));
    return {
      properties: {
        ...properties,
        securityRules: rules,
        defaultSecurityRules: defaultRules(resource),
        ...backReferences('subnets', subnetUsers(resource.id.id, world)),
        ...backReferences(
          'networkInterfaces',
          users.filter((id) => kindOf(id) === 'networkinterfaces'),
        ),
      },
    };
  },
  locks: (target, world) => groupLocks(target.id.id, world),
  durationSeconds: durations(SMALL_RESOURCE),
  asyncStyle: networkStyle,
  canDelete(resource, world) {
    const users = usersOf(resource.id.id, world);
    if (users.length === 0) return null;
    return refuse(
      'InUseNetworkSecurityGroupCannotBeDeleted',
      `Network security group ${resource.id.id} cannot be deleted because it is in use by the following resources: ` +
        `${users.join(', ')}. In order to delete the Network security group, remove the association with the resource(s). ` +
        'To learn how to do this, see aka.ms/deletensg.',
    );
  },
  quota: {
    name: 'NetworkSecurityGroups',
    localizedName: 'Network Security Groups',
    limit: 5000,
    error: (limit) =>
      refuse(
        'NetworkSecurityGroupCountLimitReached',
        `Cannot create more than ${limit} network security groups for this subscription in this region.`,
      ),
  },
};

/** Rules of a network security group as resources of their own. */
export const securityRules: ResourceType = {
  type: SECURITY_RULES,
  apiVersions: NETWORK_API_VERSIONS,
  scope: 'resourceGroup',
  tracked: false,
  etag: 'family',
  validate(write, world) {
    const group = write.id.parentId ?? '';
    const draft: ChildDraft = { name: write.id.name, properties: propertiesOf(write.body) };
    const drafts = withDraft(storedDrafts(group, SECURITY_RULES, world), draft);
    return firstError(
      () => validateSecurityRules(group, drafts),
      () => validateUses(group, drafts, world),
    );
  },
  store: (write) => ({ body: { properties: propertiesOf(write.body) } }),
  present: (resource) => ({ properties: presentRule(objectAt(resource.body, 'properties')) }),
  locks: (target, world) => [{ id: target.id.id, mode: 'exclusive' }, ...groupLocks(target.id.parentId ?? '', world)],
  durationSeconds: durations({ create: [2, 6], update: [2, 6], delete: [0, 0] }),
  asyncStyle: (kind) => (kind === 'delete' ? 'synchronous' : networkStyle(kind)),
  canDelete(resource, world) {
    const group = resource.id.parentId ?? '';
    const left = withoutDraft(storedDrafts(group, SECURITY_RULES, world), resource.id.name);
    return validateUses(group, left, world);
  },
};

/** Subnets that have the group, in order of their creation. */
function subnetUsers(groupId: string, world: World): readonly string[] {
  return usersOf(groupId, world).filter((id) => kindOf(id) === 'subnets');
}

/** A group on AzureBastionSubnet must keep the rules that Bastion needs. */
function validateUses(groupId: string, rules: readonly ChildDraft[], world: World) {
  const onBastion = subnetUsers(groupId, world).filter((id) => isSubnetNamed(id, 'AzureBastionSubnet'));
  return firstOf(onBastion, () => validateBastionRules(groupId.slice(groupId.lastIndexOf('/') + 1), rules));
}

/** The group alone, and the networks of its subnets against whoever writes those. */
function groupLocks(groupId: string, world: World): readonly ResourceLock[] {
  const networks = new Set(subnetUsers(groupId, world).map(networkOf));
  return [{ id: groupId, mode: 'exclusive' }, ...[...networks].map((id): ResourceLock => ({ id, mode: 'shared' }))];
}

function backReferences(name: string, ids: readonly string[]): JsonObject {
  return ids.length === 0 ? {} : { [name]: ids.map((id) => ({ id })) };
}

interface DefaultRule {
  readonly name: string;
  readonly description: string;
  readonly priority: number;
  readonly access: 'Allow' | 'Deny';
  readonly direction: 'Inbound' | 'Outbound';
  readonly source: string;
  readonly destination: string;
}

const DEFAULT_RULES: readonly DefaultRule[] = [
  {
    name: 'AllowVnetInBound',
    description: 'Allow inbound traffic from all VMs in VNET',
    priority: 65_000,
    access: 'Allow',
    direction: 'Inbound',
    source: 'VirtualNetwork',
    destination: 'VirtualNetwork',
  },
  {
    name: 'AllowAzureLoadBalancerInBound',
    description: 'Allow inbound traffic from azure load balancer',
    priority: 65_001,
    access: 'Allow',
    direction: 'Inbound',
    source: 'AzureLoadBalancer',
    destination: '*',
  },
  {
    name: 'DenyAllInBound',
    description: 'Deny all inbound traffic',
    priority: 65_500,
    access: 'Deny',
    direction: 'Inbound',
    source: '*',
    destination: '*',
  },
  {
    name: 'AllowVnetOutBound',
    description: 'Allow outbound traffic from all VMs to all VMs in VNET',
    priority: 65_000,
    access: 'Allow',
    direction: 'Outbound',
    source: 'VirtualNetwork',
    destination: 'VirtualNetwork',
  },
  {
    name: 'AllowInternetOutBound',
    description: 'Allow outbound traffic from all VMs to Internet',
    priority: 65_001,
    access: 'Allow',
    direction: 'Outbound',
    source: '*',
    destination: 'Internet',
  },
  {
    name: 'DenyAllOutBound',
    description: 'Deny all outbound traffic',
    priority: 65_500,
    access: 'Deny',
    direction: 'Outbound',
    source: '*',
    destination: '*',
  },
];

function defaultRules(group: StoredResource): readonly JsonObject[] {
  return DEFAULT_RULES.map((rule) => ({
    name: rule.name,
    id: `${group.id.id}/defaultSecurityRules/${rule.name}`,
    etag: group.etag,
    type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
    properties: presentRule({
      provisioningState: 'Succeeded',
      description: rule.description,
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: rule.source,
      destinationAddressPrefix: rule.destination,
      access: rule.access,
      priority: rule.priority,
      direction: rule.direction,
    }),
  }));
}
