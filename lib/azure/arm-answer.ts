import { isJsonObject, type Json } from '../json.ts';
import { type Actor, type Problem, ProblemError } from '../problem.ts';
import type { ArmResponse } from './arm.ts';
import type { ArmListError, ArmUnreachableError } from './arm-errors.ts';

/**
 * What a refusal means for the write that met it.
 * `wait`: the same write may pass later. `reread`: somebody was faster, read again and decide anew.
 * `stop`: it will not pass until somebody acts.
 */
export type Disposition = 'wait' | 'reread' | 'stop';

export interface ArmRefusal {
  readonly disposition: Disposition;
  readonly problem: Problem;
  /** How long Azure asked to wait; absent: not said. */
  readonly retryAfterSeconds?: number;
  /** An accepted operation ended badly: the resource is there and broken, and each try takes the operation's time. */
  readonly failedOperation?: true;
  /** Who has to do what once Hubkeeper has stopped trying; absent: what the problem says. */
  readonly givenUp?: GivenUp;
}

export interface GivenUp {
  readonly actor: Actor;
  readonly remedy: string;
}

/** A refused read, thrown. */
export class ArmRefusalError extends ProblemError {
  readonly refusal: ArmRefusal;

  constructor(refusal: ArmRefusal) {
    super(refusal.problem);
    this.name = 'ArmRefusalError';
    this.refusal = refusal;
  }
}

interface Rule {
  readonly disposition: Disposition;
  readonly actor: Actor;
  readonly remedy: string;
  readonly givenUp?: GivenUp;
}

const whenAzureIsWell: GivenUp = {
  actor: 'azure-temporary',
  remedy: "Look at Azure status and the resource's activity log; reconcile the baseline when that is over.",
};
const waitForOther: Rule = {
  disposition: 'wait',
  actor: 'azure-temporary',
  remedy: 'Let the other operation on this resource end, or find out who started it; Hubkeeper tries again by itself.',
  givenUp: {
    actor: 'operator',
    remedy: "Find out in the resource's activity log who keeps it busy and let that end, then reconcile the baseline.",
  },
};
const busy: Rule = {
  disposition: 'wait',
  actor: 'azure-temporary',
  remedy: 'Hubkeeper tries again by itself; look at Azure status if it lasts.',
  givenUp: whenAzureIsWell,
};
/** A failed operation leaves its resource in state Failed; writing the same body again is what clears that. */
const writeAgain: Rule = {
  disposition: 'wait',
  actor: 'azure-temporary',
  remedy: "Hubkeeper writes it again by itself; look at the resource's activity log in Azure if it lasts.",
  givenUp: whenAzureIsWell,
};
const grant: Rule = {
  disposition: 'wait',
  actor: 'operator',
  remedy: "Grant the app's managed identity the action named in the message at that scope (infra/ has the role).",
};
const conflictInUse: Rule = {
  disposition: 'stop',
  actor: 'operator',
  remedy: 'Remove what uses the resource, or keep it in the spec.',
};

const MANAGEMENT_LOCK_CODE = 'ScopeLocked';

/**
 * ARM error codes that need more than their HTTP status says. Lock and conflict codes are of Microsoft's resource
 * providers; that 403 right after a grant may pass later is documented (a grant takes up to 10 minutes).
 */
