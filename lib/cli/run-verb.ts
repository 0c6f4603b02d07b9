import { CliError } from './cli-error.ts';
import { createClient } from './client.ts';
import { commandName } from './command-name.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findingLines } from './finding.ts';
import { createProgress } from './progress.ts';
import { plain, styleFor } from './style.ts';
import type { Verb, VerbInput } from './verb.ts';
import type { World } from './world.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json: boolean;
  readonly yes: boolean;
  readonly user?: string;
  readonly state?: string;
}

/**
 * Runs one command: its result goes to stdout, as JSON or as text, everything else to stderr. With `json`, errors are
 * JSON on stdout too, in the shape of the API's.
 */
export async function runVerb(world: World, verb: Verb, input: VerbInput, common: CommonOptions): Promise<ExitCode> {
  const style = styleFor(world.stdout, world.env);
  const errorStyle = styleFor(world.stderr, world.env);
  try {
    const result = await verb.run(
      {
        world,
        client: createClient(world, common),
        style: common.json ? errorStyle : style,
        json: common.json,
        yes: common.yes,
        command: commandName(world.env),
        say: (lines) => writeLines(common.json ? world.stderr : world.stdout, lines),
        progress: () => createProgress({ sink: world.stderr, style: errorStyle, nowMs: world.nowMs }, world.env),
      },
      input,
    );
    if (common.json) writeLines(world.stdout, [JSON.stringify(result.data, null, 2)]);
    else writeLines(world.stdout, result.lines);
    return result.exitCode;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    reportError(world, error, common.json);
    return error.exitCode;
  }
}

/** Errors for a person on stderr; with `json` for a machine on stdout too. */
export function reportError(world: World, error: CliError, json: boolean): void {
  const style = styleFor(world.stderr, world.env);
  if (json) writeLines(world.stdout, [JSON.stringify(bodyOf(error), null, 2)]);
  writeLines(
    world.stderr,
    error.errors.flatMap((finding) => findingLines(finding, style.red('error:'), style)),
  );
}

/** What the app said beside its errors, such as the new plan of a stale hash, goes along. */
function bodyOf(error: CliError): unknown {
  const more = typeof error.body === 'object' && error.body !== null ? error.body : {};
  return { ...more, errors: error.errors };
}

function writeLines(sink: World['stdout'], lines: readonly string[]): void {
  if (lines.length > 0) sink.write(`${lines.join('\n')}\n`);
}

/** For what nobody foresaw: a fault of ours, or of the machine. */
export function reportUnexpected(world: World, error: unknown, json: boolean): ExitCode {
  const message = error instanceof Error ? error.message : String(error);
  const known = new CliError(EXIT.failed, [
    {
      code: 'Unexpected',
      path: '',
      message: plain(message),
      remedy: 'Run it again; when it fails again, report it with this message.',
    },
  ]);
  reportError(world, known, json);
  return EXIT.failed;
}
