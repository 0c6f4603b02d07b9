import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { DesiredNode } from '../../../lib/plan/graph.ts';
import { normaliseId } from '../../../lib/plan/graph.ts';
import type { KindRules } from '../../../lib/plan/kind.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { ownedFieldsOf } from '../../../lib/plan/merge.ts';

export const GROUP = '/subscriptions/s/resourceGroups/g';

export function id(name: string): string {
  return `${GROUP}/providers/P/things/${name}`;
}

function references(value: Json | undefined): readonly string[] {
  if (!isJsonObject(value)) return Array.isArray(value) ? (value as readonly Json[]).flatMap(references) : [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'id' && typeof member === 'string' ? [member] : references(member),
  );
}

/** A kind with entries (`parts`), references (`{id}` anywhere in `refs`), and an immutable `size`. */
export const THING: KindRules = {
  name: 'thing',
  comparison: {
    readOnly: ['properties.provisioningState'],
    entries: [{ path: 'properties.parts', key: 'name', foreign: 'keep' }],
    sets: [],
    ignoreCase: [],
    defaults: {},
    immutable: { 'properties.size': 'a thing keeps its size' },
    secret: [],
  },
  durationMinutes: { create: 5, update: 2, delete: 3 },
  riskOf: (action) => (action === 'delete' ? 'destructive' : action === 'update' ? 'disruptive' : 'safe'),
  referencesOf: (body) => references(isJsonObject(body.properties) ? body.properties.refs : undefined),
  foreignContentOf: (actual, isOurs) => {
    const parts = isJsonObject(actual.properties) ? actual.properties.parts : undefined;
    const members = Array.isArray(parts) ? (parts as readonly JsonObject[]) : [];
    return members.flatMap(({ name }) => (isOurs(`properties.parts[${String(name)}]`) ? [] : [`part ${String(name)}`]));
  },
};

export function kinds(): KindRules {
  return THING;
}

export function thing(name: string, over: Partial<DesiredNode> = {}): DesiredNode {
  return {
    id: id(name),
    kind: 'thing',
    body: { properties: { x: 1 } },
    dependsOn: [],
    lanes: [],
    owner: 'spec',
    presence: 'create',
    scope: 'hub',
    ...over,
  };
}

export function always(...names: readonly string[]): DesiredNode['dependsOn'] {
  return names.map((name) => ({ id: id(name), when: 'always' }));
}

/** The ledger's row after a confirmed write of the node. */
export function written(node: DesiredNode, over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    id: node.id,
    kind: node.kind,
    state: 'confirmed',
    created: node.presence === 'create',
    confirmed: ownedFieldsOf(node, THING.comparison),
    intended: {},
    lanes: node.lanes,
    dependsOn: node.dependsOn.map((dependency) => dependency.id),
    scope: node.scope,
    operationId: 'op',
    at: '2026-01-01T00:00:00Z',
    ...over,
  };
}

/** Azure as it is right after these writes, with what the service adds. */
export function observedAs(
  ...resources: readonly (readonly [string, JsonObject | null])[]
): ReadonlyMap<string, JsonObject | null> {
  return new Map(resources.map(([resource, body]) => [normaliseId(resource), body]));
}
