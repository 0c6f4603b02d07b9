import type { ArmError } from '../../arm-error.ts';
import type { JsonObject } from '../../json.ts';
import { rangeOf } from './address-allocation.ts';
import type { ChildDraft } from './children.ts';
import { numberAt, textAt, textsAt } from './fields.ts';
import { validateChildNames } from './names.ts';
import { firstError, firstOf, limitReached, missingProperty, refuse } from './network-errors.ts';
import { hasHostBits } from './prefixes.ts';

/** Microsoft documents 1,000 rules for a network security group. */
const MOST_RULES = 1000;

const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'icmp', 'esp', 'ah', '*'];

/** All rules of one network security group together. */
export function validateSecurityRules(groupId: string, drafts: readonly ChildDraft[]): ArmError | null {
  if (drafts.length > MOST_RULES) {
    return limitReached(
      'NetworkSecurityGroupRuleCountLimitReached',
      MOST_RULES,
      `rules in network security group ${groupId}`,
    );
  }
  return firstError(
    () =>
      validateChildNames(
        groupId,
        drafts.map(({ name }) => name),
      ),
    () => firstOf(drafts, (draft) => validateRule(groupId, draft)),
    () => validatePriorities(drafts),
  );
}

/** Ports of a rule, from the one property or from the list. */
export function portsOf(rule: JsonObject, side: 'source' | 'destination'): readonly string[] {
  return oneOrMany(rule, `${side}PortRange`, `${side}PortRanges`);
}

/** Addresses of a rule, from the one property or from the list. */
export function addressesOf(rule: JsonObject, side: 'source' | 'destination'): readonly string[] {
  return oneOrMany(rule, `${side}AddressPrefix`, `${side}AddressPrefixes`);
}

/** As NRP answers: the lists are there even when they are empty. */
export function presentRule(rule: JsonObject): JsonObject {
  return {
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
    sourcePortRanges: [],
    destinationPortRanges: [],
    ...rule,
  };
}

function oneOrMany(rule: JsonObject, one: string, many: string): readonly string[] {
  const several = textsAt(rule, many);
  const single = textAt(rule, one);
  return several.length > 0 ? several : single === undefined || single === '' ? [] : [single];
}

function validateRule(groupId: string, { name, properties }: ChildDraft): ArmError | null {
  const id = `${groupId}/securityRules/${name}`;
  const required = ['protocol', 'access', 'direction'].find((property) => textAt(properties, property) === undefined);
  if (required !== undefined) return missingProperty(id, required);
  return firstError(
    () => validateWord(name, 'Protocol', textAt(properties, 'protocol'), PROTOCOLS),
    () => validateWord(name, 'Access', textAt(properties, 'access'), ['allow', 'deny']),
    () => validateWord(name, 'Direction', textAt(properties, 'direction'), ['inbound', 'outbound']),
    () => validatePriority(id, properties),
    () => firstOf(['source', 'destination'] as const, (side) => validateSide(id, name, properties, side)),
  );
}

function validateWord(
  rule: string,
  parameter: string,
  value: string | undefined,
  known: readonly string[],
): ArmError | null {
  if (value !== undefined && known.includes(value.toLowerCase())) return null;
  return refuse(
    'SecurityRuleParameterContainsUnsupportedValue',
    `Security rule parameter ${parameter} for rule ${rule} with value ${value} is not supported.`,
  );
}

function validatePriority(id: string, rule: JsonObject): ArmError | null {
  const priority = numberAt(rule, 'priority');
  if (priority === undefined) return missingProperty(id, 'priority');
  if (Number.isInteger(priority) && priority >= 100 && priority <= 4096) return null;
  return refuse(
    'SecurityRuleInvalidPriority',
    `Security rule has invalid Priority. Value provided: ${priority}. Value should be between 100 and 4096.`,
  );
}

function validateSide(id: string, name: string, rule: JsonObject, side: 'source' | 'destination'): ArmError | null {
  const word = side === 'source' ? 'Source' : 'Destination';
  if (textAt(rule, `${side}AddressPrefix`) && textsAt(rule, `${side}AddressPrefixes`).length > 0) {
    return refuse(
      'SecurityRuleParameterContainsUnsupportedValue',
      `Security rule ${name} has both ${word}AddressPrefix and ${word}AddressPrefixes. Only one of them can be specified.`,
    );
  }
  if (textAt(rule, `${side}PortRange`) && textsAt(rule, `${side}PortRanges`).length > 0) {
    return refuse(
      'SecurityRuleParameterContainsUnsupportedValue',
      `Security rule ${name} has both ${word}PortRange and ${word}PortRanges. Only one of them can be specified.`,
    );
  }
  const groups = rule[`${side}ApplicationSecurityGroups`];
  const addresses = addressesOf(rule, side);
  const ports = portsOf(rule, side);
  if (addresses.length === 0 && groups === undefined) return missingProperty(id, `${side}AddressPrefix`);
  if (ports.length === 0) return missingProperty(id, `${side}PortRange`);
  return firstError(
    () => firstOf(addresses, (address) => validateAddress(address, addresses.length > 1)),
    () => firstOf(ports, (port) => validatePort(port, ports.length > 1)),
  );
}

function validateAddress(address: string, oneOfSeveral: boolean): ArmError | null {
  // A list takes no asterisk; a service tag is a word such as AzureCloud.westeurope.
  const ok = address === '*' ? !oneOfSeveral : isTag(address) || isRange(address);
  if (ok) return null;
  return refuse(
    'SecurityRuleInvalidAddressPrefix',
    `Security rule has invalid Address prefix. Value provided: ${address}`,
  );
}

function isTag(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?$/.test(text);
}

function isRange(text: string): boolean {
  const range = rangeOf(text);
  return range !== null && !hasHostBits(range);
}

function validatePort(port: string, oneOfSeveral: boolean): ArmError | null {
  if (port === '*' && !oneOfSeveral) return null;
  const range = portRange(port);
  if (port !== '*' && range !== null && range[0] <= range[1]) return null;
  return refuse(
    'SecurityRuleInvalidPortRange',
    `Security rule has invalid Port range. Value provided: ${port}. Value should be an integer OR integer range with ` +
      "'-' delimiter. Valid range 0-65535.",
  );
}

/** First and last port; `null` for what is no port or range. An asterisk is every port. */
export function portRange(text: string): readonly [number, number] | null {
  if (text === '*') return [0, 65_535];
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first > 65_535 || last > 65_535 ? null : [first, last];
}

function validatePriorities(drafts: readonly ChildDraft[]): ArmError | null {
  const seen = new Map<string, string>();
  return firstOf(drafts, ({ name, properties }) => {
    const key = `${textAt(properties, 'direction')?.toLowerCase()} ${numberAt(properties, 'priority')}`;
    const other = seen.get(key);
    seen.set(key, name);
    if (other === undefined) return null;
    return refuse(
      'SecurityRuleConflict',
      `Security rule ${other} conflicts with rule ${name}. Rules cannot have the same Priority and Direction. ` +
        'To learn more about security rules, see aka.ms/nsgrules.',
    );
  });
}
