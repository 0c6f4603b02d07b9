/**
 * Names of baselines: 1 to 40 lower-case letters, digits and hyphens, no hyphen at either end. They are parts of
 * addresses, table keys and instance ids, some of which tell upper case from lower and some do not.
 */
export const BASELINE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
