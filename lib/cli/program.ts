import { Argument, Command, CommanderError, Option } from 'commander';
import { usageError } from './cli-error.ts';
import { exampleText } from './command-name.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type CommonOptions, reportError, reportUnexpected, runVerb } from './run-verb.ts';
import type { Verb, VerbInput } from './verb.ts';
import { verbs } from './verbs.ts';
import type { World } from './world.ts';

/**
 * Runs a command line, without the names of the interpreter and the script.
 * @returns the exit code; nothing is thrown.
 */
export async function runProgram(args: readonly string[], world: World, version: string): Promise<ExitCode> {
  const json = args.includes('--json');
  if (json && args.some((arg) => arg === '--version' || arg === '-V')) {
    world.stdout.write(`${JSON.stringify({ version }, null, 2)}\n`);
    return EXIT.done;
  }
  let exitCode: ExitCode = EXIT.done;
  const program = createProgram(world, version, json, async (verb, input, common) => {
    exitCode = await runVerb(world, verb, input, common);
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportUnexpected(world, error, json);
    if (error.exitCode === 0) return EXIT.done;
    if (json) reportError({ ...world, stderr: { write: () => true } }, usageErrorOf(error), true);
    return EXIT.invalid;
  }
}

function createProgram(
  world: World,
  version: string,
  json: boolean,
  run: (verb: Verb, input: VerbInput, common: CommonOptions) => Promise<void>,
): Command {
  const program = new Command('hubkeeper')
    .description('Keeps a hub-and-spoke network around AKS as its operator declared it.')
    .usage('COMMAND [arguments] [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .option('--json', 'machine output, and nothing else, on stdout')
    .option('--yes', 'ask nothing')
    .option('--user <name>', 'who you are; else HUBKEEPER_USER, else your account (local environment only)')
    .option('--state <folder>', 'state folder of the local environment; else HUBKEEPER_URL, else .hubkeeper')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      getOutHelpWidth: () => world.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => world.stderr.columns ?? HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', rootHelp(world))
    .exitOverride();
  if (!json) program.showHelpAfterError('(add --help for the arguments, options and examples)');
  for (const verb of verbs) addVerb(program, world, verb, run);
  // Who mistypes a command wants to see which there are; a command's own help is one line away.
  if (!json) program.showHelpAfterError(true);
  return program;
}

function addVerb(
  program: Command,
  world: World,
  verb: Verb,
  run: (verb: Verb, input: VerbInput, common: CommonOptions) => Promise<void>,
): void {
  const command = program
    .command(verb.name)
    .summary(verb.summary)
    .description(
      verb.description === undefined ? `${sentence(verb.summary)}` : `${sentence(verb.summary)}\n\n${verb.description}`,
    )
    .addHelpText('after', `\n${examplesText(world, verb.examples)}\n\n${EXIT_HELP}`);
  for (const { name, description } of verb.args) command.addArgument(new Argument(name, description));
  for (const { flags, description, required } of verb.options) {
    command.addOption(new Option(flags, description).makeOptionMandatory(required === true));
  }
  command.action(async () => {
    const { json, yes, user, state, ...options } =
      command.optsWithGlobals<Record<string, string | boolean | undefined>>();
    await run(
      verb,
      { args: command.args, options },
      {
        json: json === true,
        yes: yes === true,
        ...(typeof user === 'string' ? { user } : {}),
        ...(typeof state === 'string' ? { state } : {}),
      },
    );
  });
}

const HELP_WIDTH = 100;

const EXIT_HELP = 'Exit codes: 0 done, 1 failed, 2 invalid input, 3 waits for approval.';

function examplesText(world: World, examples: readonly string[]): string {
  return `Examples:\n${examples.map((example) => `  $ ${exampleText(world.env, example)}`).join('\n')}`;
}

function rootHelp(world: World): string {
  return `
Environment:
  HUBKEEPER_URL   address of the app, such as https://NAME.azurewebsites.net;
                  without it, the local environment that npm start runs
  HUBKEEPER_KEY   function key of the app
  HUBKEEPER_USER  who you are; with the local environment, else the name of your account

${examplesText(world, ['hubkeeper plan baseline.yaml', 'hubkeeper apply baseline.yaml', 'hubkeeper status prod --json'])}

${EXIT_HELP}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function usageErrorOf(error: CommanderError): ReturnType<typeof usageError> {
  return usageError(
    error.message.replace(/^error: /, '').replaceAll('\n', ' '),
    'Run the command with --help: it shows arguments, options and examples.',
  );
}
