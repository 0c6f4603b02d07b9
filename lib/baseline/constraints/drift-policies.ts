import { type DesiredNode, normaliseId } from '../../plan/graph.ts';
import type { ComparisonRules } from '../../plan/kind.ts';
import { ownedFieldsOf } from '../../plan/merge.ts';
import { matchesPattern, parsePath, touches } from '../../plan/property-path.ts';
import { isInScope, scopesOf } from '../../plan/scope.ts';
import { ProblemError } from '../../problem.ts';
import { compile } from '../compile.ts';
import { kinds } from '../kinds/index.ts';
import type { ResolvedBaseline } from '../resolved.ts';
import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';

/** Any time will do: what a spec declares by itself depends on none. */
const NO_TIME = '1970-01-01T00:00:00Z';
const SHOWN = 80;

/** Every path that the rules of a kind name as one that can differ. */
function pathsOfRules(rules: ComparisonRules): readonly string[] {
  return [
    ...rules.entries.map(({ path }) => path),
    ...rules.sets,
    ...(rules.keepForeignMembers ?? []),
    ...rules.ignoreCase,
    ...Object.keys(rules.defaults),
    ...Object.keys(rules.immutable),
    ...rules.secret,
  ];
}

/** Whether others may put entries there that a rule has to be able to ignore: a collection of theirs too, or one entry. */
function mayHoldForeign({ entries, keepForeignMembers = [], children = [] }: ComparisonRules, path: string): boolean {
  const collections = [
    ...entries.filter(({ foreign }) => foreign === 'keep').map((one) => one.path),
    ...keepForeignMembers,
    ...children,
  ];
  return collections.some((one) => matchesPattern(path, one) || matchesPattern(path, `${one}[]`));
}

function isPath(text: string): boolean {
  try {
    return parsePath(text).length > 0;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

/** Rules about drift that could never do anything, or that say the same twice. */
export function* driftPolicyConstraints(resolved: ResolvedBaseline): Iterable<Violation> {
  const { policies } = resolved.spec.drift;
  if (policies.length === 0) return;
  const graph = compile(resolved, [], NO_TIME);
  const scopes = scopesOf(graph);
  const leaves = new Map<DesiredNode, readonly string[]>();
  const pathsOf = (node: DesiredNode): readonly string[] => {
    const rules = kinds.find(({ name }) => name === node.kind)?.comparison;
    const known = leaves.get(node) ?? (rules === undefined ? [] : Object.keys(ownedFieldsOf(node, rules)));
    leaves.set(node, known);
    return known;
  };
  for (const [index, { scope, kind, path, policy }] of policies.entries()) {
    const at = `drift.policies[${index}]`;
    const meantKinds = kinds.filter(({ name }) => kind === undefined || name === kind);
    if (meantKinds.length === 0) {
      const names = kinds.map(({ name }) => name).join(', ');
      yield violation('DriftPolicyKindUnknown', `${at}.kind`, `There is no kind ${kind?.slice(0, SHOWN)}.`, {
        kinds: names,
      });
      continue;
    }
    const inScope = graph.nodes.filter((node) => scope === undefined || isInScope(node, scope));
    if (scope !== undefined && !scope.startsWith('/') && inScope.length === 0) {
      yield violation('DriftPolicyScopeUnknown', `${at}.scope`, `There is no part ${scope.slice(0, SHOWN)}.`, {
        scopes: scopes.join(', '),
      });
      continue;
    }
    if (path !== undefined && !isPath(path)) {
      yield violation('DriftPolicyPathInvalid', `${at}.path`, `${path.slice(0, SHOWN)} is no path of a property.`);
      continue;
    }
    const isMeant = (node: DesiredNode) => kind === undefined || node.kind === kind;
    const isOfOthers = (node: DesiredNode) => {
      const rules = kinds.find(({ name }) => name === node.kind)?.comparison;
      return policy === 'ignore' && path !== undefined && rules !== undefined && mayHoldForeign(rules, path);
    };
    const isTouched = (node: DesiredNode) =>
      path === undefined || pathsOf(node).some((declared) => touches(declared, path)) || isOfOthers(node);
    if (inScope.some((node) => node.presence !== 'reference' && isMeant(node) && isTouched(node))) continue;
    const isKnown =
      path === undefined ||
      meantKinds.some(({ comparison }) => pathsOfRules(comparison).some((known) => touches(known, path))) ||
      graph.nodes.some((node) => isMeant(node) && isTouched(node));
    if (isKnown) yield violation('DriftPolicyMatchesNothing', at, 'Nothing of this baseline is matched by the rule.');
    else
      yield violation('DriftPolicyPathUnknown', `${at}.path`, `Nothing declared has the path ${path.slice(0, SHOWN)}.`);
  }
  for (const { index } of repeatsOf(
    policies.map(({ scope, kind, path }) => [scope && normaliseId(scope), kind, path].join(' ')),
  )) {
    yield violation('DriftPolicyDuplicate', `drift.policies[${index}]`, 'The same is matched by a rule before it.');
  }
}
