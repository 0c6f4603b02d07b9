import type { JsonObject } from '../json.ts';
import { addressConstraints } from './constraints/addresses.ts';
import { adoptionConstraints } from './constraints/adoption.ts';
import { clusterAccessConstraints } from './constraints/cluster-access.ts';
import { clusterAddressConstraints } from './constraints/cluster-addresses.ts';
import { clusterNetworkConstraints } from './constraints/cluster-network.ts';
import { clusterPoolConstraints } from './constraints/cluster-pools.ts';
import { type Constraint, constraintContext } from './constraints/context.ts';
import { driftPolicyConstraints } from './constraints/drift-policies.ts';
import { egressConstraints } from './constraints/egress.ts';
import { firewallPolicyConstraints } from './constraints/firewall-policy.ts';
import { governanceConstraints } from './constraints/governance.ts';
import { hubConstraints } from './constraints/hub.ts';
import { locationConstraints } from './constraints/locations.ts';
import { peeringConstraints } from './constraints/peerings.ts';
import { resolvedConstraints } from './constraints/resolved.ts';
import { retirementConstraints } from './constraints/retirements.ts';
import { routeConstraints } from './constraints/routes.ts';
import { securityRuleConstraints } from './constraints/security-rules.ts';
import { subnetConstraints } from './constraints/subnets.ts';
import { readDocument } from './document.ts';
import { resolve } from './resolve.ts';
import type { ResolvedBaseline } from './resolved.ts';
import { type BaselineSpec, baselineSpec } from './spec.ts';
import { violationsOfIssues } from './spec-issues.ts';
import type { Violation } from './violation.ts';
import { isWarning, violation } from './violation-codes.ts';

/** Most violations, and most warnings, that one answer holds. */
export const maxViolations = 200;

/** Most prefixes of one network: far more than routing tables of people hold. */
const maxAddressPrefixes = 200;

export interface ValidateOptions {
  /** Today as YYYY-MM-DD, or a time of it. What Azure has retired by then is a violation, what it will retire a warning. */
  readonly todayIso: string;
}

/** A spec that can be compiled, or everything that is wrong with it. Warnings never stand in the way. */
export type ValidationResult =
  | {
      readonly ok: true;
      readonly spec: BaselineSpec;
      readonly resolved: ResolvedBaseline;
      readonly warnings: readonly Violation[];
    }
  | { readonly ok: false; readonly violations: readonly Violation[]; readonly warnings: readonly Violation[] };

/** Every group of rules over the spec and its address plan. */
const constraints: readonly Constraint[] = [
  addressConstraints,
  subnetConstraints,
  securityRuleConstraints,
  routeConstraints,
  hubConstraints,
  firewallPolicyConstraints,
  peeringConstraints,
  clusterNetworkConstraints,
  clusterAddressConstraints,
  clusterPoolConstraints,
  clusterAccessConstraints,
  adoptionConstraints,
  governanceConstraints,
  egressConstraints,
  locationConstraints,
  retirementConstraints,
];

/** The first of them, with one more entry that says how many were left out. */
function bounded(found: readonly Violation[]): readonly Violation[] {
  if (found.length <= maxViolations) return found;
  const left = found.length - maxViolations;
  return [...found.slice(0, maxViolations), violation('MoreFound', '', `${left} more were found and left out.`)];
}

/** Address spaces so long that planning in them would take seconds: looked at before anything is planned. */
function* sizeFaults({ hub, spokes }: BaselineSpec): Iterable<Violation> {
  for (const [path, { addressPrefixes }] of [
    ['hub', hub.network] as const,
    ...spokes.map(({ network }, index) => [`spokes[${index}]`, network] as const),
  ]) {
    if (addressPrefixes.length <= maxAddressPrefixes) continue;
    const message = `The network has ${addressPrefixes.length} prefixes; ${maxAddressPrefixes} are accepted.`;
    yield violation('AddressPrefixesTooMany', `${path}.network.addressPrefixes`, message);
  }
}

function refused(violations: readonly Violation[], warnings: readonly Violation[]): ValidationResult {
  return { ok: false, violations: bounded(violations), warnings: bounded(warnings) };
}

/**
 * Judges a document offline: its text, its shape, then all rules at once. Names and generated rules are looked at only
 * when the spec's own rules hold, since they are made from it. Nothing is read but the arguments.
 */
export function validateSpecDocument(
  bytes: Uint8Array,
  contentType: string | undefined,
  options: ValidateOptions,
): ValidationResult {
  const document = readDocument(bytes, contentType);
  return document.ok ? validateSpecValue(document.value, options) : refused(document.violations, []);
}

/** The same for a document that has been read already. */
export function validateSpecValue(value: JsonObject, options: ValidateOptions): ValidationResult {
  const parsed = baselineSpec.safeParse(value, { reportInput: true });
  if (!parsed.success) return refused(violationsOfIssues(parsed.error.issues), []);

  const spec = parsed.data;
  const tooLong = [...sizeFaults(spec)];
  if (tooLong.length > 0) return refused(tooLong, []);
  const context = constraintContext(spec, options.todayIso.slice(0, 'YYYY-MM-DD'.length));
  const found = constraints.flatMap((constraint) => [...constraint(context)]);
  const warnings = found.filter(({ code }) => isWarning(code));
  const violations = found.filter(({ code }) => !isWarning(code));
  if (violations.length > 0) return refused(violations, warnings);

  const resolved = resolve(spec);
  const names = [...resolvedConstraints(resolved)];
  if (names.length > 0) return refused(names, warnings);
  const rules = [...driftPolicyConstraints(resolved)];
  const told = [...warnings, ...rules.filter(({ code }) => isWarning(code))];
  const wrong = rules.filter(({ code }) => !isWarning(code));
  if (wrong.length > 0) return refused(wrong, told);
  return { ok: true, spec, resolved, warnings: bounded(told) };
}
