import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import { repeatsOf } from './address-text.ts';
import { leastBudget } from './budgets.ts';
import type { ConstraintContext } from './context.ts';

/** Azure takes 50 tags for each resource. */
const maxTags = 50;
const refusedInTagNames = /[<>%&\\?/]/;
const refusedTagPrefixes = /^(?:microsoft|azure|windows)/i;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // RangeError is the only way in which the runtime answers for a name that it does not know.
    return false;
  }
}

/** Tags, budgets, change windows and drift: what contradicts itself or would never do anything. */
export function* governanceConstraints(context: ConstraintContext): Iterable<Violation> {
  const { tags, budgets, changeWindows, drift } = context.spec;
  for (const name of Object.keys(tags)) {
    if (!refusedInTagNames.test(name) && !refusedTagPrefixes.test(name)) continue;
    yield violation('TagNameInvalid', `tags.${name}`, `Azure refuses the tag name ${name.slice(0, 80)}.`);
  }
  if (Object.keys(tags).length > maxTags) {
    yield violation(
      'TagsTooMany',
      'tags',
      `There are ${Object.keys(tags).length} tags; a resource has ${maxTags} at most.`,
    );
  }
  for (const { text } of repeatsOf(Object.keys(tags))) {
    yield violation(
      'TagNameInvalid',
      `tags.${text}`,
      `The tag ${text} is there in another spelling; Azure does not tell them apart.`,
    );
  }
  if (budgets.perRun > budgets.perDay) {
    const message = `One run may change ${budgets.perRun} resources, a whole day only ${budgets.perDay}.`;
    yield violation('BudgetBounds', 'budgets.perRun', message);
  }
  const { percentPerRun = 0, percentPerDay = 100 } = budgets;
  if (percentPerRun > percentPerDay) {
    const message = `One run may change ${percentPerRun} % of the resources, a whole day only ${percentPerDay} %.`;
    yield violation('BudgetBounds', 'budgets.percentPerRun', message);
  }
  if (drift.mode === 'act' && leastBudget(budgets) === 0) {
    yield violation('DriftWithoutBudget', 'budgets', 'Drift is to be put right, but nothing may change unattended.');
  }
  for (const [index, window] of changeWindows.entries()) {
    const path = `changeWindows[${index}]`;
    if (!isTimeZone(window.timeZone)) {
      yield violation(
        'TimeZoneUnknown',
        `${path}.timeZone`,
        `'${window.timeZone.slice(0, 64)}' is not a time zone of the IANA list.`,
      );
    }
    for (const { index: at, text } of repeatsOf(window.days)) {
      yield violation('ChangeWindowDayDuplicate', `${path}.days[${at}]`, `${text} is named twice.`);
    }
  }
}
