import {
  isFinal,
  type OperationBody,
  type OperationNode,
  type OperationState,
  type WaitingFor,
} from '../api/operation.ts';
import { countText } from '../count-text.ts';
import { type Caused, causeGroups, countOfGroup, dependentsText, namesText } from './cause-groups.ts';
import { resourceText } from './resource-name.ts';
import { plain, type Style } from './style.ts';
import { minutesText, timeText } from './text.ts';

/** Something under way that is worth a bar. */
export interface RunningRow {
  readonly id: string;
  readonly label: string;
  /** 0 to 99: what is under way is not done. */
  readonly percent: number;
  /** `10 of about 45 min`. */
  readonly note: string;
}

/** Everything that waits for the same. */
export interface WaitingGroup {
  readonly reason: string;
  /** The reason with what it holds up. */
  readonly line: string;
}

/** An operation, boiled down to what the screen shows. */
export interface ProgressView {
  readonly baseline: string;
  readonly state: OperationState;
  readonly done: number;
  readonly total: number;
  readonly minutesLeft: number;
  /** The longest first. */
  readonly running: readonly RunningRow[];
  /** Why something waits; each reason once. */
  readonly waiting: readonly WaitingGroup[];
  /** Resources that wait; the operation as a whole counts as one. */
  readonly waitingCount: number;
}

/** What is to be seen of an operation at `nowMs` (milliseconds since 1970), unless the app itself says what time it is. */
export function progressView(operation: OperationBody, nowMs: number): ProgressView {
  const atMs = operation.at === undefined ? nowMs : Date.parse(operation.at);
  const running = operation.nodes
    .filter((node) => node.state === 'running')
    .map((node) => ({ node, estimate: node.estimatedMinutes ?? 0 }))
    .sort((one, other) => other.estimate - one.estimate || compare(one.node.id, other.node.id));
  return {
    baseline: plain(operation.baseline),
    state: operation.state,
    done: operation.progress.done,
    total: operation.progress.total,
    minutesLeft: operation.progress.criticalPathMinutesLeft,
    running: running.map(({ node }) => runningRow(node, atMs)),
    waiting: waitingGroups(operation),
    waitingCount: Math.max(
      operation.nodes.filter((node) => node.state === 'waiting').length,
      (operation.waitingFor?.length ?? 0) > 0 ? 1 : 0,
    ),
  };
}

/** What happened to single resources between two answers, as lines. `previous` is absent for the first answer. */
export function transitionLines(previous: OperationBody | undefined, current: OperationBody, style: Style): string[] {
  const before = new Map(previous?.nodes.map((node) => [node.id, node.state]));
  const lines: string[] = [];
  const skipped: OperationNode[] = [];
  for (const node of current.nodes) {
    if (before.get(node.id) === node.state) continue;
    if (node.state === 'skipped') skipped.push(node);
    const line = transitionLine(node, current, style, previous === undefined);
    if (line !== undefined) lines.push(line);
  }
  return [...lines, ...skippedLines(skipped, style)];
}

/** Why an operation waits: each root cause once, with what it holds up. */
export function waitingGroups(operation: OperationBody): readonly WaitingGroup[] {
  const nodes = operation.nodes.filter((node) => node.state === 'waiting');
  const groups = causeGroups(
    nodes.map((node): Caused => {
      const text = node.waitingFor === undefined ? 'No reason is given.' : waitingText(node.waitingFor);
      return { id: node.id, text, cause: node.waitingFor?.cause };
    }),
  );
  const told = new Set(nodes.flatMap((node) => (node.waitingFor === undefined ? [] : [waitingText(node.waitingFor)])));
  const ofWhole = new Set((operation.waitingFor ?? []).map(waitingText).filter((text) => !told.has(text)));
  return [
    ...[...ofWhole].map((reason) => ({ reason, line: reason })),
    ...groups.map((group) => ({
      reason: group.text,
      line: `${[waitersText(group.ids, operation), dependentsText(group)].filter((text) => text !== '').join(' ')}: ${group.text}`,
    })),
  ];
}

/** Names, unless it is all that the operation has: a list of everything tells nothing. */
function waitersText(ids: readonly string[], operation: OperationBody): string {
  return ids.length > 1 && ids.length === operation.nodes.length ? `all ${ids.length} resources` : namesText(ids);
}

