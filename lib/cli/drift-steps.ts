import type { DriftBody } from '../api/drift.ts';
import { plain } from './style.ts';
import { wrapped } from './text.ts';

/** What keeps everything of a baseline from being written, whoever asks for it. */
export type Bound = 'hold' | 'pause' | 'stopSetting';

export interface DriftStepOptions {
  readonly baseline: string;
  /** How a person calls the command line here. */
  readonly command: string;
  /** Characters in a line. */
  readonly columns: number;
  readonly bound?: Bound;
}

/** What somebody who asks for it does not get either: an end of its own, a spec or Azure is in the way. */
const NOT_BY_RECONCILE = new Set([
  ...['hold', 'pause', 'changeWindow', 'Protected', 'DependsOnRefused', 'DriftReported'],
  ...['ModeForbidsWrites', 'ModeForbidsUpdate', 'ModeForbidsDelete', 'ImmutableProperty', 'AdoptedResourceMissing'],
]);

/** What a person can do about drift that is not ignored: what would lead on, by what it waits for or why it stays. */
export function driftStepLines(open: readonly DriftBody[], options: DriftStepOptions): string[] {
  return stepsOf(open, options).flatMap((step) => wrapped(step, options.columns, '  '));
}

function stepsOf(open: readonly DriftBody[], { baseline, command, bound }: DriftStepOptions): readonly string[] {
  if (open.length === 0) return [];
  const name = plain(baseline);
  const codes = new Set(open.map(({ code }) => code));
  const isToBeWritten = open.some(({ state }) => state === 'puttingRight' || state === 'waiting');
  const isReconcilable = open.some(({ state, code }) => state !== 'puttingRight' && !NOT_BY_RECONCILE.has(code));
  const held = `End the hold: ${command} release ${name}`;
  const locked = codes.has('Protected')
    ? ['What is locked or opted out stays until its lock or tag is removed; the next scheduled scan then goes on.']
    : [];
  switch (bound) {
    case 'stopSetting':
      return ['An app setting stops all writes: an administrator of the app has to change it.', ...locked];
    case 'pause':
      return [`End the pause: ${command} resume`, ...locked];
    case 'hold':
      return [...(isToBeWritten || isReconcilable ? [held] : []), ...locked];
    case undefined:
      break;
  }
  const hashes = [...new Set(open.flatMap(({ approvePlanHash }) => approvePlanHash ?? []))];
  const put = hashes.length > 0 || codes.has('approval') ? 'Or put it right without one' : 'Put it right now';
  return [
    ...hashes.map((hash) => `Approve what waits: ${command} approve ${plain(hash)}`),
    ...(hashes.length === 0 && codes.has('approval') ? [`See what waits for an approval: ${command} approvals`] : []),
    ...(isReconcilable ? [`${put}: ${command} reconcile ${name}`] : []),
    ...(codes.has('hold') ? [held] : []),
    ...locked,
    ...(isToBeWritten && !codes.has('hold') ? [`Keep it during an incident: ${command} hold ${name} --help`] : []),
  ];
}
