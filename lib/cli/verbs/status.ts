import type { BaselineBody, BaselineSummary, LiveOperationBody } from '../../api/baseline.ts';
import type { HoldBody } from '../../api/hold.ts';
import { isFinal } from '../../api/operation.ts';
import type { PauseBody } from '../../api/pause.ts';
import { adjustmentLines } from '../adjustment-view.ts';
import { CliError } from '../cli-error.ts';
import type { Bound } from '../drift-steps.ts';
import { driftCountText, driftLines } from '../drift-view.ts';
import { EXIT } from '../exit-code.ts';
import { nameArgument, optionFlag } from '../input.ts';
import { stateText, summaryLines, waitKindText } from '../operation-view.ts';
import { reactionLines, reactionText } from '../reaction-view.ts';
import { plain, type Style } from '../style.ts';
import { table, timeText, USUAL_COLUMNS } from '../text.ts';
import type { Context, Verb } from '../verb.ts';

export const statusVerb: Verb = {
  name: 'status',
  args: [{ name: '[name]', description: 'one baseline, with its adjustments and hold' }],
  summary: 'show baselines: version, mode, last result, holds, drift',
  options: [{ flags: '--full', description: 'of one baseline: every drift, the ignored ones too, values uncut' }],
  examples: ['hubkeeper status', 'hubkeeper status prod', 'hubkeeper status prod --json | jq .drift'],
  async run(context, input) {
    if (input.args[0] !== undefined) {
      const { value } = await context.client.getBaseline(nameArgument(input.args[0]));
      if (context.json) return { exitCode: EXIT.done, data: value, lines: [] };
      const pause = (await context.client.getPause()).value;
      const lines = [
        ...pauseLines(pause, context.style),
        ...oneLines(value, context.style, columnsOf(context)),
        ...reactionsOf(context, value),
        ...(await currentLines(context, value)),
        ...driftOf(context, value, pause, optionFlag(input, 'full')),
      ];
      return { exitCode: EXIT.done, data: value, lines };
    }
    const { value } = await context.client.listBaselines();
    const lines = context.json
      ? []
      : [
          ...pauseLines((await context.client.getPause()).value, context.style),
          ...listLines(value.baselines, context.style, context.command),
          ...openLines(value.baselines, context),
        ];
    return { exitCode: EXIT.done, data: value, lines };
  },
};

function columnsOf({ world }: Context): number {
  return world.stdout.columns ?? USUAL_COLUMNS;
}

function reactionsOf(context: Context, { name, reactions = [] }: BaselineBody): string[] {
  const { style, command } = context;
  return reactionLines(reactions, {
    style,
    columns: columnsOf(context),
    journalCommand: `${command} journal ${plain(name)}`,
  });
}

/** Below the list: what is open and no column tells. */
function openLines(baselines: readonly BaselineSummary[], { style, command }: Context): string[] {
  const lines = baselines.flatMap(({ name, reactions = [] }) =>
    reactions.map((reaction) => `${plain(name)}  ${style.yellow(reactionText(reaction))}`),
  );
  return lines.length === 0 ? [] : ['', ...lines, `More of it: ${command} status NAME`];
}

function driftOf(
  context: Context,
  { name, drift, driftProblem, hold }: BaselineBody,
  pause: PauseBody,
  full: boolean,
): string[] {
  const { style, command } = context;
  if (driftProblem !== undefined)
    return [`Drift: ${style.red(plain(driftProblem.message))} ${plain(driftProblem.remedy)}`];
  if (drift === undefined) return [];
  const columns = columnsOf(context);
  const bound = boundOf(pause, hold);
  const bounds = bound === undefined ? {} : { bound };
  return driftLines(drift, { style, full, columns, baseline: name, command, ...bounds });
}

/** What keeps everything from being written; a hold of a part does not. */
function boundOf(pause: PauseBody, hold: HoldBody | null | undefined): Bound | undefined {
  if (pause.paused) return isBySetting(pause) ? 'stopSetting' : 'pause';
  return hold && hold.scope === undefined ? 'hold' : undefined;
}

function isBySetting({ by }: PauseBody): boolean {
  return by === null || by === undefined || by === '';
}

/** Nothing when nothing is paused. */
export function pauseLines(pause: PauseBody, style: Style): string[] {
  if (!pause.paused) return [];
  const by = isBySetting(pause) ? 'by an app setting' : `by ${plain(String(pause.by))}`;
  const since =
    pause.since === null || pause.since === undefined || pause.since === '' ? '' : ` since ${timeText(pause.since)}`;
  const reason =
    pause.reason === null || pause.reason === undefined || pause.reason === '' ? '' : `: ${plain(pause.reason)}`;
  return [style.yellow(`Paused ${by}${since}${reason}. Nothing is written.`), ''];
}

