import type { SnatDecision } from './snat-decision.ts';

/** A step as it was recorded when it was decided. */
export interface RecordedStep {
  readonly direction: 'out' | 'in';
  /** Addresses of ours that it declares. */
  readonly count: number;
  /** The address that it takes off the firewall. */
  readonly removedName?: string;
}

/**
 * Whether a decision on the figures of now, made as if the step were not recorded, still asks for it. A step out holds
 * while at least as many addresses are wanted; what more is wanted comes after it. A step back holds only if it is the
 * same. Pure.
 */
export function stepStillHolds({ decision, change }: SnatDecision, step: RecordedStep): boolean {
  if (change === null) return false;
  if (step.direction === 'out') return decision === 'scaleOut' && change.value.count >= step.count;
  return decision === 'scaleIn' && change.removedName === step.removedName && change.value.count === step.count;
}
