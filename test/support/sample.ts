import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedBaseline } from '../../lib/baseline/resolved.ts';
import type { BaselineSpec } from '../../lib/baseline/spec.ts';
import { validateSpecDocument } from '../../lib/baseline/validate.ts';

/** Text of a file under `samples/`. */
export function sampleText(name: string): string {
  return readFileSync(join(process.cwd(), 'samples', name), 'utf8');
}

/** A sample as validation passes it on. */
export function sample(name: 'aks-baseline' | 'two-regions'): {
  readonly spec: BaselineSpec;
  readonly resolved: ResolvedBaseline;
} {
  const bytes = new TextEncoder().encode(sampleText(`${name}.yaml`));
  const result = validateSpecDocument(bytes, 'application/yaml', { todayIso: '2026-11-20' });
  if (!result.ok) throw new Error(`${name} is not valid: ${JSON.stringify(result.violations)}`);
  return result;
}