const rules: Readonly<Record<string, Rule>> = {
  AnotherOperationInProgress: waitForOther,
  RetryableErrorDueToAnotherOperation: waitForOther,
  RetryableError: busy,
  ReferencedResourceNotProvisioned: waitForOther,
  CanceledAndSupersededDueToAnotherOperation: { ...waitForOther, disposition: 'reread' },
  Canceled: { ...waitForOther, disposition: 'reread' },
  RemotePeeringIsDisconnected: {
    disposition: 'stop',
    actor: 'operator',
    remedy:
      'Reconcile: Hubkeeper replaces a disconnected side that it made. A side that somebody else made is theirs to delete.',
  },
  FirewallPolicyUpdateFailed: waitForOther,
  IpGroupsUpdateFailed: waitForOther,
  AuthorizationFailed: grant,
  LinkedAuthorizationFailed: grant,
  ExpiredAuthenticationToken: busy,
  AuthenticationFailed: {
    disposition: 'stop',
    actor: 'operator',
    remedy: "Check that the app's managed identity exists in the tenant of the subscription and is enabled.",
  },
  InvalidAuthenticationToken: {
    disposition: 'stop',
    actor: 'operator',
    remedy: "Check HUBKEEPER_ARM_TOKEN_SCOPE and that the app's managed identity is of the subscription's tenant.",
  },
  [MANAGEMENT_LOCK_CODE]: {
    disposition: 'stop',
    actor: 'operator',
    remedy: 'Remove the management lock, or leave the resource as it is: locks win.',
  },
  RequestDisallowedByPolicy: {
    disposition: 'stop',
    actor: 'operator',
    remedy: 'Change the spec to what the policy allows, or ask its owner for an exemption.',
  },
  MissingSubscriptionRegistration: {
    disposition: 'stop',
    actor: 'operator',
    remedy: 'Register the resource provider in the subscription (az provider register).',
  },
  SubscriptionNotFound: {
    disposition: 'stop',
    actor: 'caller',
    remedy: "Correct the subscription in the spec, or give the app's identity a role in it.",
  },
  ResourceGroupBeingDeleted: {
    disposition: 'wait',
    actor: 'azure-temporary',
    remedy: 'Let the deletion of the resource group end; Hubkeeper tries again by itself.',
  },
  InUseSubnetCannotBeDeleted: conflictInUse,
  PublicIPAddressCannotBeDeleted: conflictInUse,
  InUseNetworkSecurityGroupCannotBeDeleted: conflictInUse,
  InUseRouteTableCannotBeDeleted: conflictInUse,
  InUseNatGatewayCannotBeDeleted: conflictInUse,
  InUsePublicIpPrefixCannotBeDeleted: conflictInUse,
  IpGroupsHasResourceReferences: conflictInUse,
  CannotDeleteResource: conflictInUse,
};

const quotaRule: Rule = {
  disposition: 'stop',
  actor: 'operator',
  remedy: 'Ask Microsoft for a higher quota in this region, or ask for less in the spec.',
};

/** What an operation fails with for as long as the spec or the region stays as it is. */
const LASTING_FAILURE = /^(Invalid|BadRequest)|(NotAllowed|NotSupported|NotAvailable\w*|AllocationFailed)$/;

function ruleOf(code: string, status: number): Rule {
  const named = rules[code];
  if (named !== undefined) return named;
  if (/(CountLimitReached|LimitExceeded|QuotaExceeded)$/.test(code)) return quotaRule;
  if (status === 200 && !LASTING_FAILURE.test(code)) return writeAgain;
  if (status === 429 || status === 408 || status >= 500) return busy;
  if (status === 412)
    return {
      disposition: 'reread',
      actor: 'azure-temporary',
      remedy: 'Hubkeeper reads the resource again and decides anew.',
      givenUp: {
        actor: 'operator',
        remedy: 'Find out who keeps writing to the resource and let that end, then reconcile the baseline.',
      },
    };
  if (status === 409) return waitForOther;
  if (status === 401) return rules.AuthenticationFailed ?? busy;
  if (status === 403) return grant;
  return {
    disposition: 'stop',
    actor: 'azure-permanent',
    remedy: 'Correct what the message names in the spec or in Azure, then reconcile the baseline.',
  };
}

/** The error of an ARM body: `{error: {code, message, details}}`, or flat as AKS and Insights answer. */
export function armErrorOf(body: Json | undefined): {
  readonly code: string;
  readonly message: string;
  readonly details: readonly string[];
} {
  const outer = isJsonObject(body) ? body : {};
  const error = isJsonObject(outer.error) ? outer.error : outer;
  const details = Array.isArray(error.details)
    ? error.details.filter(isJsonObject).map((detail) => String(detail.code ?? ''))
    : [];
  return { code: String(error.code ?? ''), message: String(error.message ?? ''), details };
}

