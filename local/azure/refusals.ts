import { type ArmError, networkError } from './arm-error.ts';
import type { ArmRequest } from './arm-request.ts';
import { namespaceOf } from './catalogue.ts';
import { fullUrl } from './request-reading.ts';
import type { Reference, ResourceId, ResourceType, StoredResource } from './resource-type.ts';
import { TENANT_ID } from './token-issuer.ts';

/** 401, with the challenge that tells where to get a token. */
export function unauthenticated(code: string, message: string): ArmError {
  const challenge =
    `Bearer authorization_uri="https://login.microsoftonline.com/${TENANT_ID}", error="invalid_token", ` +
    `error_description="${message.replaceAll('"', "'")}"`;
  return { status: 401, code, message, headers: { 'WWW-Authenticate': challenge } };
}

/** 405: the type lacks the method. */
export function methodNotAllowed(method: string): ArmError {
  return {
    status: 405,
    code: 'HttpMethodNotSupported',
    message: `The HTTP method '${method}' is not supported at this URL path.`,
  };
}

/** 404: no resource, provider or list has this path. */
export function nothingHere(request: ArmRequest): ArmError {
  return {
    status: 404,
    code: 'NotFound',
    message: `No HTTP resource was found that matches the request URI '${fullUrl(request)}'.`,
  };
}

/** 404: Azure has no such provider. */
export function invalidNamespace(namespace: string): ArmError {
  return {
    status: 404,
    code: 'InvalidResourceNamespace',
    message: `The resource namespace '${namespace}' is invalid.`,
  };
}

/** 409: the subscription does not use the provider yet. */
export function notRegistered(namespace: string): ArmError {
  return {
    status: 409,
    code: 'MissingSubscriptionRegistration',
    message:
      `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to ` +
      'register subscriptions.',
  };
}

/** 409: the subscription takes no writes. */
export function disabled(subscription: string): ArmError {
  return {
    status: 409,
    code: 'ReadOnlyDisabledSubscription',
    message:
      `The subscription '${subscription}' is disabled and therefore marked as read only. You cannot perform any write ` +
      'actions on this subscription until it is re-enabled.',
  };
}

/** 409: the group is going. */
export function beingDeleted(group: string): ArmError {
  return {
    status: 409,
    code: 'ResourceGroupBeingDeleted',
    message: `The resource group '${group}' is in deprovisioning state and cannot perform this operation.`,
  };
}

/** 404 of a resource group. */
export function groupNotFound(name: string): ArmError {
  return { status: 404, code: 'ResourceGroupNotFound', message: `Resource group '${name}' could not be found.` };
}

/** 404 of a resource that is nobody’s child. */
export function resourceNotFound(
  type: string,
  id: { readonly name: string; readonly resourceGroup?: string | undefined },
): ArmError {
  const where = id.resourceGroup === undefined ? '' : ` under resource group '${id.resourceGroup}'`;
  return {
    status: 404,
    code: 'ResourceNotFound',
    message:
      `The Resource '${type}/${id.name}'${where} was not found. For more details please go to ` +
      'https://aka.ms/ARMResourceNotFoundFix',
  };
}

/** 409 of Microsoft.Network: an operation is in the way. */
export function anotherOperation(url: string): ArmError {
  return networkError(
    409,
    'AnotherOperationInProgress',
    'Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: ' +
      `${url}.`,
  );
}

/** What a write meets whose reference is not Succeeded: 429, or 400 where the reference says so. */
export function notProvisioned(reference: Reference, target: StoredResource): ArmError {
  const message =
    `Cannot proceed with operation because resource ${target.id.id} used by resource ${reference.by} is not in ` +
    `Succeeded state. Resource is in ${target.provisioningState} state and the last operation that updated/is updating ` +
    `the resource is ${target.lastOperation ?? 'unknown'}.`;
  if (reference.whenNotSucceeded === 'not-provisioned') {
    return networkError(400, 'ReferencedResourceNotProvisioned', message);
  }
  const error = networkError(429, 'RetryableError', 'A retryable error occured.', [
    { code: 'ReferencedResourceNotProvisioned', message },
  ]);
  return { ...error, headers: { 'Retry-After': '10' } };
}

/** 409: what exists does not move. */
export function elsewhere(id: ResourceId, location: string, wanted: string): ArmError {
  if (id.type === 'Microsoft.Resources/resourceGroups') {
    return {
      status: 409,
      code: 'InvalidResourceGroupLocation',
      message: `Invalid resource group location '${wanted}'. The Resource group already exists in location '${location}'.`,
    };
  }
  return {
    status: 409,
    code: 'InvalidResourceLocation',
    message:
      `The resource '${id.name}' already exists in location '${location}' in resource group '${id.resourceGroup ?? ''}'. ` +
      `A resource with the same name cannot be created in location '${wanted}'. Please select a new resource name.`,
  };
}

/** The reader's complaint, as the provider words it. */
export function unreadable(type: ResourceType, complaint: string): ArmError {
  if (namespaceOf(type.type) === 'Microsoft.Network') {
    return networkError(400, 'InvalidRequestFormat', 'Cannot parse the request.', [
      { code: 'InvalidJson', message: complaint },
    ]);
  }
  return {
    status: 400,
    code: 'InvalidRequestContent',
    message: `The request content was invalid and could not be deserialized: '${complaint}'.`,
  };
}

/** 400: no GUID. */
export function invalidSubscription(subscription: string): ArmError {
  return {
    status: 400,
    code: 'InvalidSubscriptionId',
    message: `The provided subscription identifier '${subscription}' is malformed or invalid.`,
  };
}

/** 404 of a subscription. */
export function subscriptionNotFound(subscription: string): ArmError {
  return {
    status: 404,
    code: 'SubscriptionNotFound',
    message: `The subscription '${subscription}' could not be found.`,
  };
}

/** 400: no api-version. */
export function missingApiVersion(): ArmError {
  return {
    status: 400,
    code: 'MissingApiVersionParameter',
    message: 'The api-version query parameter (?api-version=) is required for all requests.',
  };
}

/** 429 of ARM, with Retry-After. */
export function throttled(kind: string, scope: string, objectId: string, retryAfterSeconds: number): ArmError {
  return {
    status: 429,
    code: 'SubscriptionRequestsThrottled',
    message:
      `Number of '${kind}' requests for subscription '${scope}' actor '${objectId}' exceeded. Please try again after ` +
      `'${retryAfterSeconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for ` +
      'additional information.',
    headers: { 'Retry-After': String(retryAfterSeconds) },
  };
}
