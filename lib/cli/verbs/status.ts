import type { BaselineBody, BaselineSummary } from '../../api/baseline.ts';
import type { PauseBody } from '../../api/pause.ts';
import { EXIT } from '../exit-code.ts';
import { nameArgument } from '../input.ts';
import { stateText } from '../operation-view.ts';
import { resourceText } from '../resource-name.ts';
import { plain, type Style } from '../style.ts';
import { table, timeText, valueText } from '../text.ts';
import type { Verb } from '../verb.ts';

export const statusVerb: Verb = {
  name: 'status',
  args: [{ name: '[name]', description: 'one baseline, with its adjustments and hold' }],
  summary: 'show baselines: version, mode, last result, adjustments, holds',
  options: [],
  examples: ['hubkeeper status', 'hubkeeper status prod', 'hubkeeper status prod --json | jq .spec'],
  async run(context, input) {
    if (input.args[0] !== undefined) {
      const { value } = await context.client.getBaseline(nameArgument(input.args[0]));
      const lines = context.json
        ? []
        : [...pauseLines((await context.client.getPause()).value, context.style), ...oneLines(value, context.style)];
      return { exitCode: EXIT.done, data: value, lines };
    }
    const { value } = await context.client.listBaselines();
    const lines = context.json
      ? []
      : [
          ...pauseLines((await context.client.getPause()).value, context.style),
          ...listLines(value.baselines, context.style),
        ];
    return { exitCode: EXIT.done, data: value, lines };
  },
};

/** Nothing when nothing is paused. */
export function pauseLines(pause: PauseBody, style: Style): string[] {
  if (!pause.paused) return [];
  const by =
    pause.by === null || pause.by === undefined || pause.by === '' ? 'by an app setting' : `by ${plain(pause.by)}`;
  const since =
    pause.since === null || pause.since === undefined || pause.since === '' ? '' : ` since ${timeText(pause.since)}`;
  const reason =
    pause.reason === null || pause.reason === undefined || pause.reason === '' ? '' : `: ${plain(pause.reason)}`;
  return [style.yellow(`Paused ${by}${since}${reason}. Nothing is written.`), ''];
}

function listLines(baselines: readonly BaselineSummary[], style: Style): string[] {
  if (baselines.length === 0) return ['No baselines. Make one: hubkeeper apply SPEC'];
  return table(
    ['NAME', 'VERSION', 'MODE', 'LAST RESULT', 'AT', 'ADJUSTMENTS', 'HOLD'],
    baselines.map((baseline) => [
      plain(baseline.name),
      String(baseline.version),
      baseline.mode,
      baseline.lastResult ? stateText(baseline.lastResult.state, style) : style.dim('none yet'),
      baseline.lastResult ? timeText(baseline.lastResult.at) : '',
      baseline.adjustments.length === 0 ? '' : String(baseline.adjustments.length),
      baseline.hold ? `until ${timeText(baseline.hold.until)}` : '',
    ]),
  );
}

function oneLines(baseline: BaselineBody, style: Style): string[] {
  const { lastResult, hold } = baseline;
  const lines = [
    `${style.bold(plain(baseline.name))}  version ${baseline.version}, mode ${baseline.mode}`,
    lastResult
      ? `Last result: ${stateText(lastResult.state, style)} at ${timeText(lastResult.at)}, operation ${plain(lastResult.operationId)}`
      : 'Last result: none yet',
  ];
  if (hold) {
    const scope = hold.scope === undefined ? 'everything' : plain(hold.scope);
    lines.push(
      `Hold: ${style.yellow(scope)} until ${timeText(hold.until)}, ${plain(hold.owner)}: ${plain(hold.reason)}`,
    );
  }
  if (baseline.adjustments.length === 0) return [...lines, 'Adjustments: none'];
  return [
    ...lines,
    'Adjustments:',
    ...table(
      ['ID', 'KIND', 'TARGET', 'VALUE', 'UNTIL', 'REASON'],
      baseline.adjustments.map((adjustment) => [
        plain(adjustment.id),
        plain(adjustment.kind),
        resourceText(adjustment.target),
        valueText(adjustment.value, 30),
        adjustment.until === null ? 'it has passed' : timeText(adjustment.until),
        plain(adjustment.reason),
      ]),
    ).map((line) => `  ${line}`),
  ];
}
