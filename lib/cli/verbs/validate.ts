import { validateSpecDocument } from '../../baseline/validate.ts';
import { countText } from '../../count-text.ts';
import { EXIT } from '../exit-code.ts';
import { findingLines, findingsIn } from '../finding.ts';
import { specFile } from '../spec-file.ts';
import { plain, type Style } from '../style.ts';
import type { Verb } from '../verb.ts';

export const validateVerb: Verb = {
  name: 'validate',
  args: [{ name: '<spec>', description: 'a spec file, - for standard input' }],
  summary: 'check a spec offline: everything that is wrong, with its remedy',
  options: [],
  examples: ['hubkeeper validate baseline.yaml', "hubkeeper validate baseline.yaml --json | jq '.errors[].path'"],
  async run({ world, style }, input) {
    const file = await specFile(world, input.args[0] ?? '');
    const todayIso = new Date(world.nowMs()).toISOString().slice(0, 10);
    const result = validateSpecDocument(file.bytes, file.contentType, { todayIso });
    const errors = result.ok ? [] : findingsIn(file, result.violations);
    const warnings = findingsIn(file, result.warnings);
    const lines = [
      ...errors.flatMap((finding) => findingLines(finding, style.red('error:'), style)),
      ...warnings.flatMap((finding) => findingLines(finding, style.yellow('warning:'), style)),
      verdict(file.shown, errors.length, warnings.length, style),
    ];
    return { exitCode: result.ok ? EXIT.done : EXIT.invalid, data: { valid: result.ok, errors, warnings }, lines };
  },
};

function verdict(shown: string, errors: number, warnings: number, style: Style): string {
  const counted = warnings === 0 ? '' : `, ${countText(warnings, 'warning')}`;
  if (errors === 0) return `${plain(shown)} is ${style.green('valid')}${counted}.`;
  return `${plain(shown)} is ${style.red('not valid')}: ${countText(errors, 'error')}${counted}.`;
}
