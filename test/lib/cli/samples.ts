import type { OperationBody, OperationNode } from '../../../lib/api/operation.ts';
import type { ChangeBody, PlanBody } from '../../../lib/api/plan.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-hub/providers/Microsoft.Network';

/** ARM id in the group `rg-hub`. */
export function idOf(type: string, ...names: readonly string[]): string {
  return `${GROUP}/${type}/${names.join('/')}`;
}

export const VNET = idOf('virtualNetworks', 'vnet-hub');
export const FIREWALL = idOf('azureFirewalls', 'fw-hub');
export const GATEWAY = idOf('virtualNetworkGateways', 'er-hub');
export const HASH = '9f2c41d07be3a855';

export function changeOf(more: Partial<ChangeBody> = {}): ChangeBody {
  return {
    id: FIREWALL,
    kind: 'azureFirewall',
    action: 'create',
    risk: 'safe',
    owner: 'spec',
    reason: 'The spec declares it.',
    diff: [{ path: 'properties.sku.tier', after: 'Standard' }],
    estimatedMinutes: 10,
    ...more,
  };
}

export function planOf(changes: readonly ChangeBody[], more: Partial<PlanBody> = {}): PlanBody {
  return { hash: HASH, changes, criticalPathMinutes: 45, refused: [], ...more };
}

export function nodeOf(id: string, state: OperationNode['state'], more: Partial<OperationNode> = {}): OperationNode {
  return { id, state, action: 'create', ...more };
}

export function operationOf(state: OperationBody['state'], more: Partial<OperationBody> = {}): OperationBody {
  return {
    id: 'prod-17',
    baseline: 'prod',
    trigger: 'put',
    state,
    progress: { done: 1, total: 3, criticalPathMinutesLeft: 30 },
    nodes: [],
    errors: [],
    createdAt: '2026-03-01T09:00:00Z',
    at: '2026-03-01T09:05:00Z',
    ...more,
  };
}
