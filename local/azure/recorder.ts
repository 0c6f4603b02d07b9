import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isJsonObject, type Json } from './json.ts';

/** One request to ARM and its answer. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: Json;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: Json;
}

const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'x-ms-authorization-auxiliary'];
/** Names under which services take or give secrets: keys, passwords, certificate data, named values, addresses with keys. */
const SECRET_NAMES =
  /^(sharedKey|authorizationKey|peeringSharedKey|radiusServerSecret|password|.*[pP]assword|.*[sS]ecret|clientSecret|primaryKey|secondaryKey|primarySharedKey|secondarySharedKey|connectionString|instrumentationKey|accessKey|encodedCertificate|data|pfxBlob|serviceUri|httpTriggerUrl|callbackUrl)$/;
const REDACTED = 'REDACTED';

/** Writes every exchange with ARM as a line of JSON, without tokens and secrets. Lines are on disk when `record` returns. */
export class Recorder {
  readonly #file: string | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
    if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  }

  record(exchange: Exchange): void {
    if (this.#file === undefined) return;
    const line = {
      ...exchange,
      requestHeaders: withoutSecretHeaders(exchange.requestHeaders),
      requestBody: withoutSecrets(exchange.requestBody),
      responseBody: withoutSecrets(exchange.responseBody),
    };
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

function withoutSecretHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_HEADERS.includes(name.toLowerCase()) ? REDACTED : value,
    ]),
  );
}

/** The value with every secret string replaced, wherever it stands. */
export function withoutSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isJsonObject(value)) return value;
  // A named value is secret only if it says so.
  const isSecretValue = value.secret === true;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (inner === undefined) return [name, inner];
      return [
        name,
        typeof inner === 'string' && (SECRET_NAMES.test(name) || (isSecretValue && name === 'value'))
          ? REDACTED
          : withoutSecrets(inner),
      ];
    }),
  );
}
