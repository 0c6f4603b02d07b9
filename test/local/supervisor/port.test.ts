import { describe, expect, it } from '@jest/globals';
import { pickFreePort, readPort, requireFreePort } from '../../../local/supervisor/port.ts';

describe('readPort', () => {
  it.each([
    [undefined, 7071],
    ['', 7071],
    ['0', 0],
    ['65535', 65_535],
  ])('reads %j', (text, port) => {
    expect(readPort({ PORT: text }, 'PORT', 7071)).toEqual({ port, setting: 'PORT' });
  });

  it.each(['-1', '65536', '80a', ' 80', '1e3', '8.5'])('refuses %j and names the setting', (text) => {
    expect(() => readPort({ PORT: text }, 'PORT', 7071)).toThrow(/^PORT is /);
  });
});

describe('pickFreePort', () => {
  it('gives one that can be used', async () => {
    const port = await pickFreePort();

    expect(port).toBeGreaterThan(0);
    await expect(requireFreePort({ port, setting: 'PORT' })).resolves.toBeUndefined();
  });
});
