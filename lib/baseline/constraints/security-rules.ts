import { parseAddress, parsePrefix } from '../address-space.ts';
import type { SecurityRuleSpec } from '../spec.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { isPortOrRange, isServiceTag, repeatsOf } from './address-text.ts';
import type { ConstraintContext } from './context.ts';

/** Prefixes; or one service tag alone; or `*` alone: Azure takes no mixtures. */
function* addressListFaults(texts: readonly string[], path: string): Iterable<Violation> {
  for (const [index, text] of texts.entries()) {
    if (parsePrefix(text) !== undefined || parseAddress(text) !== undefined) continue;
    if ((text === '*' || isServiceTag(text)) && texts.length === 1) continue;
    const mixed = text === '*' || isServiceTag(text);
    const message = mixed
      ? `${text} stands beside other addresses; a tag or * stands alone.`
      : `'${text.slice(0, 64)}' is neither a prefix, a service tag, nor *.`;
    yield violation('SecurityRuleAddressInvalid', `${path}[${index}]`, message);
  }
}

function* portListFaults(texts: readonly string[], path: string): Iterable<Violation> {
  for (const [index, text] of texts.entries()) {
    if (isPortOrRange(text) || (text === '*' && texts.length === 1)) continue;
    const message = `'${text.slice(0, 64)}' is neither a port, a range of ports, nor * alone.`;
    yield violation('SecurityRulePortInvalid', `${path}[${index}]`, message);
  }
}

/** What is wrong with the addresses and ports of one rule. */
export function* securityRuleFaults(rule: SecurityRuleSpec, path: string): Iterable<Violation> {
  yield* addressListFaults(rule.sourceAddressPrefixes, `${path}.sourceAddressPrefixes`);
  yield* addressListFaults(rule.destinationAddressPrefixes, `${path}.destinationAddressPrefixes`);
  yield* portListFaults(rule.sourcePortRanges, `${path}.sourcePortRanges`);
  yield* portListFaults(rule.destinationPortRanges, `${path}.destinationPortRanges`);
}

function* ruleListFaults(rules: readonly SecurityRuleSpec[], path: string): Iterable<Violation> {
  for (const [index, rule] of rules.entries()) {
    yield* securityRuleFaults(rule, `${path}[${index}]`);
  }
  for (const { index, text } of repeatsOf(rules.map(({ name }) => name))) {
    yield violation('SecurityRuleNameDuplicate', `${path}[${index}].name`, `A rule named ${text} is there already.`);
  }
  for (const { index, first } of repeatsOf(rules.map(({ direction, priority }) => `${direction} ${priority}`))) {
    const { direction, priority, name } = rules[index] ?? { direction: '', priority: 0, name: '' };
    const message = `${name} has the ${direction.toLowerCase()} priority ${priority} of ${rules[first]?.name}.`;
    yield violation('SecurityRulePriorityDuplicate', `${path}[${index}].priority`, message);
  }
}

/** The operator's own security rules: their form, names and priorities. */
export function* securityRuleConstraints(context: ConstraintContext): Iterable<Violation> {
  const { bastion } = context.spec.hub;
  if (bastion !== undefined) {
    yield* ruleListFaults(bastion.rules, 'hub.bastion.rules');
    yield* addressListFaults(bastion.allowedSourcePrefixes, 'hub.bastion.allowedSourcePrefixes');
  }
  for (const network of context.networks) {
    for (const { spec, path } of network.subnets) {
      if (spec?.networkSecurityGroup === undefined) continue;
      yield* ruleListFaults(spec.networkSecurityGroup.rules, `${path}.networkSecurityGroup.rules`);
    }
  }
}
