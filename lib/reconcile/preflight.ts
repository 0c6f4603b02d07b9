import type { Arm, ArmResponse } from '../azure/arm.ts';
import { ArmRefusalError, readRefusal } from '../azure/arm-answer.ts';
import { ArmListError } from '../azure/arm-errors.ts';
import { parseResourceId } from '../azure/resource-id.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { isJsonObject, type Json } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Change } from '../plan/plan.ts';
import { isAtOrIn } from '../plan/scope.ts';
import type { Problem } from '../problem.ts';
import type { MadePlan } from './make-plan.ts';
import { takenRefusals } from './make-plan.ts';
import {
  allowListProblems,
  idsOf,
  type Permission,
  type PolicyAssignment,
  permissionProblems,
  policyProblems,
  quotaProblems,
  type Unfit,
  type WantedWrite,
} from './preflight-rules.ts';

const SUBSCRIPTIONS_API_VERSION = '2022-12-01';
const RESOURCES_API_VERSION = '2025-04-01';
const PERMISSIONS_API_VERSION = '2022-04-01';
const POLICY_API_VERSION = '2025-03-01';

/**
 * What would make a run fail later, found before its first write: subscriptions, provider registration, permissions
 * in groups that exist, quotas, known policy denials, names taken, scopes not allowed; each with the changes it is about. Reads only; the calls grow
 * with subscriptions, regions and resource groups, not with resources.
 * @throws ArmUnreachableError when ARM does not answer; ArmRefusalError when it refuses for a while.
 */
export async function preflight(
  dependencies: Dependencies,
  made: MadePlan,
  changes: readonly Change[],
): Promise<readonly Unfit[]> {
  const writes = changes.map((change) => wantedWriteOf(change, made));
  const problems: Unfit[] = [];
  for (const { id, code } of takenRefusals(made.taken)) {
    problems.push({
      problem: {
        code,
        actor: 'caller',
        message: 'A resource of this name exists already and was not made by Hubkeeper.',
        remedy: 'Adopt it by its id in the spec, or choose another name in nameOverrides.',
        resource: id,
      },
      ids: idsOf(writes).filter((one) => isAtOrIn(one, id)),
    });
  }
  problems.push(...allowListProblems(writes, dependencies.settings.allowedScopes));
  for (const [subscriptionId, inSubscription] of groupBy(writes, (write) => write.subscriptionId.toLowerCase())) {
    const unusable = await subscriptionProblem(dependencies.arm, subscriptionId);
    if (unusable !== undefined) {
      problems.push({ problem: unusable, ids: idsOf(inSubscription) });
      continue;
    }
    problems.push(...(await registrationProblems(dependencies.arm, subscriptionId, inSubscription)));
    problems.push(...policyProblems(inSubscription, await readPolicyAssignments(dependencies.arm, subscriptionId)));
    const creates = inSubscription.filter(
      (write) =>
        write.action === 'create' &&
        write.type.toLowerCase().startsWith('microsoft.network/') &&
        write.location !== undefined &&
        write.location !== 'global',
    );
    for (const [location, inRegion] of groupBy(creates, (write) => write.location ?? '')) {
      problems.push(
        ...quotaProblems(
          inRegion,
          await dependencies.networkUsages(subscriptionId, location),
          subscriptionId,
          location,
        ),
      );
    }
    const inGroups = inSubscription.filter((write) => write.type !== 'Microsoft.Resources/resourceGroups');
    for (const [groupId, inGroup] of groupBy(
      inGroups,
      (write) => `/subscriptions/${subscriptionId}/resourceGroups/${write.resourceGroup}`,
    )) {
      if (!made.observed.get(normaliseId(groupId))) continue;
      problems.push(...permissionProblems(inGroup, await readPermissions(dependencies.arm, groupId), groupId));
    }
  }
  return problems;
}

function wantedWriteOf(change: Change, made: MadePlan): WantedWrite {
  const { subscriptionId, resourceGroup } = parseResourceId(change.id);
  const location = made.nodes.get(normaliseId(change.id))?.body.location;
  return {
    id: change.id,
    action: change.action,
    type: kindOf(change.kind).type,
    subscriptionId,
    resourceGroup: resourceGroup ?? '',
    ...(typeof location === 'string' ? { location } : {}),
  };
}