/** Hashes that somebody has to approve before the operation goes on. */
export function hashesToApprove(operation: OperationBody): string[] {
  const waiting = [
    ...(operation.waitingFor ?? []),
    ...operation.nodes.flatMap((node) => (node.state === 'waiting' && node.waitingFor ? [node.waitingFor] : [])),
  ];
  const hashes = waiting.flatMap((item) =>
    item.kind === 'approval' ? [item.planHash ?? operation.planHash ?? ''] : [],
  );
  return [...new Set(hashes.filter((hash) => hash !== ''))];
}

/** What something waits for, in a word or two. */
export function waitKindText(kind: WaitingFor['kind']): string {
  switch (kind) {
    case 'approval':
    case 'hold':
    case 'pause':
    case 'carrier':
    case 'budget':
      return kind;
    case 'changeWindow':
      return 'change window';
    case 'backOff':
      return 'another writer';
    case 'other':
      return 'something else';
  }
}

/** True when nothing more happens until somebody approves. */
export function waitsForApproval(operation: OperationBody): boolean {
  if (operation.state !== 'waiting') return false;
  const kinds = [
    ...(operation.waitingFor ?? []).map((item) => item.kind),
    ...operation.nodes.flatMap((node) => (node.state === 'waiting' && node.waitingFor ? [node.waitingFor.kind] : [])),
  ];
  return kinds.includes('approval');
}

/** How an operation ended, or stands: one line, then everything that went wrong with its remedy. */
export function summaryLines(operation: OperationBody, style: Style): string[] {
  const { done, total } = operation.progress;
  const count = total === 0 ? nothingText(operation) : `${done} of ${countText(total, 'resource')} done`;
  const duration = durationMinutes(operation);
  const took = duration === undefined ? '' : `, ${minutesText(duration)}`;
  const heading = `${stateText(operation.state, style)}  ${plain(operation.baseline)}: ${count}${took}  ${style.dim(plain(operation.id))}`;
  return [
    heading,
    ...waitingGroups(operation).map(({ line }) => `  waits: ${line}`),
    ...notMadeLines(operation),
    ...errorLines(operation, style),
  ];
}

function nothingText(operation: OperationBody): string {
  if (!isFinal(operation.state)) return 'nothing is written yet';
  const isDone = operation.state === 'succeeded' && (operation.refused ?? []).length === 0;
  return isDone ? 'nothing was to be done' : 'nothing was written';
}

/** Changes that the mode or a reaction's mode keeps from being made: no fault, but not to be overlooked. */
function notMadeLines(operation: OperationBody): string[] {
  const failed = new Set(operation.errors.map((error) => error.resource?.toLowerCase()));
  const quiet = (operation.refused ?? []).filter(({ id }) => !failed.has(id.toLowerCase()));
  return causeGroups(quiet.map(({ id, why, cause }) => ({ id, text: plain(why), cause }))).map((group) => {
    const were = group.ids.length === 1 && group.dependents.length === 0 ? 'was' : 'were';
    return `  ${countOfGroup(group, 'change')} ${were} not made: ${namesText(group.ids)}. ${group.text}`;
  });
}

export function stateText(state: string, style: Style): string {
  switch (state) {
    case 'succeeded':
      return style.green(state);
    case 'failed':
      return style.red(state);
    case 'partial':
    case 'stopped':
    case 'waiting':
      return style.yellow(state);
    case 'running':
    case 'queued':
      return style.cyan(state);
    default:
      return plain(state);
  }
}

function errorLines(operation: OperationBody, style: Style): string[] {
  const causes = new Map((operation.refused ?? []).map(({ id, cause }) => [id.toLowerCase(), cause]));
  const whole = operation.errors.filter((error) => error.resource === undefined);
  const items = operation.errors.flatMap((error): Caused[] =>
    error.resource === undefined
      ? []
      : [{ id: error.resource, text: errorText(error, style), cause: causes.get(error.resource.toLowerCase()) }],
  );
  const blocked = operation.nodes.flatMap(({ id, blockedBy }): Caused[] =>
    blockedBy === undefined ? [] : [{ id, text: '', cause: blockedBy }],
  );
  const remedies = new Map(operation.errors.map((error) => [errorText(error, style), remedyText(error)]));
  return [
    ...whole.flatMap((error) => [`  ${style.red('×')} ${errorText(error, style)}`, `      ${remedyText(error)}`]),
    ...causeGroups([...items, ...blocked])
      .filter(({ text }) => text !== '')
      .flatMap((group) => [
        `  ${style.red('×')} ${style.bold(namesText(group.ids))}: ${group.text}`,
        ...(group.dependents.length === 0 ? [] : [`      ${dependentsText(group)}`]),
        `      ${remedies.get(group.text) ?? ''}`,
      ]),
  ];
}

