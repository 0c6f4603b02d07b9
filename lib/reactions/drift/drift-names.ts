/** The reaction in state. Its target is the baseline itself, by name: one looks after all of its resources. */
export const DRIFT_KIND = 'remediateDrift' as const;
