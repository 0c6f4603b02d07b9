import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClockMaster } from '../../../local/azure/clock-master.ts';
import { simulationControls } from '../../../local/azure/controls.ts';
import { RequestCounter } from '../../../local/azure/request-activity.ts';
import { KNOWN_SUBSCRIPTIONS } from '../../../local/azure/simulation-settings.ts';
import { SimulationDriver } from './support/simulation-driver.ts';

const README = readFileSync('local/README.md', 'utf8');

let azure: SimulationDriver;
beforeAll(() => {
  azure = new SimulationDriver();
});
afterAll(() => azure.dispose());

describe('local/README.md', () => {
  it.each(KNOWN_SUBSCRIPTIONS)('names the subscription %s', (id) => {
    expect(README).toContain(`\`${id}\``);
  });

  it('describes every control with its method', () => {
    const { simulation } = azure;
    const clockMaster = new ClockMaster(simulation.clockKeeper, simulation.settings, new RequestCounter());
    const rows = README.split('\n').filter((line) => line.startsWith('| `'));
    for (const { method, path } of simulationControls(simulation, clockMaster)) {
      const name = path.slice(1).replace(':name', 'NAME');
      const described = rows.some(
        (row) => row.includes(` ${name}\``) && (row.includes(`\`${method} ${name}\``) || row.includes(`\`${method}\``)),
      );
      expect([method, name, described]).toEqual([method, name, true]);
    }
  });
});
