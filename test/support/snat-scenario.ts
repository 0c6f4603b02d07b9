import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { journal, resources, sampleSpec } from './baseline-scenario.ts';
import type { TestEnvironment } from './environment.ts';

/** SNAT ports of one address on the two instances that a firewall has at least. */
export const PORTS_PER_ADDRESS = 2 * 2_496;

/** The sample with short rests, so that days suffice; its receiver of alerts is the app itself. */
export function snatSpec(change: (spec: string) => string = (spec) => spec): string {
  return change(sampleSpec().replace('lookBackHours: 168, reservedHours: 168', 'lookBackHours: 24, reservedHours: 24'));
}

/** ARM id of the only firewall, as the simulation spells it. */
export async function firewallId(environment: TestEnvironment): Promise<string> {
  const found = [...(await resources(environment)).values()].find(({ id }) =>
    /\/azureFirewalls\/[^/]+$/i.test(String(id)),
  );
  if (found === undefined) throw new Error('There is no firewall.');
  return String(found.id);
}

export async function firewall(environment: TestEnvironment, id: string): Promise<JsonObject> {
  const body = (await resources(environment)).get(id.toLowerCase());
  if (!isJsonObject(body)) throw new Error(`There is no firewall ${id}.`);
  return body;
}

/** Names of the public addresses on a firewall, in its order. */
export async function addressesOf(environment: TestEnvironment, id: string): Promise<readonly string[]> {
  const { properties } = await firewall(environment, id);
  const configurations = isJsonObject(properties) ? properties.ipConfigurations : undefined;
  if (!Array.isArray(configurations)) throw new Error('The firewall has no ipConfigurations.');
  return configurations.map((one) => {
    const own = isJsonObject(one) && isJsonObject(one.properties) ? one.properties.publicIPAddress : undefined;
    const publicIp = isJsonObject(own) ? String(own.id) : '';
    return publicIp.slice(publicIp.lastIndexOf('/') + 1);
  });
}

export async function setTraffic(environment: TestEnvironment, id: string, tcpPorts: number): Promise<void> {
  const { status } = await environment.sim('PUT', 'traffic', {
    firewalls: { [id]: { snatPortsInUse: { TCP: tcpPorts, UDP: 40 } } },
  });
  if (status >= 300) throw new Error(`The traffic was not taken: ${status}`);
}

/** Decisions of the relief of a firewall, oldest first. */
export async function decisions(environment: TestEnvironment, name: string): Promise<readonly string[]> {
  return (await journal(environment, name))
    .filter(({ resource }) => /\/azurefirewalls\/[^/]+$/i.test(resource ?? ''))
    .filter(({ trigger }) => trigger === 'alert' || trigger === 'timer')
    .map(({ at, decision, reason }) => `${at} ${decision}: ${reason}`);
}
