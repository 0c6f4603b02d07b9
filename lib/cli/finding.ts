import type { ApiError } from '../api/errors.ts';
import { readDocument } from '../baseline/document.ts';
import { lineFinder } from './line-of-path.ts';
import type { SpecFile } from './spec-file.ts';
import { plain, type Style } from './style.ts';

/** Something wrong, with its place in a file where that is known. */
export interface Finding extends ApiError {
  /** `baseline.yaml`. */
  readonly file?: string;
  /** Counted from 1; absent where no single line is to blame. */
  readonly line?: number;
}

/** Adds file and line, and sorts by line. A text that could not be read names its place in the message already. */
export function findingsIn(file: SpecFile, errors: readonly ApiError[]): Finding[] {
  const named: Finding[] = errors.map((error) => ({ ...error, file: file.shown }));
  if (!readDocument(file.bytes, file.contentType).ok) return named;
  const lineOf = lineFinder(new TextDecoder().decode(file.bytes));
  return named
    .map((finding) => {
      const line = lineOf(finding.path);
      return line === undefined ? finding : { ...finding, line };
    })
    .sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

/** A finding for people: `baseline.yaml:3: error: hub.location is missing. [PropertyMissing]`, then its remedy. */
export function findingLines(finding: Finding, mark: string, style: Style): string[] {
  const file =
    finding.file === undefined ? '' : `${plain(finding.file)}${finding.line === undefined ? '' : `:${finding.line}`}: `;
  const told = finding.path === '' || finding.message.startsWith(finding.path);
  const path = told ? '' : `${style.bold(plain(finding.path))}: `;
  return [
    `${file}${mark} ${path}${plain(finding.message)} ${style.dim(`[${plain(finding.code)}]`)}`,
    `    ${plain(finding.remedy)}`,
  ];
}
