import type { Json } from './json.ts';

/** A refusal as ARM words it. */
export interface ArmError {
  /** HTTP status. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  /** Microsoft.Network always answers with `details`, an empty list when there are none. */
  readonly details?: readonly { readonly code: string; readonly message: string }[];
  readonly additionalInfo?: readonly { readonly type: string; readonly info: Json }[];
  /** AKS and the metrics API answer without the enclosing `error`. */
  readonly flat?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error of Microsoft.Network: always with `details`. */
export function networkError(
  status: number,
  code: string,
  message: string,
  details: readonly { readonly code: string; readonly message: string }[] = [],
): ArmError {
  return { status, code, message, details };
}

/** The body in which an error travels. */
export function errorBody(error: ArmError): Json {
  const { code, message, target, details, additionalInfo } = error;
  const inner = {
    code,
    message,
    ...(target === undefined ? {} : { target }),
    ...(details === undefined ? {} : { details: details.map((detail) => ({ ...detail })) }),
    ...(additionalInfo === undefined ? {} : { additionalInfo: additionalInfo.map((info) => ({ ...info })) }),
  };
  return error.flat === true ? inner : { error: inner };
}
