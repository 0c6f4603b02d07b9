import { BUILT_IN_ROLES } from './authorization.ts';
import { type Catalogue, locationsOf, methodsOf, namespaceOf, REGIONS } from './catalogue.ts';
import type { Json } from './json.ts';
import { BUILT_IN_POLICIES } from './policy.ts';
import type { SubscriptionSetting } from './simulation-settings.ts';
import { TENANT_ID } from './token-issuer.ts';

/** Providers that exist in Azure and whose resources are not simulated; they can be asked whether they are registered. */
const OTHER_NAMESPACES: readonly string[] = [
  'Microsoft.ApiManagement',
  'Microsoft.Cdn',
  'Microsoft.Compute',
  'Microsoft.ContainerRegistry',
  'Microsoft.ContainerService',
  'Microsoft.EventGrid',
  'Microsoft.Features',
  'Microsoft.Insights',
  'Microsoft.KeyVault',
  'Microsoft.ManagedIdentity',
  'Microsoft.Network',
  'Microsoft.OperationalInsights',
  'Microsoft.Storage',
  'Microsoft.Web',
];

export function presentSubscription(id: string, setting: SubscriptionSetting): Json {
  return {
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: id,
    tenantId: TENANT_ID,
    displayName: setting.displayName ?? `Simulated subscription ${id.slice(-4)}`,
    state: setting.state ?? 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Internal_2014-09-01',
      quotaId: 'Internal_2014-09-01',
      spendingLimit: 'Off',
    },
  };
}

export function presentLocations(subscription: string): Json {
  return {
    value: REGIONS.map((name) => ({
      id: `/subscriptions/${subscription}/locations/${name}`,
      name,
      type: 'Region',
      displayName: name,
      regionalDisplayName: name,
    })),
  };
}

/** Every namespace that a subscription can be asked for. */
export function knownNamespaces(catalogue: Catalogue): readonly string[] {
  return [...new Set([...catalogue.namespaces(), ...OTHER_NAMESPACES])].sort();
}

export function isRegistered(setting: SubscriptionSetting, namespace: string): boolean {
  return !(setting.unregistered ?? []).some((one) => one.toLowerCase() === namespace.toLowerCase());
}

export function presentProvider(
  subscription: string,
  setting: SubscriptionSetting,
  namespace: string,
  catalogue: Catalogue,
): Json {
  const types = catalogue.types().filter(({ type }) => namespaceOf(type) === namespace);
  return {
    id: `/subscriptions/${subscription}/providers/${namespace}`,
    namespace,
    registrationPolicy: 'RegistrationRequired',
    registrationState: isRegistered(setting, namespace) ? 'Registered' : 'NotRegistered',
    resourceTypes: types.map((type) => ({
      resourceType: type.type.slice(namespace.length + 1),
      locations: [...locationsOf(type)],
      apiVersions: [...type.apiVersions].reverse(),
      capabilities: methodsOf(type).includes('PATCH') ? 'SupportsTags, SupportsLocation' : 'None',
    })),
  };
}

/** Roles and policies that Microsoft built in; undefined for a name that is none. */
export function presentBuiltIn(type: string, name: string | undefined): Json | undefined {
  const all = builtIns(type);
  if (all === undefined) return undefined;
  if (name === undefined) return { value: all.map(({ body }) => body) };
  return all.find((one) => one.name === name.toLowerCase())?.body;
}

function builtIns(type: string): readonly { readonly name: string; readonly body: Json }[] | undefined {
  switch (type.toLowerCase()) {
    case 'microsoft.authorization/roledefinitions':
      return BUILT_IN_ROLES.map(({ name: roleName, id, permission }) => ({
        name: id,
        body: {
          id: `/providers/Microsoft.Authorization/roleDefinitions/${id}`,
          name: id,
          type: 'Microsoft.Authorization/roleDefinitions',
          properties: {
            roleName,
            type: 'BuiltInRole',
            description: '',
            assignableScopes: ['/'],
            permissions: [
              {
                actions: [...permission.actions],
                notActions: [...permission.notActions],
                dataActions: [],
                notDataActions: [],
              },
            ],
          },
        },
      }));
    case 'microsoft.authorization/policydefinitions':
      return BUILT_IN_POLICIES.map(({ name, displayName, parameter }) => ({
        name,
        body: {
          id: `/providers/Microsoft.Authorization/policyDefinitions/${name}`,
          name,
          type: 'Microsoft.Authorization/policyDefinitions',
          properties: {
            displayName,
            policyType: 'BuiltIn',
            mode: 'Indexed',
            parameters: { [parameter]: { type: 'Array' } },
          },
        },
      }));
    default:
      return undefined;
  }
}
