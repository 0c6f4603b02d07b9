import { isIP } from 'node:net';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { sameId } from '../plan/graph.ts';

/** The service tag for everybody. */
const OPEN_TO = 'Internet';

/** A declared rule that lets some in, and could let everybody in. */
export interface RuleToOpen {
  readonly groupId: string;
  readonly rule: string;
}

/** Addresses of some. What a service tag lets in, Azure itself may need: Bastion refuses a group without it. */
function isOfSome(prefix: string): boolean {
  const [address = '', length] = prefix.split('/');
  return isIP(address) !== 0 && length !== '0';
}

/**
 * The first rule, by id of its security group, that the baseline declares to let only some addresses in; of one group where its
 * name or ARM id is given. Undefined: there is none. Pure.
 */
export function ruleToOpen(baseline: ResolvedBaseline, group?: string): RuleToOpen | undefined {
  return baseline.networkSecurityGroups
    .filter(({ presence }) => presence !== 'reference')
    .filter(({ id, name }) => group === undefined || sameId(id, group) || sameId(name, group))
    .toSorted((one, other) => (one.id.toLowerCase() < other.id.toLowerCase() ? -1 : 1))
    .flatMap(({ id, rules }) =>
      rules
        .filter(({ direction, access }) => direction === 'Inbound' && access === 'Allow')
        .filter(({ sourceAddressPrefixes }) => sourceAddressPrefixes.every(isOfSome))
        .map(({ name }) => ({ groupId: id, rule: name })),
    )
    .at(0);
}

/** How a rule of a security group is now: `missing` where somebody has deleted it. Pure. */
export function ruleStanding(body: JsonObject, rule: string): 'open' | 'closed' | 'missing' {
  const own = rulesOf(body).find((one) => isJsonObject(one) && sameId(String(one.name), rule));
  if (own === undefined || !isJsonObject(own) || !isJsonObject(own.properties)) return 'missing';
  return own.properties.sourceAddressPrefix === OPEN_TO ? 'open' : 'closed';
}

function rulesOf({ properties }: JsonObject): readonly Json[] {
  return isJsonObject(properties) && Array.isArray(properties.securityRules) ? properties.securityRules : [];
}

/** The body of a security group with one rule open to the Internet, as a careless colleague would leave it. Pure. */
export function withRuleOpen(body: JsonObject, rule: string): JsonObject {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  return { ...body, properties: { ...properties, securityRules: rulesOf(body).map((one) => openedIf(one, rule)) } };
}

function openedIf(rule: Json, name: string): Json {
  if (!isJsonObject(rule) || !sameId(String(rule.name), name) || !isJsonObject(rule.properties)) return rule;
  const {
    sourceAddressPrefixes: _prefixes,
    sourceApplicationSecurityGroups: _groups,
    sourceAddressPrefix: _prefix,
    ...properties
  } = rule.properties;
  return { ...rule, properties: { ...properties, sourceAddressPrefix: OPEN_TO } };
}
