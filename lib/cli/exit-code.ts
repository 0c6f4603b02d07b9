/** What the process says to the shell. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The input or the command line is not valid; nothing was started. */
  invalid: 2,
  waitsForApproval: 3,
  /** Ctrl-C, as shells count it: 128 and the signal's number. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
