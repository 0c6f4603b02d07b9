/** The reaction in state and journal. */
export { RELIEF_KIND } from '../../state/reactions.ts';

/** Id of the one adjustment that the relief of a firewall keeps. */
export const RELIEF_ADJUSTMENT = 'snat-relief';

/** A firing of so long ago that nobody has resolved counts as over: a "resolved" may never come. */
export const ALERT_COUNTS_FOR_HOURS = 24;
