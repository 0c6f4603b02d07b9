/** Scripts of package.json under which the command line runs, itself or through the local environment. */
const NPM_SCRIPTS: ReadonlySet<string> = new Set(['hubkeeper', 'start', 'func']);

/** How a person in this environment calls the command line: through npm in a checkout, else by its own name. */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  return isUnderNpm(env) ? 'npm run hubkeeper --' : 'hubkeeper';
}

/** An example of help as it works in this environment: npm prints nothing of its own into a pipe or a file. */
export function exampleText(env: Readonly<Record<string, string | undefined>>, example: string): string {
  return isUnderNpm(env) ? example.replace(/\bhubkeeper (?=[a-z-])/g, 'npm run --silent hubkeeper -- ') : example;
}

function isUnderNpm(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.npm_lifecycle_event !== undefined && NPM_SCRIPTS.has(env.npm_lifecycle_event);
}
