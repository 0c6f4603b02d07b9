import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Faults, KILL_POINTS, readFaultSwitches } from '../../../local/host/faults.ts';
import { hideCredentials } from '../../../local/host/hide-credentials.ts';
import { hostKeysFromFile, isOneOf } from '../../../local/host/host-keys.ts';
import { jsonLineLog } from '../../../local/host/host-log.ts';
import { readHostSettings, resolveSettings } from '../../../local/host/host-settings.ts';
import { activityInput, typedDataToJson } from '../../../local/host/typed-data.ts';
import { WorkTracker } from '../../../local/host/work-tracker.ts';

describe('readHostSettings', () => {
  it('has the documented defaults', () => {
    expect(readHostSettings({}, {})).toMatchObject({
      routePrefix: 'api',
      hubName: 'TestHubName',
      functionTimeoutMs: 300_000,
      maxOrchestrationActions: 100_000,
      storeInputsInOrchestrationHistory: false,
      logLevel: 'information',
    });
  });

  it('reads what is set', () => {
    const settings = readHostSettings(
      {
        functionTimeout: '1.02:03:04',
        logging: { logLevel: { default: 'Warning' } },
        extensions: {
          http: { routePrefix: '/v1/' },
          durableTask: { hubName: '%HUB%', maxConcurrentActivityFunctions: 3, maxConcurrentOrchestratorFunctions: 4 },
        },
      },
      { HUB: 'Mine' },
    );

    expect(settings).toMatchObject({
      routePrefix: 'v1',
      hubName: 'Mine',
      functionTimeoutMs: 93_784_000,
      maxConcurrentActivityFunctions: 3,
      maxConcurrentOrchestratorFunctions: 4,
      logLevel: 'warning',
    });
    expect(readHostSettings({ functionTimeout: '-1' }, {}).functionTimeoutMs).toBeNull();
  });

  it.each<[unknown, RegExp]>([
    [{ functionTimeout: 'soon' }, /functionTimeout/],
    [{ extensions: { durableTask: { maxConcurrentActivityFunctions: 0 } } }, /maxConcurrentActivityFunctions/],
    [{ extensions: { http: { routePrefix: 7 } } }, /routePrefix/],
    [{ logging: { logLevel: { default: 'Loud' } } }, /logLevel/],
    [{ extensions: { durableTask: { hubName: '%NONE%' } } }, /app setting "NONE"/],
  ])('names the entry that is wrong: %j', (hostJson, expected) => {
    expect(() => readHostSettings(hostJson, {})).toThrow(expected);
  });

  it('replaces every setting that a text names', () => {
    expect(resolveSettings('%A%-%B%-c', { A: '1', B: '2' })).toBe('1-2-c');
  });
});

describe('values on the wire', () => {
  it.each<[Parameters<typeof typedDataToJson>[0], string | null]>([
    [undefined, null],
    [{ string: '{"a":1}' }, '"{\\"a\\":1}"'],
    [{ json: 'true' }, 'true'],
    [{ int: 3 }, '3'],
    [{ double: 0.5 }, '0.5'],
    [{ bytes: Buffer.from('ab') }, '"YWI="'],
  ])('%j is %s', (data, expected) => {
    expect(typedDataToJson(data)).toBe(expected);
  });

  it('a text input of an activity arrives as it was, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        // The SDK quotes texts once itself.
        const sent = activityInput(JSON.stringify(JSON.stringify(text)));
        expect(JSON.parse(sent?.string ?? '')).toBe(text);
      }),
    );
  });
});

describe('hideCredentials', () => {
  it.each([
    ['AccountKey=abc;Endpoint=x', '[Hidden Credential]'],
    ['see "https://h/p?sig=abc&se=1" there', 'see "https://h/p[Hidden Credential]" there'],
    ['password=a <b> PASSWORD=c', '[Hidden Credential]<b> [Hidden Credential]'],
    ['nothing to hide', 'nothing to hide'],
  ])('%s', (text, expected) => {
    expect(hideCredentials(text)).toBe(expected);
  });

  it('changes nothing the second time', () => {
    const parts = fc.constantFrom('AccountKey=', '?code=', 'Token=', 'x', '"', '<', ' ', ';');
    fc.assert(
      fc.property(fc.array(parts), (texts) => {
        const once = hideCredentials(texts.join(''));
        expect(hideCredentials(once)).toBe(once);
      }),
    );
  });
});

