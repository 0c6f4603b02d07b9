import type { Json } from './json.ts';

/** One control under `/_sim/`. */
export interface Control {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below `/_sim`, with `:name` for a part that varies. */
  readonly path: string;
  handle(request: ControlRequest): ControlAnswer | Promise<ControlAnswer>;
}

export interface ControlRequest {
  readonly body: Json;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: Json;
}

/** The answer to a control that is not understood. */
export function badControl(message: string): ControlAnswer {
  return { status: 400, body: { error: { code: 'InvalidControl', message } } };
}
