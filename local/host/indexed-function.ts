import type { Binding, FunctionCallback, FunctionMetadata, Registration } from './core.ts';

/** A function that the host has accepted. */
export interface IndexedFunction {
  readonly name: string;
  /** Lower case: `httptrigger`, `orchestrationtrigger` … */
  readonly triggerType: string;
  readonly triggerName: string;
  readonly trigger: Binding;
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** A function that the host has dropped; the app runs on without it, as in Azure. */
export interface RefusedFunction {
  readonly name: string;
  readonly reason: string;
  readonly isDisabled?: true;
}

const SUPPORTED_TRIGGERS: readonly string[] = [
  'httptrigger',
  'timertrigger',
  'eventgridtrigger',
  'orchestrationtrigger',
  'activitytrigger',
];

const SUPPORTED_INPUTS: readonly string[] = ['durableclient', 'orchestrationclient'];

/** Checks what the app registered as the Functions host does, and drops what it would drop. */
export function indexFunctions(
  registrations: readonly Registration[],
  isDisabled: (name: string) => boolean = () => false,
): { readonly functions: readonly IndexedFunction[]; readonly refused: readonly RefusedFunction[] } {
  const functions: IndexedFunction[] = [];
  const refused: RefusedFunction[] = [];
  const names = new Set<string>();
  for (const { metadata, callback } of registrations) {
    const name = metadata.name;
    if (isDisabled(name)) {
      refused.push({ name, reason: 'It is disabled by an app setting.', isDisabled: true });
      continue;
    }
    const found = check(metadata, names);
    if (typeof found === 'string') {
      refused.push({ name, reason: found });
      continue;
    }
    names.add(name.toLowerCase());
    functions.push({ name, metadata, callback, ...found });
  }
  return { functions, refused };
}

function check(
  { name, bindings, retryOptions }: FunctionMetadata,
  taken: ReadonlySet<string>,
): Pick<IndexedFunction, 'triggerType' | 'triggerName' | 'trigger'> | string {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,127}$/.test(name)) {
    return 'Its name must begin with a letter, hold only letters, digits, _ and -, and be at most 128 characters long.';
  }
  if (name.toLowerCase() === 'host') return 'The name "host" is reserved.';
  if (taken.has(name.toLowerCase())) return 'Its name differs from that of another function only in case.';
  const bindingNames = Object.keys(bindings);
  const badName = bindingNames.find((each) => each !== '$return' && !/^[A-Za-z0-9]+$/.test(each));
  if (badName !== undefined) return `The binding name "${badName}" must be alphanumeric or $return.`;
  if (new Set(bindingNames.map((each) => each.toLowerCase())).size !== bindingNames.length) {
    return 'Two of its bindings have names that differ only in case.';
  }
  const triggers = Object.entries(bindings).filter(([, binding]) => /trigger$/i.test(binding.type ?? ''));
  const [first] = triggers;
  if (first === undefined || triggers.length > 1) return `It must have exactly one trigger, not ${triggers.length}.`;
  const [triggerName, trigger] = first;
  const triggerType = (trigger.type ?? '').toLowerCase();
  if (!SUPPORTED_TRIGGERS.includes(triggerType)) return `Triggers of type ${trigger.type} are not supported here.`;
  const others = Object.entries(bindings).filter(([each]) => each !== triggerName);
  const foreign = others.find(([each, binding]) => !isSupportedBinding(each, binding));
  if (foreign !== undefined) return `Bindings of type ${foreign[1].type} are not supported here.`;
  if (retryOptions !== undefined) return 'Retry policies of functions are not supported here.';
  if (triggerType === 'httptrigger' && /^\/?(admin|runtime)(\/|$)/i.test(String(trigger.route ?? ''))) {
    return 'A route must not begin with "admin" or "runtime".';
  }
  return { triggerType, triggerName, trigger };
}

function isSupportedBinding(name: string, binding: Binding): boolean {
  const type = (binding.type ?? '').toLowerCase();
  if (binding.direction === 'in') return SUPPORTED_INPUTS.includes(type);
  return name === '$return' && type === 'http';
}
