import { operationsQuery } from '../../api/journal.ts';
import { EXIT } from '../exit-code.ts';
import { checked, nameArgument, optionText } from '../input.ts';
import { stateText } from '../operation-view.ts';
import { plain } from '../style.ts';
import { minutesText, table, timeText } from '../text.ts';
import type { Verb } from '../verb.ts';

export const operationsVerb: Verb = {
  name: 'operations',
  args: [{ name: '[name]', description: 'only those of this baseline' }],
  summary: 'list operations, the newest first',
  options: [
    { flags: '--limit <count>', description: 'at most so many' },
    { flags: '--continuation <text>', description: 'read on where the answer before ended' },
  ],
  examples: [
    'hubkeeper operations',
    'hubkeeper operations prod --limit 5',
    "hubkeeper operations --json | jq -r '.operations[].id'",
  ],
  async run(context, input) {
    const baseline = input.args[0] === undefined ? undefined : nameArgument(input.args[0]);
    const limit = optionText(input, 'limit');
    const continuation = optionText(input, 'continuation');
    checked(operationsQuery, { baseline, limit, continuation });
    const { value } = await context.client.listOperations({
      ...(baseline === undefined ? {} : { baseline }),
      ...(limit === undefined ? {} : { limit }),
      ...(continuation === undefined ? {} : { continuation }),
    });
    const rows = value.operations.map((operation) => [
      plain(operation.id),
      plain(operation.baseline),
      plain(operation.trigger),
      stateText(operation.state, context.style),
      `${operation.progress.done}/${operation.progress.total}`,
      operation.state === 'running' ? minutesText(operation.progress.criticalPathMinutesLeft) : '',
      operation.createdAt === undefined ? '' : timeText(operation.createdAt),
    ]);
    const lines =
      rows.length === 0
        ? ['No operations.']
        : table(['ID', 'BASELINE', 'TRIGGER', 'STATE', 'DONE', 'LEFT', 'STARTED'], rows);
    if (typeof value.next === 'string') lines.push('', `More: --continuation ${plain(value.next)}`);
    return { exitCode: EXIT.done, data: value, lines };
  },
};
