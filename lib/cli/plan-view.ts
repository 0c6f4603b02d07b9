import type { ChangeBody, DifferenceBody, PlanBody } from '../api/plan.ts';
import { countText } from '../count-text.ts';
import { isJsonObject, type Json } from '../json.ts';
import { listDifference } from '../plan/list-difference.ts';
import { causeGroups, dependentsText, namesText } from './cause-groups.ts';
import { resourceText } from './resource-name.ts';
import { plain, type Style } from './style.ts';
import { minutesText, valueText } from './text.ts';

export interface PlanViewOptions {
  readonly style: Style;
  /** Every property of every change, values uncut. Otherwise new and removed resources are one line each. */
  readonly full: boolean;
}

/** Longest value in a line of a difference. */
const VALUE_LENGTH = 72;

/** A plan as people read it, line by line. */
export function planLines(plan: PlanBody, { style, full }: PlanViewOptions): string[] {
  const lines = [...warningLines(plan, style)];
  const keptDrift = plan.refused.filter(({ code }) => isKeptDrift(code));
  const refused = plan.refused.filter(({ code }) => !isKeptDrift(code));
  if (plan.changes.length === 0) {
    lines.push(nothingText(refused.length, keptDrift.length));
  } else {
    for (const [reason, changes] of byReason(plan.changes)) {
      lines.push(`  ${plain(reason).replace(/\.$/, '')}:`);
      for (const change of changes) lines.push(...changeLines(change, style, full));
    }
  }
  lines.push(...refusedLines('Refused', refused, style, full));
  lines.push(...refusedLines('Drift that stays by its policy', keptDrift, style, full));
  lines.push('', ...totalLines(plan, style));
  return lines;
}

/** A difference that the drift policy reports or ignores: nothing stands in its way. */
function isKeptDrift(code: string | undefined): boolean {
  return code === 'DriftReported' || code === 'DriftIgnored';
}

function nothingText(refused: number, keptDrift: number): string {
  if (refused > 0) return 'Nothing that may be done.';
  return keptDrift > 0 ? 'Nothing to do: what differs stays.' : 'Nothing to do: everything is as declared.';
}

function refusedLines(heading: string, refused: PlanBody['refused'], style: Style, full: boolean): string[] {
  if (refused.length === 0) return [];
  const lines = ['', style.bold(`${heading} (${refused.length})`)];
  const items = refused.map(({ id, why, cause }) => ({ id, text: plain(why), cause }));
  for (const group of causeGroups(items)) {
    lines.push(`  ${style.red('×')} ${style.bold(namesText(group.ids, full))}`, `      ${group.text}`);
    if (group.dependents.length === 0) continue;
    lines.push(`      ${dependentsText(group)}${full ? `: ${namesText(group.dependents, true)}` : ''}`);
  }
  return lines;
}

