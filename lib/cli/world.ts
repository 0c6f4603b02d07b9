/** A stream that text is written to. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width and height in characters, on a terminal. */
  readonly columns?: number;
  readonly rows?: number;
}

/** Who wants the command line to end. */
export type Interrupter = 'person' | 'process';

/** Everything outside that the command line touches. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name of the account that runs this; absent where the system has none. */
  readonly accountName?: string;
  /** Where relative paths start. */
  readonly workingFolder: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly fetch: typeof fetch;
  /** Sends JSON to an address whose certificate only this authority has signed. Rejects when nothing answers. */
  sendTrusting(
    url: string,
    authorityPem: string,
    method: string,
    body: string | undefined,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly text: string }>;
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Ends early, without an error, when the signal aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** `null` when there is no such file. Other errors are thrown. */
  readFile(path: string): Promise<Uint8Array | null>;
  readStandardInput(): Promise<Uint8Array>;
  /** Asks a person and gives the answer; `null` when nobody is there to answer. */
  ask(question: string): Promise<string | null>;
  /** Calls back on Ctrl-C (`person`) and when another process asks to end, until the returned function is called. */
  onInterrupt(callback: (by: Interrupter) => void): () => void;
}
