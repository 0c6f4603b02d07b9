import type { Json } from '../json.ts';

/** A property that differs from what is declared and that a policy leaves as it is: reported, or ignored. */
export interface KeptDifference {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  /** As it is; absent: not there. Secrets are redacted. */
  readonly before?: Json;
  /** As declared; absent: not declared. */
  readonly after?: Json;
  readonly policy: 'report' | 'ignore';
  /** Names the rule. */
  readonly why: string;
}
