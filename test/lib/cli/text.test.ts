import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { plain, styleFor } from '../../../lib/cli/style.ts';
import { cut, flowed, minutesText, table, timeText, valueText, width, withCommand } from '../../../lib/cli/text.ts';
import { countText } from '../../../lib/count-text.ts';

describe('minutesText', () => {
  it.each([
    [0, 'under 1 min'],
    [-3, 'under 1 min'],
    [0.4, 'under 1 min'],
    [1, '1 min'],
    [59.4, '59 min'],
    [59.6, '1 h'],
    [125, '2 h 5 min'],
    [9 * 24 * 60 + 4 * 60, '9 d 4 h'],
  ])('%d reads %s', (minutes, text) => {
    expect(minutesText(minutes)).toBe(text);
  });
});

describe('single values', () => {
  it('times read in UTC to the minute', () => {
    expect(timeText('2026-03-01T10:30:59+01:00')).toBe('2026-03-01 09:30Z');
    expect(timeText('soon')).toBe('soon');
  });

  it('counts know one from many', () => {
    expect([countText(1, 'change'), countText(2, 'change'), countText(0, 'entry', 'entries')]).toEqual([
      '1 change',
      '2 changes',
      '0 entries',
    ]);
  });

  it('what is absent differs from null', () => {
    expect([valueText(undefined, 20), valueText(null, 20), valueText('a', 20)]).toEqual(['(none)', 'null', '"a"']);
  });

  it('a cut text is never longer than asked for', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, length) => {
        const short = cut(text, length);

        expect(short.length).toBeLessThanOrEqual(length);
        if (text.length <= length) expect(short).toBe(text);
      }),
    );
  });
});

describe('table', () => {
  it('sets columns under each other, colours not counted', () => {
    const style = styleFor({ write: () => true }, { FORCE_COLOR: '1' });
    const lines = table(
      ['NAME', 'STATE', 'AT'],
      [
        ['a', style.green('ok'), 'x'],
        ['longer', 'failed', 'y'],
      ],
    );

    expect(lines.map((line) => line.replaceAll('\u001b[32m', '').replaceAll('\u001b[39m', ''))).toEqual([
      'NAME    STATE   AT',
      'a       ok      x',
      'longer  failed  y',
    ]);
    expect(lines[1]).toContain('\u001b[32mok\u001b[39m');
  });

  it('starts each column at one place', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z]{0,9}$/), fc.stringMatching(/^[a-z]{1,9}$/)), { minLength: 1 }),
        (rows) => {
          const lines = table(['A', 'B'], rows);
          const start = (lines[0] ?? '').indexOf('B');

          expect(lines).toHaveLength(rows.length + 1);
          for (const [index, row] of rows.entries()) expect(lines[index + 1]?.slice(start)).toBe(row[1]);
        },
      ),
    );
  });
});

describe('plain', () => {
  it('lets nothing through that moves the cursor', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plain(text)).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
      }),
    );
    expect(plain('a\u001b]52;c;aGk=\u0007b')).toBe('a ]52;c;aGk= b');
  });
});

describe('styleFor', () => {
  const red = (isTTY: boolean, env: Readonly<Record<string, string>>) =>
    styleFor({ write: () => true, isTTY }, env).red('x');

  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
  ])('terminal %j with %j has colours: %j', (isTTY, env, coloured) => {
    const text = red(isTTY, env);

    expect(text !== 'x').toBe(coloured);
    expect(width(text)).toBe(1);
  });
});

describe('what is not to be broken', () => {
  const parts = fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1, maxLength: 6 });

  it('parts stay whole, in order, in lines that are as wide as they may be or hold one part only', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 10, max: 80 }), (texts, columns) => {
        const lines = flowed(texts, columns, '    ');

        expect(lines.flatMap((line) => line.trim().split('  '))).toEqual(texts);
        for (const line of lines) expect(width(line) <= columns || !line.trim().includes('  ')).toBe(true);
      }),
    );
  });

  it('a command stays in one line, whatever its width', () => {
    expect(withCommand('End the hold', 'hubkeeper release prod', 80, '  ')).toEqual([
      '  End the hold: hubkeeper release prod',
    ]);
    expect(withCommand('End the hold', 'hubkeeper release prod', 30, '  ')).toEqual([
      '  End the hold:',
      '    hubkeeper release prod',
    ]);
  });
});
