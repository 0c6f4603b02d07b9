import { stripVTControlCharacters } from 'node:util';
import type { Json } from '../json.ts';
import { plain } from './style.ts';

/** Width of a terminal that does not tell its own. */
export const USUAL_COLUMNS = 100;

/** `45 min`, `2 h 5 min`, `9 d 4 h`; below one minute `under 1 min`. */
export function minutesText(minutes: number): string {
  const whole = Math.max(0, Math.round(minutes));
  if (whole < 1) return 'under 1 min';
  if (whole < 60) return `${whole} min`;
  const hours = Math.floor(whole / 60);
  if (hours < 24) return join(`${hours} h`, whole % 60, 'min');
  return join(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

function join(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first} ${rest} ${unit}`;
}

/** `2026-03-01 09:30Z`. Text that is no time stays as it is. */
export function timeText(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return plain(iso);
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** A JSON value in one line, cut at `maxLength` characters; what is not there reads `(none)`. */
export function valueText(value: Json | undefined, maxLength: number): string {
  if (value === undefined) return '(none)';
  return cut(plain(JSON.stringify(value)), maxLength);
}

export function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, Math.max(0, maxLength - 1))}…`;
}

/** Text in lines of at most so many characters, broken at blanks, each behind the indent. A long word stays whole. */
export function wrapped(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + width(longer) > columns) {
      lines.push(`${indent}${line}`);
      line = word;
    } else line = longer;
  }
  return [...lines, `${indent}${line}`];
}

/** Parts in as few lines as they fit in, two blanks apart, lines after the first behind the indent. No part is broken. */
export function flowed(parts: readonly string[], columns: number, indent: string): string[] {
  const lines: string[] = [];
  for (const part of parts.filter((one) => one !== '')) {
    const last = lines.at(-1);
    const longer = `${last ?? ''}  ${part}`;
    if (last !== undefined && width(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(last === undefined ? part : `${indent}${part}`);
  }
  return lines;
}

/** A sentence with a command behind it, on a line of its own where both do not fit: a command is for copying, and stays whole. */
export function withCommand(sentence: string, command: string, columns: number, indent: string): string[] {
  const whole = `${indent}${sentence}: ${command}`;
  return width(whole) <= columns ? [whole] : [...wrapped(`${sentence}:`, columns, indent), `${indent}  ${command}`];
}

/** Rows under a heading, columns two blanks apart. A cell may carry colours: its width is counted without them. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Characters that a text takes on a terminal, colours apart. */
export function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
