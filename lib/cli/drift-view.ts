import type {
  BaselineDriftBody,
  ChangeOriginBody,
  DriftBody,
  DriftConflictBody,
  DriftCountsBody,
  DriftScanBody,
  ForeignEntryBody,
} from '../api/drift.ts';
import { countText, differencesText } from '../count-text.ts';
import { authorText } from '../drift/author-text.ts';
import { sameId } from '../plan/graph.ts';
import { type Bound, driftStepLines } from './drift-steps.ts';
import { differenceLines } from './plan-view.ts';
import { resourceText } from './resource-name.ts';
import { plain, type Style } from './style.ts';
import { cut, timeText, width, withCommand, wrapped } from './text.ts';

export interface DriftViewOptions {
  readonly style: Style;
  /** Everything, values uncut. */
  readonly full: boolean;
  /** Characters in a line. */
  readonly columns: number;
  readonly baseline: string;
  /** How a person calls the command line here. */
  readonly command: string;
  /** What keeps everything from being written now, whoever asks. */
  readonly bound?: Bound;
}

/** Resources with drift, entries of others, and unmanaged resources, before the rest is only counted. */
const SHOWN_RESOURCES = 20;
const SHOWN_UNMANAGED = 10;
const SHOWN_FOREIGN = 10;
const LONGEST_NAME = 60;

/** What is known of drift as people read it, line by line. */
export function driftLines(drift: BaselineDriftBody, options: DriftViewOptions): string[] {
  const { style, full } = options;
  const open = drift.drifts.filter(({ state }) => state !== 'ignored');
  const shown = full ? drift.drifts : open;
  const resources = [...Map.groupBy(shown, ({ id }) => id.toLowerCase()).values()];
  const visible = full ? resources : resources.slice(0, SHOWN_RESOURCES);
  const left = resources.length - visible.length;
  const lines = headLines(drift, options);
  if (visible.length > 0) lines.push(style.dim('  (as found → as declared)'));
  for (const drifts of visible) lines.push(...resourceLines(drifts, options));
  if (left > 0) lines.push(`  and ${countText(left, 'resource')} more: --full`);
  if (drift.moreDriftsCount > 0) lines.push(`  ${countText(drift.moreDriftsCount, 'drift')} more are not listed.`);
  lines.push(...driftStepLines(open, options));
  return [
    ...lines,
    ...conflictLines(drift.conflicts, options),
    ...foreignLines(drift, options),
    ...unmanagedLines(drift, options),
  ];
}

/** `3 in 1 resource, 1 waiting, 1 in conflict, 2 added by others`; nothing when there is none. */
export function driftCountText(counts: DriftCountsBody | undefined): string {
  if (counts === undefined) return '';
  const { openCount, openResourceCount, waitingCount, conflictCount, foreignEntryCount } = counts;
  const open = openResourceCount === 0 ? `${openCount}` : `${openCount} in ${countText(openResourceCount, 'resource')}`;
  return [
    openCount === 0 ? [] : [open],
    waitingCount === 0 ? [] : [`${waitingCount} waiting`],
    conflictCount === 0 ? [] : [`${conflictCount} in conflict`],
    foreignEntryCount === 0 ? [] : [`${foreignEntryCount} added by others`],
  ]
    .flat()
    .join(', ');
}

/** What there is, and of when that is: the scan of everything, and apart from it the look after an event. */
function headLines(drift: BaselineDriftBody, { style, columns }: DriftViewOptions): string[] {
  const { drifts, moreDriftsCount, lastScan, lastLook } = drift;
  const ignored = drifts.filter(({ state }) => state === 'ignored').length;
  const kept = ignored === 0 ? '' : `, ${ignored} ignored`;
  const head = `Drift: ${openText(drifts, moreDriftsCount, style)}${kept};`;
  const scan = lastScan ? scanText(lastScan) : 'no scheduled scan yet';
  const whole = `${head} ${scan}`;
  return [
    ...(width(whole) <= columns ? [whole] : [head, `  ${scan}`]),
    ...(lastLook ? [`  last look at what an event named: ${timeText(lastLook.at)}`] : []),
  ];
}

function scanText({ at, comparedCount, notComparedCount }: DriftScanBody): string {
  const rest = notComparedCount === 0 ? '' : ` of ${comparedCount + notComparedCount}`;
  return `last scan ${timeText(at)} compared ${comparedCount}${rest}`;
}

function openText(drifts: readonly DriftBody[], moreDriftsCount: number, style: Style): string {
  const open = drifts.filter(({ state }) => state !== 'ignored');
  const count = open.length + moreDriftsCount;
  if (count === 0) return style.green('none');
  const resources = new Set(open.map(({ id }) => id.toLowerCase())).size;
  return style.yellow(differencesText(count, resources, moreDriftsCount > 0));
}

function resourceLines(drifts: readonly DriftBody[], options: DriftViewOptions): string[] {
  const { style, full } = options;
  const [first] = drifts;
  if (first === undefined) return [];
  const lines = [`  ${style.bold(resourceText(first.id))}  ${style.dim(plain(first.kind))}`];
  for (const [at, drift] of drifts.entries()) {
    if (drift.path === '') lines.push(`    ${style.red('the resource is gone')}`);
    else lines.push(...differenceLines(drift, style, full, '    '));
    const next = drifts[at + 1];
    // What is true of several properties of one resource is said once, below the last of them.
    if (next === undefined || aboutText(next, options).join() !== aboutText(drift, options).join())
      lines.push(...aboutText(drift, options));
  }
  return lines;
}