/** `Hold: egress until 2026-03-01 18:00Z, duty: INC-1`. */
export function holdLine(hold: HoldBody, style: Style): string {
  return `Hold: ${style.yellow(scopeText(hold))} until ${timeText(hold.until)}, ${plain(hold.owner)}: ${plain(hold.reason)}`;
}

function scopeText({ scope }: HoldBody): string {
  return scope === undefined ? 'everything' : plain(scope);
}

/** `prod-25 waits for approval`, and behind a comma what is set aside meanwhile, or waits beside it. */
function nowText({ currentOperationId, liveOperations = [], teardown }: BaselineSummary): string {
  const waiting = new Map(liveOperations.map((one) => [one.id, waitsText(one)]));
  const others = liveOperations.filter(({ id, waitingFor }) => id !== currentOperationId && waitingFor.length > 0);
  const current =
    typeof currentOperationId === 'string'
      ? [`${teardown === true ? 'teardown ' : ''}${plain(currentOperationId)}${waiting.get(currentOperationId) ?? ''}`]
      : [];
  return [...current, ...others.map((one) => `${plain(one.id)}${waitsText(one)}`)].join(', ');
}

function waitsText({ state, waitingFor }: LiveOperationBody): string {
  if (waitingFor.length === 0) return '';
  const kinds = [...new Set(waitingFor.map(({ kind }) => waitKindText(kind)))].join(' and ');
  return state === 'waiting' ? ` waits for ${kinds}` : ` runs and waits for ${kinds}`;
}

/** What is going on at this moment, or what it waits for, and what waits meanwhile. */
async function currentLines(context: Context, baseline: BaselineBody): Promise<string[]> {
  const now = `Now: ${baseline.teardown === true ? 'tearing down' : 'reconciling'}`;
  const beside = baseline.besideOperationIds ?? [];
  return [
    ...(await liveLines(context, now, baseline.currentOperationId)),
    ...(await liveLines(context, 'Set aside meanwhile', baseline.setAsideOperationId)),
    ...(await Promise.all(beside.map((id) => liveLines(context, 'Waits beside', id)))).flat(),
  ];
}

/** Nothing when there is no such operation, or it has ended. */
async function liveLines({ client, style }: Context, what: string, id: string | null | undefined): Promise<string[]> {
  if (typeof id !== 'string') return [];
  const live = await client.getOperation(id).catch((error: unknown) => {
    if (error instanceof CliError && (error.status === 404 || error.status === 410)) return undefined;
    throw error;
  });
  if (live === undefined || isFinal(live.value.state)) return [];
  const { value } = live;
  return [
    `${what}, started by ${plain(value.requestedBy ?? value.trigger)}`,
    ...summaryLines(value, style).map((line) => `  ${line}`),
  ];
}

function listLines(baselines: readonly BaselineSummary[], style: Style, command: string): string[] {
  if (baselines.length === 0) return [`No baselines. Make one: ${command} apply SPEC`];
  return table(
    ['NAME', 'VERSION', 'MODE', 'LAST RESULT', 'AT', 'NOW', 'ADJUSTMENTS', 'DRIFT', 'HOLD'],
    baselines.map((baseline) => [
      plain(baseline.name),
      baseline.version === 0 ? '' : String(baseline.version),
      baseline.version === 0 ? style.dim('torn down') : baseline.mode,
      baseline.lastResult ? stateText(baseline.lastResult.state, style) : style.dim('none yet'),
      baseline.lastResult ? timeText(baseline.lastResult.at) : '',
      nowText(baseline),
      baseline.adjustments.length === 0 ? '' : String(baseline.adjustments.length),
      baseline.driftProblem === undefined ? driftCountText(baseline.driftCounts) : style.red('unreadable'),
      baseline.hold ? `${scopeText(baseline.hold)} until ${timeText(baseline.hold.until)}` : '',
    ]),
  );
}

function oneLines(baseline: BaselineBody, style: Style, columns: number): string[] {
  const { lastResult, hold } = baseline;
  const lines = [
    baseline.version === 0
      ? `${style.bold(plain(baseline.name))}  torn down: no spec of it is in force`
      : `${style.bold(plain(baseline.name))}  version ${baseline.version}, mode ${baseline.mode}`,
    lastResult
      ? `Last result: ${stateText(lastResult.state, style)} at ${timeText(lastResult.at)}, operation ${plain(lastResult.operationId)}`
      : 'Last result: none yet',
  ];
  if (hold) lines.push(holdLine(hold, style));
  if (baseline.version === 0) return lines;
  return [...lines, ...adjustmentLines(baseline.adjustments, style, columns)];
}
