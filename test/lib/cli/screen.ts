const SEQUENCE = new RegExp(`^${String.fromCharCode(27)}\\[([?0-9;]*)([A-Za-z])`);

/**
 * What a terminal shows after some output: enough of one for lines of text and progress bars. Lines do not wrap.
 * Throws for a control sequence that it does not know, so that no test believes a wrong picture.
 */
export function screenOf(output: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  for (let index = 0; index < output.length; ) {
    const rest = output.slice(index);
    const [sequence, argument = '', command = ''] = SEQUENCE.exec(rest) ?? [];
    if (sequence !== undefined) {
      index += sequence.length;
      const count = Number(argument === '' ? 1 : argument);
      if (command === 'A') row = Math.max(0, row - count);
      else if (command === 'B') row += count;
      else if (command === 'G') column = count - 1;
      else if (command === 'K' && argument === '2') lines[row] = '';
      else if (command === 'K') lines[row] = (lines[row] ?? '').slice(0, column);
      else if (command === 'J') {
        lines.splice(row + 1);
        lines[row] = (lines[row] ?? '').slice(0, column);
      } else if (!['h', 'l', 'm'].includes(command))
        throw new Error(`Unknown control sequence ${JSON.stringify(sequence)}.`);
      while (lines.length <= row) lines.push('');
      continue;
    }
    const character = rest.charAt(0);
    index += 1;
    if (character === '\n') {
      row += 1;
      column = 0;
      if (lines.length <= row) lines.push('');
      continue;
    }
    const line = (lines[row] ?? '').padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