/** `2 to create, 1 to update; 45 min on the critical path`. */
export function planSummary(plan: PlanBody): string {
  if (plan.changes.length === 0) {
    return plan.refused.length === 0 ? 'no changes' : `no changes, ${plan.refused.length} refused`;
  }
  const parts = (['create', 'update', 'delete'] as const)
    .map((action) => ({ action, count: plan.changes.filter((change) => change.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${count} to ${action}`);
  if (plan.refused.length > 0) parts.push(`${plan.refused.length} refused`);
  return `${parts.join(', ')}; ${minutesText(plan.criticalPathMinutes)} on the critical path`;
}

/** In the order of their first appearance: with dozens of new resources, one reason is said once. */
function byReason(changes: readonly ChangeBody[]): ReadonlyMap<string, readonly ChangeBody[]> {
  const groups = new Map<string, ChangeBody[]>();
  for (const change of changes) groups.set(change.reason, [...(groups.get(change.reason) ?? []), change]);
  return groups;
}

function changeLines(change: ChangeBody, style: Style, full: boolean): string[] {
  const { mark, paint } = signOf(change.action, style);
  const details = [plain(change.kind), minutesText(change.estimatedMinutes)];
  if (change.owner !== 'spec') details.push(`by ${plain(change.owner)}`);
  const heading = `${paint(`${mark} ${change.action}`)} ${style.bold(resourceText(change.id))}  ${style.dim(details.join(', '))}`;
  const lines = [`    ${heading}${riskText(change, style)}`];
  if (full || change.action === 'update') {
    for (const difference of change.diff) lines.push(...differenceLines(difference, style, full));
  }
  return lines;
}

function signOf(
  action: ChangeBody['action'],
  style: Style,
): { readonly mark: string; readonly paint: (text: string) => string } {
  switch (action) {
    case 'create':
      return { mark: '+', paint: style.green };
    case 'update':
      return { mark: '~', paint: style.yellow };
    case 'delete':
      return { mark: '-', paint: style.red };
  }
}

function riskText(change: ChangeBody, style: Style): string {
  switch (change.risk) {
    case 'safe':
      return '';
    case 'disruptive':
      return `  ${style.yellow('! disruptive')}`;
    case 'destructive':
      return `  ${style.red('!! destructive')}`;
  }
}

/** What stands before each side of a difference: on one line, and where each side has its own. */
export interface SideLabels {
  readonly inline: { readonly before: string; readonly after: string };
  readonly stacked: { readonly before: string; readonly after: string };
}

const OF_A_CHANGE: SideLabels = { inline: { before: '', after: ' → ' }, stacked: { before: '- ', after: '+ ' } };

/** Of what differs and is not changed by that: an arrow would read as what somebody did. */
export const OF_A_FINDING: SideLabels = {
  inline: { before: 'found ', after: ', declared ' },
  stacked: { before: 'found:    ', after: 'declared: ' },
};

/** One line, or three where before and after do not fit beside each other. */
export function differenceLines(
  difference: DifferenceBody,
  style: Style,
  full: boolean,
  indent = '        ',
  { inline, stacked }: SideLabels = OF_A_CHANGE,
): string[] {
  const path = plain(difference.path);
  const length = full ? Number.POSITIVE_INFINITY : VALUE_LENGTH;
  const isWhole = difference.before === undefined || difference.after === undefined;
  const textOf = (value: Json | undefined) =>
    (full || !isWhole ? undefined : nameOf(value)) ?? valueText(value, length);
  const texts = { before: textOf(difference.before), after: textOf(difference.after) };
  const isCut = !full && Math.max(texts.before.length, texts.after.length) >= VALUE_LENGTH;
  // Two long lists begin alike: what tells them apart is shown.
  const lists = isCut ? listDifference(difference.before, difference.after, VALUE_LENGTH) : undefined;
  const { before, after } = lists === undefined ? texts : { before: plain(lists.before), after: plain(lists.after) };
  if (before.length + after.length <= VALUE_LENGTH) {
    return [`${indent}${path}: ${inline.before}${style.red(before)}${inline.after}${style.green(after)}`];
  }
  return [
    `${indent}${path}:`,
    `${indent}  ${style.red(`${stacked.before}${before}`)}`,
    `${indent}  ${style.green(`${stacked.after}${after}`)}`,
  ];
}

/** An entry that comes or goes as a whole is known by its name. */
function nameOf(value: Json | undefined): string | undefined {
  return value !== undefined && isJsonObject(value) && typeof value.name === 'string' ? plain(value.name) : undefined;
}

function warningLines(plan: PlanBody, style: Style): string[] {
  const warnings = plan.warnings ?? [];
  if (warnings.length === 0) return [];
  const lines = warnings.flatMap((warning) => [
    `${style.yellow('warning:')} ${plain(warning.path)}: ${plain(warning.message)}`,
    `      ${plain(warning.remedy)}`,
  ]);
  return [...lines, ''];
}

function totalLines(plan: PlanBody, style: Style): string[] {
  const lines = [`${style.bold('Plan:')} ${planSummary(plan)}`];
  const risky = (['disruptive', 'destructive'] as const)
    .map((risk) => ({ risk, count: plan.changes.filter((change) => change.risk === risk).length }))
    .filter(({ count }) => count > 0)
    .map(({ risk, count }) => countText(count, `${risk} change`));
  if (risky.length > 0) lines.push(`${style.bold('Risk:')} ${risky.join(', ')}`);
  lines.push(`${style.bold('Hash:')} ${plain(plan.hash)}`);
  return lines;
}
