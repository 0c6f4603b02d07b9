import type { Client } from './client.ts';
import type { ExitCode } from './exit-code.ts';
import type { Progress } from './progress.ts';
import type { Style } from './style.ts';
import type { World } from './world.ts';

export interface VerbOption {
  /** As in help: `--until <time>`. */
  readonly flags: string;
  readonly description: string;
  readonly required?: boolean;
}

export interface VerbInput {
  /** Arguments in their order; optional ones that are not given are missing at the end. */
  readonly args: readonly string[];
  /** Options by their name in camelCase. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** What a command has at hand. */
export interface Context {
  readonly world: World;
  readonly client: Client;
  /** For text on stdout. */
  readonly style: Style;
  /** Machine output is wanted. */
  readonly json: boolean;
  /** Nothing is to be asked. */
  readonly yes: boolean;
  /** How a person calls the command line here, for hints: `hubkeeper`, or through npm. */
  readonly command: string;
  /** Text that cannot wait for the end: on stdout for people, on stderr beside machine output. */
  say(lines: readonly string[]): void;
  progress(): Progress;
}

/** What a command ends with: one value for machines, the same as lines for people. */
export interface VerbResult {
  readonly exitCode: ExitCode;
  readonly data: unknown;
  readonly lines: readonly string[];
}

/** One command. */
export interface Verb {
  readonly name: string;
  /** Arguments as in help: `<spec>`, `[name]`. */
  readonly args: readonly { readonly name: string; readonly description: string }[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** More for the command's own help. */
  readonly description?: string;
  readonly options: readonly VerbOption[];
  readonly examples: readonly string[];
  run(context: Context, input: VerbInput): Promise<VerbResult>;
}