describe('faults', () => {
  it.each<[unknown, RegExp]>([
    [[], /JSON object/],
    [{ crashSometimes: true }, /no switch "crashSometimes"/],
    [{ crashBeforeActivity: 0 }, /whole number from 1/],
    [{ runActivitiesTwice: 1 }, /true or false/],
    [{ kill: { point: 'later', count: 1 } }, /"kill" must be/],
  ])('%j are refused', (value, expected) => {
    expect(() => readFaultSwitches(value)).toThrow(expected);
  });

  it('are drawn from a seed: always the same point, never beyond the bound', () => {
    const pointOf = (seed: number, within: number): string => {
      let at = '';
      const faults = new Faults(() => {
        at = 'killed';
      });
      faults.set({ kill: { seed, within } });
      for (let count = 1; count <= within && at === ''; count += 1) {
        for (const [point, order] of [
          ['beforeActivity', () => faults.beforeActivity('k')],
          ['afterActivity', () => faults.afterActivity('k')],
          ['afterStore', () => faults.afterStore()],
        ] as const) {
          order();
          if (at !== '') return `${point} ${count}`;
        }
      }
      return 'duringActivity';
    };
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 20 }), (seed, within) => {
        expect(pointOf(seed, within)).toBe(pointOf(seed, within));
      }),
      { numRuns: 30 },
    );
    const points = new Set(Array.from({ length: 60 }, (_, seed) => pointOf(seed, 5).split(' ')[0]));
    expect([...points].sort()).toEqual([...KILL_POINTS].sort());
  });

  it('crash around every activity once before and once after', () => {
    const faults = new Faults();
    faults.set({ crashAroundEveryActivity: true });

    const orders = [
      faults.beforeActivity('a'),
      faults.beforeActivity('a'),
      faults.afterActivity('a'),
      faults.beforeActivity('a'),
      faults.afterActivity('a'),
    ];

    expect(orders).toEqual(['crash', undefined, 'crash', undefined, undefined]);
  });
});

describe('keys', () => {
  it('are made once, readable only by their owner, and the same the next time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'host-keys-'));
    const file = join(folder, 'keys.json');

    const made = hostKeysFromFile(file);
    const read = hostKeysFromFile(file);
    const mode = statSync(file).mode & 0o777;
    writeFileSync(file, '{}');

    expect(read).toEqual(made);
    expect(mode).toBe(0o600);
    expect(() => hostKeysFromFile(file)).toThrow('"masterKey"');
    rmSync(folder, { recursive: true });
  });

  it('open only with the very key', () => {
    expect(isOneOf('abc', ['x', 'abc'])).toBe(true);
    expect(isOneOf('ab', ['abc'])).toBe(false);
    expect(isOneOf(undefined, ['abc'])).toBe(false);
  });
});

describe('jsonLineLog', () => {
  it('writes one line for each entry of the level or above', () => {
    const lines: string[] = [];
    const log = jsonLineLog(
      (line) => lines.push(line),
      'warning',
      () => 0,
    );

    log('information', 'quiet');
    log('error', 'loud', { n: 1 });

    expect(lines).toEqual(['{"at":"1970-01-01T00:00:00.000Z","level":"error","message":"loud","n":1}\n']);
  });
});

describe('WorkTracker', () => {
  it('is idle only when the last piece of work has ended, also one that began meanwhile', async () => {
    const tracker = new WorkTracker();
    const order: string[] = [];
    const first = tracker.enter();
    const idle = tracker.idle().then(() => order.push('idle'));

    const second = tracker.enter();
    first();
    first();
    await new Promise((resolve) => setImmediate(resolve));
    order.push('second ends');
    second();
    await idle;

    expect(order).toEqual(['second ends', 'idle']);
    expect(tracker.running).toBe(0);
  });
});
