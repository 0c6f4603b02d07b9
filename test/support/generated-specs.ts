import fc from 'fast-check';
import { stringify } from 'yaml';
import { compile } from '../../lib/baseline/compile.ts';
import { resolve } from '../../lib/baseline/resolve.ts';
import { baselineSpec } from '../../lib/baseline/spec.ts';
import { arbitrarySpec } from './arbitrary-spec.ts';
import { type ForeignResource, foreignResources } from './foreign-resources.ts';

/** A generated spec that a run can make in an environment that others like it have been made in before. */
export interface GeneratedSpec {
  readonly name: string;
  readonly yaml: string;
  /** Subscriptions that it names, which no other seed's does. */
  readonly subscriptions: readonly string[];
  /** What has to be there before, made by somebody else. */
  readonly foreign: readonly ForeignResource[];
}

const SUBSCRIPTION = /00000000-0000-4000-8000-(?=0000000000\d\d)/g;

/** The spec of a seed, with whatever would keep a run from acting at once (modes, windows, approvals) taken out. */
export function generatedSpec(seed: number): GeneratedSpec {
  const [spec] = fc.sample(arbitrarySpec(), { numRuns: 1, seed });
  if (spec === undefined) throw new Error('Nothing was generated.');
  const own = String(seed).padStart(8, '0');
  const text = JSON.stringify({
    ...spec,
    name: `generated-${seed}`,
    mode: 'no-delete',
    approvals: { requiredFor: 'none' },
    changeWindows: [],
    // Nobody has made a gateway that a spoke could use.
    spokes: spec.spokes?.map((spoke) =>
      spoke.peering === undefined ? spoke : { ...spoke, peering: { ...spoke.peering, useHubGateway: false } },
    ),
  }).replace(SUBSCRIPTION, `${own}-0000-4000-8000-`);
  const document: unknown = JSON.parse(text);
  return {
    name: `generated-${seed}`,
    yaml: stringify(document),
    subscriptions: [...new Set(text.match(/[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}/g))],
    foreign: foreignResources(compile(resolve(baselineSpec.parse(document)), [], '2026-11-20T00:00:00Z')),
  };
}
