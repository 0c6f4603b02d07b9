import { type ArmError, networkError } from './arm-error.ts';
import { applyMergePatch, isJsonObject, type Json, type JsonObject } from './json.ts';
import type { ResourceType, StoredResource, Write } from './resource-type.ts';

/** Microsoft.Network: 1 to 80 characters, first a word character, last a word character or _, between also . and - */
const NETWORK_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$/;

/** 400 InvalidResourceName, or null. */
export function checkName(type: ResourceType, name: string): ArmError | null {
  if ((type.namePattern ?? NETWORK_NAME).test(name)) return null;
  return networkError(
    400,
    'InvalidResourceName',
    `Resource name ${name} is invalid. The name can be up to 80 characters long. It must begin with a word character, ` +
      "and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
  );
}

/** ARM takes 50 tags at most, names up to 512 and values up to 256 characters. */
export function readTags(value: Json): Readonly<Record<string, string>> | string {
  if (!isJsonObject(value)) return "Error converting value to the type of 'tags'. Path 'tags'.";
  const entries = Object.entries(value);
  if (entries.length > 50) return 'A resource has at most 50 tags.';
  const tags: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (typeof text !== 'string')
      return `Error converting value of tag '${name}' to type 'System.String'. Path 'tags'.`;
    if (name.length > 512 || text.length > 256) return `Tag '${name}' is too long.`;
    tags[name] = text;
  }
  return tags;
}

/** 412 PreconditionFailed for an If-Match or If-None-Match that does not fit, or null. */
export function checkPrecondition(
  type: ResourceType,
  existing: StoredResource | undefined,
  headers: Readonly<Record<string, string>>,
): ArmError | null {
  if (type.etag === 'none') return null;
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  const fits = (wanted: string): boolean =>
    existing !== undefined && (wanted.trim() === '*' || wanted.split(',').some((one) => sameEtag(one, existing.etag)));
  if (ifMatch !== undefined && !fits(ifMatch)) return precondition(`If-Match = '${ifMatch}'`, existing);
  if (ifNoneMatch !== undefined && fits(ifNoneMatch)) return precondition(`If-None-Match = '${ifNoneMatch}'`, existing);
  return null;
}

function precondition(what: string, existing: StoredResource | undefined): ArmError {
  const now = existing === undefined ? 'The resource does not exist.' : `The resource's etag is '${existing.etag}'.`;
  return networkError(412, 'PreconditionFailed', `The specified precondition '${what}' failed. ${now}`);
}

function sameEtag(one: string, other: string): boolean {
  const bare = (text: string): string => text.trim().replace(/^W\//, '');
  return bare(one) === bare(other);
}

/** The whole body that a JSON merge patch leaves. */
export function mergePatch(existing: StoredResource, change: JsonObject): JsonObject {
  const before: JsonObject = {
    ...existing.body,
    ...(existing.location === undefined ? {} : { location: existing.location }),
    ...(existing.tags === undefined ? {} : { tags: { ...existing.tags } }),
  };
  return applyMergePatch(before, change);
}

/** Location and tags, where there are any. */
export function placed({ location, tags }: Write): Pick<Write, 'location' | 'tags'> {
  return { ...(location === undefined ? {} : { location }), ...(tags === undefined ? {} : { tags }) };
}
