import { sameId } from '../plan/graph.ts';
import type { Problem } from '../problem.ts';
import type { Adjustment, AdjustmentKind } from './adjustment-kind.ts';
import { parseArmId } from './arm-id.ts';
import { MOST_SECURITY_RULES } from './constraints/resolved.ts';
import { securityRuleFaults } from './constraints/security-rules.ts';
import { GENERATED_PRIORITY } from './network-security-rules.ts';
import type { ResolvedBaseline, ResolvedNetworkSecurityGroup, ResolvedSecurityRule } from './resolved.ts';
import { securityRule } from './spec/network.ts';
import { documentPath } from './spec-issues.ts';

/** Adjustments are kept in one document with each other. */
const MOST_CHARACTERS = 4_000;
/** The smallest number that Azure takes. */
const FIRST_PRIORITY = 100;

/** Every key that a rule may have, those first without which it is none. */
const RULE_KEYS = (() => {
  const fields = Object.entries(securityRule.shape);
  const keys = (isOptional: boolean) =>
    fields.filter(([, field]) => field.safeParse(undefined).success === isOptional).map(([key]) => key);
  return `${keys(false).join(', ')}, and where it is not to mean all: ${keys(true).join(', ')}`;
})();

/** A rule as the spec writes one; otherwise what is wrong with it and where. */
type ReadRule = { readonly rule: ResolvedSecurityRule } | { readonly wrong: string; readonly path: string };

function readRule(value: unknown): ReadRule {
  if (JSON.stringify(value ?? null).length > MOST_CHARACTERS) {
    return { wrong: `The rule has more than ${MOST_CHARACTERS} characters.`, path: 'value' };
  }
  const { data, error } = securityRule.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    const path = documentPath(['value', ...(issue?.path ?? [])]);
    return { wrong: `The rule is not as a spec writes one: ${issue?.message ?? 'it is no object'}.`, path };
  }
  for (const { message, path } of securityRuleFaults(data, 'value')) return { wrong: message, path };
  return { rule: data };
}

/** A security group that the baseline writes; one that it only refers to is not changed. */
function groupOf(target: string, baseline: ResolvedBaseline): ResolvedNetworkSecurityGroup | undefined {
  return baseline.networkSecurityGroups.find(({ id, presence }) => presence !== 'reference' && sameId(id, target));
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Why a rule has no place among those of its group; undefined: it has. */
function conflict(
  { name, priority, direction }: ResolvedSecurityRule,
  { rules }: ResolvedNetworkSecurityGroup,
): { readonly wrong: string; readonly path: string } | undefined {
  const namesake = rules.find((rule) => sameText(rule.name, name));
  if (namesake !== undefined) return { wrong: `There is a rule ${namesake.name} already.`, path: 'value.name' };
  const holder = rules.find((rule) => rule.direction === direction && rule.priority === priority);
  if (holder !== undefined) {
    return {
      wrong: `${holder.name} has the ${direction.toLowerCase()} priority ${priority} already.`,
      path: 'value.priority',
    };
  }
  if (priority >= GENERATED_PRIORITY) {
    return {
      wrong: `Priorities from ${GENERATED_PRIORITY} on are of rules that Hubkeeper makes.`,
      path: 'value.priority',
    };
  }
  return rules.length >= MOST_SECURITY_RULES
    ? { wrong: `The security group has ${rules.length} rules, the most that Azure takes.`, path: 'target' }
    : undefined;
}

function apply(adjustment: Adjustment, baseline: ResolvedBaseline): ResolvedBaseline {
  const group = groupOf(adjustment.target, baseline);
  const read = readRule(adjustment.value);
  if (group === undefined || 'wrong' in read) return baseline;
  const { rule } = read;
  // Of two adjustments with one name the newer one holds; what the spec declares by now goes before any.
  const others = group.rules.filter(({ owner, name }) => owner !== 'adjustment' || !sameText(name, rule.name));
  if (conflict(rule, { ...group, rules: others }) !== undefined) return baseline;
  const rules = [...others, { ...rule, owner: 'adjustment' as const }];
  const networkSecurityGroups = baseline.networkSecurityGroups.map((one) =>
    one === group ? { ...group, rules } : one,
  );
  return { ...baseline, networkSecurityGroups };
}

function unknownTarget(target: string, baseline: ResolvedBaseline): Problem {
  const written = baseline.networkSecurityGroups.filter(({ presence }) => presence !== 'reference');
  const names = written.slice(0, 5).map(({ name }) => name);
  return {
    code: 'AdjustmentTargetUnknown',
    actor: 'caller',
    message: `The baseline has no network security group ${target} of its own.`,
    remedy:
      names.length === 0
        ? 'Give a subnet of the spec a security group first.'
        : `Name one of the baseline as target, by its name where only one has it: ${names.join(', ')}.`,
    path: 'target',
  };
}

/** One more rule in a security group of the baseline, for a time: a port for a partner, a block during an incident. */
export const networkSecurityRule: AdjustmentKind = {
  name: 'networkSecurityRule',
  isOnePerTarget: false,
  idOf: (target, { networkSecurityGroups }) => {
    const named = networkSecurityGroups.filter(({ id }) =>
      [id, parseArmId(id).name].some((one) => sameId(one, target)),
    );
    // Groups of different spokes may share a name: then only an id says which.
    return named.length === 1 && named[0] !== undefined ? named[0].id : target;
  },
  scopeOf: (target, baseline) => groupOf(target, baseline)?.scope,
  validate: (adjustment, baseline, { live }) => {
    const group = groupOf(adjustment.target, baseline);
    if (group === undefined) return unknownTarget(adjustment.target, baseline);
    const read = readRule(adjustment.value);
    if ('wrong' in read) {
      return {
        code: 'AdjustmentValueInvalid',
        actor: 'caller',
        message: read.wrong,
        remedy: `Write the rule as in networkSecurityGroup.rules of the spec, with ${RULE_KEYS}.`,
        path: read.path,
      };
    }
    const others = live.filter(({ id, kind }) => id !== adjustment.id && kind === adjustment.kind);
    const adjusted = others.reduce<ResolvedBaseline>((current, other) => apply(other, current), baseline);
    const taken = conflict(read.rule, groupOf(adjustment.target, adjusted) ?? group);
    if (taken === undefined) return undefined;
    return {
      code: 'AdjustmentOutOfBounds',
      actor: 'caller',
      message: taken.wrong,
      remedy: `Choose another name, and a free priority from ${FIRST_PRIORITY} to ${GENERATED_PRIORITY - 1}.`,
      path: taken.path,
    };
  },
  apply,
};
