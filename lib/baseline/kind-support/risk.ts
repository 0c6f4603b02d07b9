import type { Action, PropertyDifference, Risk } from '../../plan/kind.ts';
import { isAtOrBelow } from '../../plan/property-path.ts';

/** One line of a table that says how risky a change below a property is. The first line that fits counts. */
export interface RiskLine {
  readonly path: string;
  readonly risk: Risk;
  /** `added`: it was not there; `removed`: it will not be there; `lowered`: a number that becomes smaller. */
  readonly when?: 'added' | 'changed' | 'removed' | 'lowered';
}

const WEIGHT: Readonly<Record<Risk, number>> = { safe: 0, disruptive: 1, destructive: 2 };

function kindOfDifference({ before, after }: PropertyDifference): 'added' | 'changed' | 'removed' {
  if (before === undefined) return 'added';
  if (after === undefined) return 'removed';
  // A set differs as a whole; nothing is taken away where all of its members stay.
  const grows = Array.isArray(before) && Array.isArray(after) && before.every((member) => after.includes(member));
  return grows ? 'added' : 'changed';
}

function isLowered({ before, after }: PropertyDifference): boolean {
  return typeof before === 'number' && typeof after === 'number' && after < before;
}

/** Creating is safe, deleting as told; an update is as risky as its riskiest difference. Tags never matter. */
export function riskFrom(deletion: Risk, lines: readonly RiskLine[], otherwise: Risk) {
  const table: readonly RiskLine[] = [{ path: 'tags', risk: 'safe' }, ...lines];
  const ofDifference = (difference: PropertyDifference): Risk => {
    const kind = kindOfDifference(difference);
    const line = table.find(
      ({ path, when }) =>
        (when === undefined || when === kind || (when === 'lowered' && isLowered(difference))) &&
        isAtOrBelow(difference.path, path),
    );
    return line?.risk ?? otherwise;
  };
  return (action: Action, differences: readonly PropertyDifference[]): Risk => {
    switch (action) {
      case 'create':
        return 'safe';
      case 'delete':
        return deletion;
      case 'update':
        return differences
          .map(ofDifference)
          .reduce((worst, risk) => (WEIGHT[risk] > WEIGHT[worst] ? risk : worst), 'safe');
    }
  };
}
