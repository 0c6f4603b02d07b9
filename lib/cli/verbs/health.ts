import type { HealthBody } from '../../api/health.ts';
import { EXIT } from '../exit-code.ts';
import { plain, type Style } from '../style.ts';
import { table, timeText } from '../text.ts';
import type { Verb } from '../verb.ts';

export const healthVerb: Verb = {
  name: 'health',
  args: [],
  summary: 'self-check of the app: identity, storage, queues, timers',
  options: [],
  examples: ['hubkeeper health', 'hubkeeper health --json | jq \'.checks[] | select(.state != "ok")\''],
  async run(context) {
    const { value } = await context.client.health();
    return {
      exitCode: value.status === 'failed' ? EXIT.failed : EXIT.done,
      data: value,
      lines: healthLines(value, context.style),
    };
  },
};

function healthLines(health: HealthBody, style: Style): string[] {
  const version = health.version === undefined ? '' : `  version ${plain(health.version)}`;
  const rows = health.checks.map((check) => [
    plain(check.name),
    check.state === 'ok' ? style.green(check.state) : style.red(check.state),
    check.at ? timeText(check.at) : '',
    [check.message, ...(check.remedy === undefined ? [] : [check.remedy])].map(plain).join(' '),
  ]);
  const status = health.status === 'ok' ? style.green(health.status) : style.yellow(health.status);
  return [
    `${style.bold('Health:')} ${status}${version}`,
    ...(rows.length === 0 ? [] : table(['CHECK', 'STATE', 'AT', 'FINDING'], rows)),
  ];
}
