export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

export type LogFields = Readonly<Record<string, unknown>>;

/** Takes one log entry: a constant message, and fields for what differs. */
export type HostLog = (level: LogLevel, message: string, fields?: LogFields) => void;

export function isLogLevel(text: unknown): text is LogLevel {
  return LEVELS.some((level) => level === text);
}

/** A log that writes entries of at least `minimum` as JSON lines. */
export function jsonLineLog(write: (line: string) => void, minimum: LogLevel, nowMs: () => number = Date.now): HostLog {
  const threshold = LEVELS.indexOf(minimum);
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < threshold || level === 'none') return;
    write(`${JSON.stringify({ at: new Date(nowMs()).toISOString(), level, message, ...fields })}\n`);
  };
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