async function subscriptionProblem(arm: Arm, subscriptionId: string): Promise<Problem | undefined> {
  const resource = `/subscriptions/${subscriptionId}`;
  const response = await arm.send({ method: 'GET', target: resource, apiVersion: SUBSCRIPTIONS_API_VERSION });
  if (response.status !== 200) return lastingProblem(response, resource);
  const state = isJsonObject(response.body) ? String(response.body.state) : '';
  if (state === 'Enabled') return undefined;
  return {
    code: 'SubscriptionNotEnabled',
    actor: 'operator',
    message: `The subscription is in state ${state}; nothing can be written in it.`,
    remedy: 'Enable the subscription, or name another one in the spec.',
    resource,
  };
}

/** @throws ArmRefusalError when it will pass by itself: that says nothing about the run, preflight has to look again. */
function lastingProblem(response: ArmResponse, resource: string): Problem {
  const refusal = readRefusal(response, resource);
  if (refusal.problem.actor === 'azure-temporary') throw new ArmRefusalError(refusal);
  return refusal.problem;
}

async function registrationProblems(
  arm: Arm,
  subscriptionId: string,
  writes: readonly WantedWrite[],
): Promise<readonly Unfit[]> {
  const problems: Unfit[] = [];
  for (const [namespace, ofNamespace] of groupBy(writes, ({ type }) => type.split('/')[0] ?? '')) {
    if (namespace === 'Microsoft.Resources') continue;
    const ids = idsOf(ofNamespace);
    const resource = `/subscriptions/${subscriptionId}/providers/${namespace}`;
    const response = await arm.send({ method: 'GET', target: resource, apiVersion: RESOURCES_API_VERSION });
    if (response.status !== 200) {
      problems.push({ problem: lastingProblem(response, resource), ids });
      continue;
    }
    const state = isJsonObject(response.body) ? String(response.body.registrationState) : '';
    if (state === 'Registered' || state === 'Registering') continue;
    const problem: Problem = {
      code: 'ProviderNotRegistered',
      actor: 'operator',
      message: `The subscription is not registered to use ${namespace}.`,
      remedy: `Register it: az provider register --namespace ${namespace} --subscription ${subscriptionId}`,
      resource: `/subscriptions/${subscriptionId}`,
    };
    problems.push({ problem, ids });
  }
  return problems;
}

/** Lists that the identity may not read are left out: what they would forbid shows when the write is refused. */
async function listIfAllowed(
  arm: Arm,
  path: string,
  apiVersion: string,
): Promise<readonly Readonly<Record<string, Json | undefined>>[]> {
  try {
    return await arm.list(path, apiVersion);
  } catch (error) {
    if (error instanceof ArmListError && isForbidden(error.response)) return [];
    throw error;
  }
}

function isForbidden(response: ArmResponse): boolean {
  return response.status === 403;
}

async function readPermissions(arm: Arm, groupId: string): Promise<readonly Permission[]> {
  const items = await arm.list(
    `${groupId.replace('/resourceGroups/', '/resourcegroups/')}/providers/Microsoft.Authorization/permissions`,
    PERMISSIONS_API_VERSION,
  );
  return items.map((item) => ({ actions: strings(item.actions), notActions: strings(item.notActions) }));
}

async function readPolicyAssignments(arm: Arm, subscriptionId: string): Promise<readonly PolicyAssignment[]> {
  const items = await listIfAllowed(
    arm,
    `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/policyAssignments`,
    POLICY_API_VERSION,
  );
  return items.map((item): PolicyAssignment => {
    const properties = isJsonObject(item.properties) ? item.properties : {};
    const given = isJsonObject(properties.parameters) ? properties.parameters : {};
    return {
      id: String(item.id),
      name: String(properties.displayName ?? item.name),
      definitionId: String(properties.policyDefinitionId),
      enforced:
        properties.enforcementMode === undefined || String(properties.enforcementMode).toLowerCase() === 'default',
      parameters: Object.fromEntries(
        Object.entries(given).map(([name, parameter]) => [
          name,
          isJsonObject(parameter) ? strings(parameter.value) : [],
        ]),
      ),
      notScopes: strings(properties.notScopes),
    };
  });
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((member): member is string => typeof member === 'string') : [];
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
