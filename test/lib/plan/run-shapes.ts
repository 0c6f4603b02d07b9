import fc from 'fast-check';
import type { Job } from './run-simulator.ts';

export interface HubShape {
  readonly spokes: number;
  readonly expressRoute: boolean;
  readonly zones: number;
}

function job(id: string, estimatedMinutes: number, lanes: readonly string[], dependsOn: readonly string[]): Job {
  return { id, estimatedMinutes, lanes, dependsOn };
}

/** A baseline as it is provisioned: two peerings for each spoke in the hub's lane, firewall and Bastion there too. */
export function hubAndSpoke({ spokes, expressRoute, zones }: HubShape): readonly Job[] {
  const hub = 'hub-network';
  const firewall = 'firewall-family';
  const jobs = [
    job('rg-hub', 0.25, [], []),
    job('workspace', 0.5, [], ['rg-hub']),
    job('pip-firewall', 0.25, [], ['rg-hub']),
    job('pip-bastion', 0.25, [], ['rg-hub']),
    job('policy', 0.5, [firewall], ['rg-hub']),
    job('ip-group', 0.5, [firewall], ['rg-hub']),
    job('rules-platform', 1, [firewall], ['policy', 'ip-group']),
    job('rules-application', 1, [firewall], ['policy', 'rules-platform']),
    job('nsg-bastion', 0.25, [hub], ['rg-hub']),
    job('hub', 0.5, [hub], ['rg-hub', 'nsg-bastion']),
    job('firewall', 10, [hub, firewall], ['hub', 'rules-application', 'pip-firewall', 'workspace']),
    job('bastion', 8, [hub], ['hub', 'pip-bastion']),
  ];
  if (expressRoute) jobs.push(job('gateway', 45, [hub], ['hub']));
  for (let zone = 0; zone < zones; zone++) {
    jobs.push(job(`zone-${zone}`, 0.5, [`zone-${zone}`], ['rg-hub']));
    jobs.push(job(`zone-${zone}-hub`, 1, [`zone-${zone}`], [`zone-${zone}`, 'hub']));
  }
  for (let spoke = 0; spoke < spokes; spoke++) {
    const network = `spoke-${spoke}-network`;
    const named = (name: string) => `spoke-${spoke}-${name}`;
    jobs.push(job(named('rg'), 0.25, [], []));
    jobs.push(job(named('nsg-nodes'), 0.25, [network], [named('rg')]));
    jobs.push(job(named('nsg-gateway'), 0.25, [network], [named('rg')]));
    jobs.push(job(named('routes'), 0.25, [network], [named('rg'), 'firewall']));
    jobs.push(job(named('identity'), 0.25, [], [named('rg')]));
    jobs.push(job(named('pip'), 0.25, [], [named('rg')]));
    jobs.push(job(named('waf'), 0.25, [], [named('rg')]));
    jobs.push(job(named('vnet'), 0.5, [network], [named('nsg-nodes'), named('nsg-gateway')]));
    const gatewayFirst = expressRoute ? ['gateway'] : [];
    jobs.push(job(named('to-hub'), 0.5, [hub, network], [named('vnet'), 'hub', ...gatewayFirst]));
    jobs.push(job(named('from-hub'), 0.5, [hub, network], [named('vnet'), 'hub']));
    for (let zone = 0; zone < zones; zone++) {
      jobs.push(job(named(`link-${zone}`), 1, [`zone-${zone}`], [`zone-${zone}`, named('vnet')]));
    }
    jobs.push(job(named('gateway'), 7, [network, named('gateway')], [named('vnet'), named('waf'), named('pip')]));
    jobs.push(
      job(
        named('cluster'),
        10,
        [named('cluster')],
        [named('routes'), named('to-hub'), named('from-hub'), named('identity')],
      ),
    );
  }
  return jobs;
}

/** Graphs of any shape: dependencies on earlier jobs, some lanes shared by many. */
export const anyJobs: fc.Arbitrary<readonly Job[]> = fc
  .array(
    fc.record({
      minutes: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }).map((quarters) => quarters / 4) },
        { weight: 1, arbitrary: fc.integer({ min: 4, max: 45 }) },
      ),
      lanes: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }),
      dependsOn: fc.array(fc.nat({ max: 100_000 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((specs) =>
    specs.map(({ minutes, lanes, dependsOn }, index) => ({
      id: `job-${index}`,
      estimatedMinutes: minutes,
      lanes: lanes.map((lane) => `lane-${lane}`).toSorted(),
      dependsOn: index === 0 ? [] : [...new Set(dependsOn.map((other) => `job-${other % index}`))],
    })),
  );
