import type { AcceptedBody } from '../../api/operation.ts';
import { isFinal } from '../../api/operation.ts';
import type { PlanBody } from '../../api/plan.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { nameArgument, optionFlag } from '../input.ts';
import { planLines } from '../plan-view.ts';
import { aboutSpec, looksLikeFile, nameInSpec, readSpecFile } from '../spec-file.ts';
import { plain } from '../style.ts';
import type { Context, Verb } from '../verb.ts';
import { holdLine, pauseLines } from './status.ts';

export const planVerb: Verb = {
  name: 'plan',
  args: [{ name: '<spec|name>', description: 'a spec file (- for standard input), or the name of a stored baseline' }],
  summary: 'show what would change, and change nothing',
  description: 'Compares a spec with Azure as it is now. A file is not stored; a name stands for the stored spec.',
  options: [{ flags: '--full', description: 'every property of every change, values uncut' }],
  examples: ['hubkeeper plan baseline.yaml', 'hubkeeper plan prod --full', 'hubkeeper plan prod --json | jq .hash'],
  async run(context, input) {
    const plan = await planOf(context, input.args[0] ?? '');
    const lines = planLines(plan, { style: context.style, full: optionFlag(input, 'full') });
    return {
      exitCode: EXIT.done,
      data: plan,
      lines: context.json ? [] : [...lines, ...(await obstacleLines(context, plan.baseline))],
    };
  },
};

/** What keeps the plan from being done now, however good it is. */
async function obstacleLines(context: Context, name: string | undefined): Promise<string[]> {
  if (name === undefined) return [];
  const stored = await context.client.getBaseline(name).catch((error: unknown) => {
    if (error instanceof CliError && error.status === 404) return undefined;
    throw error;
  });
  const pause = pauseLines((await context.client.getPause()).value, context.style);
  const hold = stored?.value.hold;
  const lines = [...pause.filter((line) => line !== ''), ...(hold ? [holdLine(hold, context.style)] : [])];
  return lines.length === 0 ? [] : ['', ...lines];
}

async function planOf(context: Context, argument: string): Promise<PlanBody> {
  const file = await readSpecFile(context.world, argument);
  if (file !== null) return (await aboutSpec(file, context.client.planDocument(nameInSpec(file), file))).value;
  if (looksLikeFile(argument)) {
    throw usageError(
      `There is no file ${plain(argument)}.`,
      'Give the path of a spec, or the name of a stored baseline.',
      'SPEC',
    );
  }
  const { value } = await context.client.planBaseline(nameArgument(argument));
  return isPlan(value) ? value : planOfOperation(context, value);
}

function isPlan(value: PlanBody | AcceptedBody): value is PlanBody {
  return 'hash' in value && 'changes' in value;
}

/** A plan that takes longer than a call may: it comes with the operation. */
async function planOfOperation(context: Context, { operationId }: AcceptedBody): Promise<PlanBody> {
  const { operation } = await follow(context.world, context.client, context.progress(), {
    operationId,
    waitForApproval: true,
  });
  if (operation?.plan !== undefined && operation.plan !== null) return operation.plan;
  const ended = operation !== undefined && isFinal(operation.state);
  throw new CliError(EXIT.failed, [
    ...(operation?.errors ?? []).map(({ code, message, remedy }) => ({ code, path: '', message, remedy })),
    {
      code: 'NoPlan',
      path: '',
      message: ended
        ? `Operation ${operationId} ended without a plan.`
        : `The plan is still being made by operation ${operationId}.`,
      remedy: ended ? 'Make the plan again.' : `Look at it later: ${context.command} follow ${operationId} --json.`,
    },
  ]);
}
