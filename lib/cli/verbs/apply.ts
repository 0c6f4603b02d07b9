import { CliError } from '../cli-error.ts';
import { mayBeAsked, saysYes } from '../confirm.ts';
import { EXIT } from '../exit-code.ts';
import { followOperation, followOptions, startedResult, watchingOf } from '../followed-result.ts';
import { optionText } from '../input.ts';
import { planLines } from '../plan-view.ts';
import { aboutSpec, nameInSpec, type SpecFile, specFile } from '../spec-file.ts';
import { plain } from '../style.ts';
import type { Context, Verb } from '../verb.ts';

export const applyVerb: Verb = {
  name: 'apply',
  args: [{ name: '<spec>', description: 'a spec file, - for standard input' }],
  summary: 'store a spec and make it true',
  description:
    'Stores the spec, then watches the operation: a bar for everything long, what it waits for, how long it still takes.\nCtrl-C ends the watching; the operation goes on. On a terminal, risky changes are shown and asked about first.',
  options: [
    ...followOptions,
    { flags: '--if-match <version>', description: 'only if the stored spec still has this version' },
  ],
  examples: [
    'hubkeeper apply baseline.yaml',
    'hubkeeper apply baseline.yaml --yes --no-wait --json | jq -r .operationId',
    'hubkeeper apply baseline.yaml --if-match 7 --timeout 90',
  ],
  async run(context, input) {
    const watching = watchingOf(input);
    const ifMatch = optionText(input, 'ifMatch');
    const tag = ifMatch === undefined ? undefined : tagOf(ifMatch, context.command);
    const file = await specFile(context.world, input.args[0] ?? '');
    const name = nameInSpec(file);
    if (!(await agreed(context, name, file))) {
      return { exitCode: EXIT.failed, data: { applied: false }, lines: ['Nothing was started.'] };
    }
    const { value } = await aboutSpec(file, context.client.putBaseline(name, file, tag));
    for (const warning of value.warnings ?? []) {
      context.say([
        `${context.style.yellow('warning:')} ${plain(warning.path)}: ${plain(warning.message)}`,
        `    ${plain(warning.remedy)}`,
      ]);
    }
    const version = value.version === undefined ? '' : ` version ${value.version}`;
    const what = `Stored ${name}${version}; operation ${value.operationId} makes it true.`;
    if (input.options.wait === false) return startedResult(context, value.operationId, what, value);
    context.say([what]);
    return followOperation(context, watching, value.operationId);
  },
};

/** True unless a person, shown changes that disturb or destroy, says no. */
async function agreed(context: Context, name: string, file: SpecFile): Promise<boolean> {
  if (!mayBeAsked(context)) return true;
  const { value: plan } = await aboutSpec(file, context.client.planDocument(name, file));
  if (plan.changes.every((change) => change.risk === 'safe')) return true;
  context.say(planLines(plan, { style: context.style, full: false }));
  return saysYes(context, `Apply this to ${name}?`);
}

/** A bare version becomes a tag; a tag stays as it is. */
function tagOf(text: string, command: string): string {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return `"${trimmed}"`;
  if (trimmed === '*' || /^"[!#-~]+"$/.test(trimmed)) return trimmed;
  throw new CliError(EXIT.invalid, [
    {
      code: 'Usage',
      path: '--if-match',
      message: '--if-match is neither a version nor an ETag.',
      remedy: `Give the version that ${command} status shows, or the ETag in quotes.`,
    },
  ]);
}