/**
 * Reads a refusal: any answer with an error, be it of a call (`status` as answered) or of an operation that ended
 * Failed or Canceled (`status` 200, the operation's error in the body).
 */
export function readRefusal(response: ArmResponse, resource: string): ArmRefusal {
  const { code, message, details } = armErrorOf(response.body);
  // An outer code that says only "retryable" or "canceled" has its reason in the details.
  const telling = details.find(
    (detail) => rules[detail] !== undefined && (rules[code] === undefined || code === 'Canceled'),
  );
  const effective = telling ?? code;
  const rule = ruleOf(effective, response.status);
  const retryAfterSeconds = retryAfterSecondsOf(response.headers);
  return {
    disposition: rule.disposition,
    problem: {
      code: effective === '' ? `Http${response.status}` : shortened(effective, LONGEST_CODE),
      actor: rule.actor,
      message: message === '' ? `Azure answered HTTP ${response.status}.` : shortened(message),
      remedy: rule.remedy,
      resource,
    },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(response.status === 200 ? { failedOperation: true } : {}),
    ...(rule.givenUp === undefined ? {} : { givenUp: rule.givenUp }),
  };
}

/** Azure refused the write since a management lock is on the resource or on what it is in. */
export function isManagementLock({ problem }: ArmRefusal): boolean {
  return problem.code === MANAGEMENT_LOCK_CODE;
}

/** Codes of a 404 that is not about the resource: nobody sees its subscription, or ARM does not know its type. */
const NOT_ABOUT_THE_RESOURCE: readonly string[] = ['SubscriptionNotFound', 'InvalidResourceType'];

/** Whether an answer to a GET says that the resource is not there. */
export function saysAbsent({ status, body }: Pick<ArmResponse, 'status' | 'body'>): boolean {
  return status === 404 && !NOT_ABOUT_THE_RESOURCE.includes(armErrorOf(body).code);
}

/** Reads the refusal of a list. That it is not found, although what it belongs to is there, passes like any disturbance. */
export function readListRefusal({ response, target }: ArmListError): ArmRefusal {
  const refusal = readRefusal(response, target);
  if (!saysAbsent(response)) return refusal;
  return {
    ...refusal,
    disposition: 'wait',
    problem: { ...refusal.problem, actor: 'azure-temporary', remedy: busy.remedy },
    givenUp: {
      actor: 'operator',
      remedy: "Check that the app's identity may read there, then reconcile the baseline.",
    },
  };
}

/** What it means that ARM gave no answer: the call may or may not have done its work. `doing`: what was under way. */
export function refusalOfUnreachable(error: ArmUnreachableError, doing: string, resource?: string): ArmRefusal {
  return {
    disposition: 'wait',
    problem: {
      code: 'AzureUnreachable',
      actor: 'azure-temporary',
      message: `Azure Resource Manager gave no answer while ${doing} (${shortened(error.message)}).`,
      remedy: 'Hubkeeper tries again by itself; check the network of the app if it lasts.',
      ...(resource === undefined ? {} : { resource }),
    },
    givenUp: { actor: 'operator', remedy: 'Check the network of the app, then reconcile the baseline.' },
  };
}

/**
 * Most characters of a message that travels with an outcome: whole validation reports come as one, and everything that
 * activities exchange in one turn has to fit into 64 KB.
 */
const LONGEST_MESSAGE = 400;
const LONGEST_CODE = 100;

/** One line of at most 400 characters: control characters and runs of blanks become one blank. */
export function shortened(message: string, longest = LONGEST_MESSAGE): string {
  const line = message.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** `Retry-After` in seconds, rounded up, between 0 and an hour; absent or unreadable: undefined. */
export function retryAfterSecondsOf(headers: Readonly<Record<string, string>>): number | undefined {
  const seconds = Number(headers['retry-after']);
  if (headers['retry-after'] === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(3_600, Math.ceil(seconds));
}
