import { hasAlertRules } from '../resolve/egress-alerts.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { leastBudget } from './budgets.ts';
import type { ConstraintContext } from './context.ts';

/** Query parameters in which Azure Functions, Logic Apps and API Management take keys. */
const keyParameters = new Set(['code', 'sig', 'key', 'clientid', 'subscription-key', 'token']);

/** Alerts of a higher severity number only propose. */
const GRAVE_ENOUGH_TO_ACT = 2;

/** What is wrong with the address of an alert receiver; undefined when nothing is. */
function receiverFault(text: string): 'AlertReceiverUrlInvalid' | 'AlertReceiverUrlSecret' | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.hash !== '') return 'AlertReceiverUrlInvalid';
  const hasKey = [...url.searchParams.keys()].some((name) => keyParameters.has(name.toLowerCase()));
  return hasKey || url.username !== '' || url.password !== '' ? 'AlertReceiverUrlSecret' : undefined;
}

function* receiverFaults({ spec }: ConstraintContext): Iterable<Violation> {
  const receiver = spec.egress.actionGroup?.receiver;
  if (receiver === undefined) return;
  const path = 'egress.actionGroup.receiver';
  const fault = receiverFault(receiver.url);
  // The address is not repeated: it may hold a key.
  if (fault === 'AlertReceiverUrlInvalid') {
    yield violation(fault, `${path}.url`, 'The address of the receiver is no https URL without a fragment.');
  } else if (fault === 'AlertReceiverUrlSecret') {
    yield violation(fault, `${path}.url`, 'The address of the receiver holds a key or a password.');
  }
  if (receiver.secureWebhook === undefined) {
    const message = 'Alerts come without a token, so the intake has to be open to everybody.';
    yield violation('AlertReceiverOpen', path, message);
  }
}

function* thresholdFaults({ spec }: ConstraintContext): Iterable<Violation> {
  const { scaleIn, scaleOut } = spec.egress;
  const order = [
    ['egress.scaleIn.utilizationPercent', scaleIn.utilizationPercent],
    ['egress.scaleOut.targetPercent', scaleOut.targetPercent],
    ['egress.scaleOut.utilizationPercent', scaleOut.utilizationPercent],
  ] as const;
  for (const [index, [path, value]] of order.entries()) {
    const before = order[index - 1];
    if (before === undefined || before[1] < value) continue;
    const message = `${before[0]} is ${before[1]} and ${path} is ${value}: addresses would be added and taken away in turn.`;
    yield violation('EgressThresholdOrder', path, message);
    return;
  }
  if (scaleOut.utilizationPercent <= scaleOut.maximumPercent) return;
  const message = `egress.scaleOut.utilizationPercent ${scaleOut.utilizationPercent} is above maximumPercent ${scaleOut.maximumPercent}.`;
  yield violation('EgressThresholdOrder', 'egress.scaleOut.maximumPercent', message);
}

function* reliefFaults({ spec }: ConstraintContext): Iterable<Violation> {
  const { egress, budgets, mode } = spec;
  const { firewall } = spec.hub;
  const changes = egress.mode === 'propose' || egress.mode === 'act';
  if (firewall === undefined) {
    if (!changes && !hasAlertRules(spec)) return;
    const path = changes ? 'egress.mode' : 'egress.alertRules';
    yield violation('EgressFirewallMissing', path, 'There is no firewall of the hub whose SNAT ports could run out.');
    return;
  }
  if (hasAlertRules(spec) && egress.actionGroup === undefined) {
    yield violation('AlertRuleTellsNobody', 'egress.alertRules', 'The alert rules have no action group.');
  }
  if (!changes) return;
  const { count, maximum = count, ids, prefixIds, prefixIdLengths, prefixLengths } = firewall.publicIps;
  if (firewall.natGateway !== undefined) {
    const message =
      'The firewall’s egress leaves through its NAT gateway, where more addresses of the firewall change nothing.';
    yield violation('EgressReliefUseless', 'egress.mode', message);
  } else if (maximum === count) {
    const message = `The firewall has ${count} addresses and may have no more, so nothing can be added.`;
    yield violation('EgressReliefUseless', 'hub.firewall.publicIps.maximum', message);
  }
  const lengths = [...prefixIds.map((_, index) => prefixIdLengths[index] ?? 28), ...prefixLengths];
  const room = ids.length + lengths.reduce((sum, length) => sum + 2 ** (32 - length), 0);
  if (lengths.length > 0 && maximum > room) {
    const message = `The prefixes have room for ${room} addresses with the existing ones, the maximum is ${maximum}; relief takes none from elsewhere.`;
    yield violation('EgressPrefixesSmall', 'hub.firewall.publicIps.maximum', message, { maximum });
  }
  if (egress.mode === 'act' && firewall.natGateway === undefined && maximum > count && lengths.length === 0) {
    const message = 'New addresses are used as soon as they are there, and nobody can allow them before.';
    yield violation('EgressWithoutPrefixes', 'hub.firewall.publicIps.prefixLengths', message);
  }
  if (egress.mode === 'act' && hasAlertRules(spec) && egress.alertSeverity > GRAVE_ENOUGH_TO_ACT) {
    const message = `Alerts of severity ${egress.alertSeverity} wait for an approval, whatever egress.mode says.`;
    yield violation('EgressAlertsOnlyPropose', 'egress.alertSeverity', message);
  }
  if (egress.mode === 'act' && egress.scaleIn.enabled && leastBudget(budgets) === 0) {
    yield violation(
      'EgressWithoutBudget',
      'budgets',
      'SNAT exhaustion is to be relieved, but no address may go again: nothing that exists changes unattended.',
    );
  }
  if (mode === 'observe' || mode === 'create-only') {
    const message = `SNAT exhaustion is to be relieved, but mode ${mode} lets nothing that exists change.`;
    yield violation('EgressModeForbidden', 'egress.mode', message);
  }
}

/** Relief of SNAT exhaustion and its alerts: what contradicts itself, could do nothing, or would tell a secret. */
export function* egressConstraints(context: ConstraintContext): Iterable<Violation> {
  yield* thresholdFaults(context);
  yield* reliefFaults(context);
  yield* receiverFaults(context);
}
