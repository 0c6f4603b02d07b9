import type { Severity } from '../alerts/alert-payload.ts';
import { REACTION_MODES, type ReactionMode } from '../plan/reaction-rules.ts';

/** Severities of a service that fails or is about to. Of anything less a person is asked first. */
const MAY_ACT: readonly (Severity | null)[] = ['Sev0', 'Sev1', 'Sev2'];

/**
 * The mode of a reaction that alerts of these severities ask for: the risk of a remedy is to be no greater than that of
 * the trouble, so that Sev3, Sev4 and an alert without a severity only propose. The gravest counts. Without any alert
 * the reaction acts on its own measurements, and its mode stays. Never laxer than `mode`. Pure.
 */
export function modeForSeverities(mode: ReactionMode, severities: readonly (Severity | null)[]): ReactionMode {
  if (severities.length === 0 || severities.some((severity) => MAY_ACT.includes(severity))) return mode;
  return REACTION_MODES.indexOf(mode) < REACTION_MODES.indexOf('propose') ? mode : 'propose';
}