function errorText(error: OperationBody['errors'][number], style: Style): string {
  return `${plain(error.message)} ${style.dim(`[${plain(error.code)}]`)}`;
}

function remedyText(error: OperationBody['errors'][number]): string {
  return `${whoActs(error.actor)}: ${plain(error.remedy)}`;
}

function whoActs(actor: OperationBody['errors'][number]['actor']): string {
  switch (actor) {
    case 'caller':
      return 'you';
    case 'operator':
      return 'operator';
    case 'azure-temporary':
      return 'Azure, for now';
    case 'azure-permanent':
      return 'Azure refuses';
    case 'us':
      return 'a fault of Hubkeeper';
  }
}

function runningRow(node: OperationNode, atMs: number): RunningRow {
  const elapsed = node.startedAt === undefined ? 0 : Math.max(0, (atMs - Date.parse(node.startedAt)) / 60_000);
  const estimate = node.estimatedMinutes ?? 0;
  return {
    id: node.id,
    label: `${verbOf(node)} ${resourceText(node.id)}`,
    percent: estimate <= 0 ? 0 : Math.min(99, Math.floor((elapsed / estimate) * 100)),
    note: estimate <= 0 ? minutesText(elapsed) : `${minutesText(elapsed)} of about ${minutesText(estimate)}`,
  };
}

function transitionLine(
  node: OperationNode,
  operation: OperationBody,
  style: Style,
  first: boolean,
): string | undefined {
  const name = resourceText(node.id);
  switch (node.state) {
    case 'pending':
    case 'waiting':
      // What waits is said once for all of it, with the reasons.
      return undefined;
    case 'running':
      return `${style.cyan('›')} ${verbOf(node)} ${name}${estimateOf(node)}`;
    case 'succeeded':
      // Somebody who looks at an operation half way wants to know what is going on, not everything that went before.
      return first ? undefined : `${style.green('✓')} ${pastOf(node)} ${name}${tookOf(node)}`;
    case 'failed': {
      const error = operation.errors.find((candidate) => candidate.resource?.toLowerCase() === node.id.toLowerCase());
      return `${style.red('×')} ${name} failed${error === undefined ? '' : `: ${plain(error.message)}`}`;
    }
    case 'skipped':
      // Told together: with one failure dozens go that way.
      return undefined;
  }
}

function skippedLines(skipped: readonly OperationNode[], style: Style): string[] {
  if (skipped.length === 0) return [];
  const were = skipped.length === 1 ? 'was' : 'were';
  return [`${style.dim('-')} ${namesText(skipped.map(({ id }) => id))} ${were} not started`];
}

function verbOf(node: OperationNode): string {
  switch (node.action) {
    case 'create':
      return 'creating';
    case 'update':
      return 'updating';
    case 'delete':
      return 'deleting';
    case undefined:
      return 'writing';
  }
}

function pastOf(node: OperationNode): string {
  switch (node.action) {
    case 'create':
      return 'created';
    case 'update':
      return 'updated';
    case 'delete':
      return 'deleted';
    case undefined:
      return 'done with';
  }
}

function estimateOf(node: OperationNode): string {
  return node.estimatedMinutes === undefined || node.estimatedMinutes < 1
    ? ''
    : `, about ${minutesText(node.estimatedMinutes)}`;
}

function tookOf(node: OperationNode): string {
  if (node.startedAt === undefined || node.endedAt === undefined) return '';
  return `, ${minutesText((Date.parse(node.endedAt) - Date.parse(node.startedAt)) / 60_000)}`;
}

function waitingText(waiting: WaitingFor): string {
  const until = waiting.until === undefined ? '' : ` (until ${timeText(waiting.until)})`;
  return `${plain(waiting.reason)}${until}`;
}

function durationMinutes(operation: OperationBody): number | undefined {
  if (operation.createdAt === undefined || operation.endedAt === undefined) return undefined;
  return (Date.parse(operation.endedAt) - Date.parse(operation.createdAt)) / 60_000;
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
