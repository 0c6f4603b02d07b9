import { type ApiError, type Checked, errorOf } from './errors.ts';

/** `ETag` of a spec version. */
export function etagOfVersion(version: number): string {
  return `"${version}"`;
}

/**
 * What `If-Match` asks for: a version of the spec, `'any'` for `*` (the baseline must exist), or `null` when the
 * header is absent. Weak tags and lists are errors: a spec has one version.
 */
export function versionOfIfMatch(header: string | null | undefined): Checked<number | 'any' | null> {
  if (header === null || header === undefined) return { ok: true, value: null };
  const text = header.trim();
  if (text === '*') return { ok: true, value: 'any' };
  const digits = /^"(\d{1,15})"$/.exec(text)?.[1];
  if (digits === undefined) return { ok: false, errors: [notAVersion()] };
  return { ok: true, value: Number(digits) };
}

function notAVersion(): ApiError {
  return errorOf('InvalidRequest', 'If-Match must be * or one version in quotes, such as "7".', {
    path: 'If-Match',
    remedy: 'Send the ETag of GET /api/baselines/{name} unchanged.',
  });
}
