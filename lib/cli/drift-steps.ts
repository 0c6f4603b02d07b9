import type { DriftBody } from '../api/drift.ts';
import { plain } from './style.ts';
import { withCommand, wrapped } from './text.ts';

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

/** Characters of a hash that is to be typed: so many tell plans apart, and fewer than that name one too. */
const TYPED_HASH_LENGTH = 12;

interface Step {
  readonly sentence: string;
  /** What to type for it; absent: nothing here does it. */
  readonly command?: string;
}

/** What a person can do about drift that is not ignored: what would lead on, by what it waits for or why it stays. */
export function driftStepLines(open: readonly DriftBody[], options: DriftStepOptions): string[] {
  return stepsOf(open, options).flatMap(({ sentence, command }) =>
    command === undefined
      ? wrapped(sentence, options.columns, '  ')
      : withCommand(sentence, `${options.command} ${command}`, options.columns, '  '),
  );
}

function stepsOf(open: readonly DriftBody[], { baseline, bound }: DriftStepOptions): readonly Step[] {
  if (open.length === 0) return [];
  const name = plain(baseline);
  const codes = new Set(open.map(({ code }) => code));
  const isToBeWritten = open.some(({ state }) => state === 'puttingRight' || state === 'waiting');
  const isReconcilable = open.some(({ state, code }) => state !== 'puttingRight' && !NOT_BY_RECONCILE.has(code));
  const held = { sentence: 'End the hold', command: `release ${name}` };
  const locked = codes.has('Protected')
    ? [
        {
          sentence:
            'What is locked or opted out stays until its lock or tag is removed; the next scheduled scan then goes on.',
        },
      ]
    : [];
  switch (bound) {
    case 'stopSetting':
      return [
        { sentence: 'An app setting stops all writes: an administrator of the app has to change it.' },
        ...locked,
      ];
    case 'pause':
      return [{ sentence: 'End the pause', command: 'resume' }, ...locked];
    case 'hold':
      return [...(isToBeWritten || isReconcilable ? [held] : []), ...locked];
    case undefined:
      break;
  }
  const hashes = [...new Set(open.flatMap(({ approvePlanHash }) => approvePlanHash ?? []))];
  const put = hashes.length > 0 || codes.has('approval') ? 'Or put it right without one' : 'Put it right now';
  return [
    ...hashes.map((hash) => ({
      sentence: 'Approve what waits',
      command: `approve ${plain(hash).slice(0, TYPED_HASH_LENGTH)}`,
    })),
    ...(hashes.length === 0 && codes.has('approval')
      ? [{ sentence: 'See what waits for an approval', command: 'approvals' }]
      : []),
    ...(isReconcilable ? [{ sentence: put, command: `reconcile ${name}` }] : []),
    ...(codes.has('hold') ? [held] : []),
    ...locked,
    ...(isToBeWritten && !codes.has('hold')
      ? [{ sentence: 'Keep it during an incident', command: `hold ${name} --help` }]
      : []),
  ];
}