function aboutText(drift: DriftBody, options: DriftViewOptions): string[] {
  const { style, columns } = options;
  const seen = `found ${timeText(drift.firstSeenAt)}`;
  const who = drift.origin ? `${changeText(drift.origin, drift.id)}, ${seen}` : `${seen}, no event told by whom`;
  const until = typeof drift.until === 'string' ? ` (until ${timeText(drift.until)})` : '';
  return [
    ...wrapped(who, columns, '      ').map((line) => style.dim(line)),
    ...wrapped(`${stateWord(drift)}${plain(drift.why)}${until}`, columns, '      '),
  ];
}

function changeText(origin: ChangeOriginBody, id: string): string {
  const by = `by ${originText(origin)}`;
  if (origin.deleted === undefined) return `changed ${by}`;
  return sameId(origin.deleted, id) ? `deleted ${by}` : `other side deleted ${by}`;
}

function originText({ author, at }: ChangeOriginBody): string {
  return `${cut(plain(authorText(author)), LONGEST_NAME)} at ${timeText(at)}`;
}

function stateWord({ state }: DriftBody): string {
  switch (state) {
    case 'puttingRight':
      return 'being put right';
    case 'waiting':
      return 'waits: ';
    case 'refused':
      return 'stays: ';
    case 'reported':
      return 'only reported: ';
    case 'ignored':
      return 'ignored: ';
    case 'failed':
      return 'failed: ';
  }
}

function conflictLines(conflicts: readonly DriftConflictBody[], options: DriftViewOptions): string[] {
  if (conflicts.length === 0) return [];
  const { style, columns, baseline, command } = options;
  return [
    'Conflicts with another writer:',
    ...conflicts.flatMap((conflict) => {
      const theirs = conflict.changedBack.at(-1);
      const last = theirs?.origin
        ? `by ${originText(theirs.origin)}`
        : theirs === undefined
          ? ''
          : `seen ${timeText(theirs.at)}`;
      const ours = conflict.putRight.at(-1);
      const lastOurs = ours === undefined ? '' : `, last ${timeText(ours.at)} (${plain(ours.operationId)})`;
      const until = timeText(conflict.until);
      const end = conflict.stopped
        ? withCommand(
            `left alone until ${until}; find out what writes it, then`,
            `${command} reconcile ${plain(baseline)}`,
            columns,
            '    ',
          )
        : wrapped(`put right again at ${until}`, columns, '    ');
      return [
        `  ${style.bold(resourceText(conflict.id))}  ${plain(conflict.path === '' ? 'the resource itself' : conflict.path)}`,
        ...wrapped(`put right ${countText(conflict.putRight.length, 'time')}${lastOurs}`, columns, '    '),
        ...wrapped(`changed back ${countText(conflict.changedBack.length, 'time')}, last ${last}`, columns, '    '),
        ...end,
      ];
    }),
  ];
}

/** ` as of the scan at 2026-03-01 09:00Z and events since`; a list that nobody has made whole yet is of events only. */
function asOfText({ lastScan, lastLook }: Pick<BaselineDriftBody, 'lastScan' | 'lastLook'>): string {
  if (!lastScan) return ' as far as events told';
  const since = lastLook && Date.parse(lastLook.at) > Date.parse(lastScan.at) ? ' and events since' : '';
  return ` as of the scan at ${timeText(lastScan.at)}${since}`;
}

function foreignLines(drift: BaselineDriftBody, options: DriftViewOptions): string[] {
  const { foreignEntries, foreignEntryCount } = drift;
  if (foreignEntryCount === 0) return [];
  const { style, full } = options;
  const visible = full ? foreignEntries : foreignEntries.slice(0, SHOWN_FOREIGN);
  const left = foreignEntryCount - visible.length;
  const byResource = Map.groupBy(visible, ({ id }) => id.toLowerCase());
  return [
    `Added to managed resources by others (${foreignEntryCount}),${asOfText(drift)}; never touched:`,
    ...[...byResource.values()].flatMap((entries) => [
      ...entries.slice(0, 1).map(({ id, kind }) => `  ${style.bold(resourceText(id))}  ${style.dim(plain(kind))}`),
      ...entries.flatMap((entry) => entryLines(entry, options)),
    ]),
    ...(left > 0 ? [`  and ${left} more${full ? '' : ': --full'}`] : []),
  ];
}

/** Another entry of the same resource may have been changed last: its event names the resource. */
function entryLines({ path, description, origin, firstSeenAt }: ForeignEntryBody, options: DriftViewOptions): string[] {
  const { style, columns } = options;
  const what = description === '' ? plain(path) : `${plain(path)}: ${plain(description)}`;
  const seen = `since ${timeText(firstSeenAt)}`;
  const who = origin ? `${seen}; resource changed by ${originText(origin)}` : `${seen}; no event told by whom`;
  return [...wrapped(what, columns, '    '), ...wrapped(who, columns, '      ').map((line) => style.dim(line))];
}

function unmanagedLines(
  { unmanaged, unmanagedCount, unmanagedAt }: BaselineDriftBody,
  { style, full }: DriftViewOptions,
): string[] {
  if (unmanagedCount === 0) return [];
  const asOf = unmanagedAt ? `, as of the scan at ${timeText(unmanagedAt)}` : '';
  const visible = full ? unmanaged : unmanaged.slice(0, SHOWN_UNMANAGED);
  const left = unmanagedCount - visible.length;
  return [
    `Not managed, in managed resource groups (${unmanagedCount})${asOf}; never touched:`,
    ...visible.map(({ id, type }) => `  ${resourceText(id)}  ${style.dim(plain(type))}`),
    ...(left > 0 ? [`  and ${left} more${full ? '' : ': --full'}`] : []),
  ];
}
