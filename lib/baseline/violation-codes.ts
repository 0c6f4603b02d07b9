import type { Violation } from './violation.ts';

/** What a code means and what its reader does about it. `{name}` in a remedy is filled in where it is reported. */
export interface ViolationCodeText {
  readonly meaning: string;
  readonly remedy: string;
}

/** Every code that validation reports, once. Warnings come from the same table. */
export const violationCodes = {
  DocumentTooLarge: {
    meaning: 'The document has more bytes than is accepted.',
    remedy: 'Keep the document under 256 KiB; split what is not one hub into another baseline.',
  },
  DocumentTypeUnsupported: {
    meaning: 'The content type is neither YAML nor JSON.',
    remedy: 'Send the document as application/yaml or application/json, in UTF-8.',
  },
  DocumentNotText: {
    meaning: 'The bytes are not UTF-8 text, or hold NUL or other control characters.',
    remedy: 'Save the document as plain UTF-8 text.',
  },
  DocumentEmpty: {
    meaning: 'There is nothing in the document.',
    remedy: 'Start from the sample and send a whole spec.',
  },
  DocumentSyntax: {
    meaning: 'The text is not YAML 1.2, or not JSON.',
    remedy: 'Correct the text at the line and column that the message names.',
  },
  DocumentNotAnObject: {
    meaning: 'The document is a list or a scalar at its top.',
    remedy: 'Make the top of the document a mapping with the properties of a spec.',
  },
  DocumentSeveral: {
    meaning: 'One stream holds several YAML documents.',
    remedy: 'Send one document; a baseline is one spec.',
  },
  DocumentDuplicateKey: {
    meaning: 'A mapping names the same key twice.',
    remedy: 'Keep one of the two; which of them counts would be a guess.',
  },
  DocumentKeyRefused: {
    meaning: 'A key is not a string, is a merge key, or is a name with a meaning in JavaScript.',
    remedy: 'Write the key as a plain property name; merge keys (<<) are not part of YAML 1.2.',
  },
  DocumentTagRefused: {
    meaning: 'A value carries a YAML tag, or the document a directive.',
    remedy: 'Remove the tag or directive and write the plain value.',
  },
  DocumentAliasRefused: {
    meaning: 'An alias has no anchor, contains itself, or there are too many of them.',
    remedy: 'Write the value out where it is used.',
  },
  DocumentTooDeep: {
    meaning: 'Values are nested deeper than any spec needs.',
    remedy: 'Nest at most 32 levels.',
  },
  DocumentTooManyValues: {
    meaning: 'The document holds, aliases expanded, more values than any spec needs.',
    remedy: 'Shorten the document; check what its aliases expand to.',
  },
  DocumentNumberRefused: {
    meaning: 'A number is not finite or loses digits when it is read.',
    remedy: 'Write a finite number, or put the value in quotes if it is text.',
  },
} as const satisfies Readonly<Record<string, ViolationCodeText>>;

export type ViolationCode = keyof typeof violationCodes;

/** A violation with the remedy of its code, `{name}` filled in from `values`. */
export function violation(
  code: ViolationCode,
  path: string,
  message: string,
  values: Readonly<Record<string, string | number>> = {},
): Violation {
  const remedy = violationCodes[code].remedy.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    String(values[name] ?? placeholder),
  );
  return { code, path, message, remedy };
}
