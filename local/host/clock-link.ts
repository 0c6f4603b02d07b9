import { SimulatedClock } from '../clock.ts';
import { isJsonObject } from './json-value.ts';

const ATTEMPTS = 50;
const PAUSE_MS = 200;

/**
 * A clock equal to that of the master at `clockUrl`, which the simulated Azure serves. Waits up to ten seconds for the
 * master to answer.
 */
export async function clockFromMaster(clockUrl: string): Promise<SimulatedClock> {
  const setting: unknown = await (await call(clockUrl, {})).json();
  if (
    !isJsonObject(setting) ||
    typeof setting.simulatedMs !== 'number' ||
    typeof setting.wallMs !== 'number' ||
    typeof setting.speed !== 'number'
  ) {
    throw new Error(`The clock at ${clockUrl} answered without simulatedMs, wallMs and speed.`);
  }
  return new SimulatedClock({ simulatedMs: setting.simulatedMs, wallMs: setting.wallMs, speed: setting.speed });
}

/**
 * Tells the master of the clock where to ask this process to settle, and where to tell that the clock was stopped, put
 * forward or started again. A process that starts again does so again.
 */
export async function joinClock(clockUrl: string, settleUrl: string): Promise<void> {
  await call(`${clockUrl.replace(/\/$/, '')}/participants/host`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: settleUrl }),
  });
}

async function call(url: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url, init);
      if (response.ok) return response;
      throw new Error(`${init.method ?? 'GET'} ${url} answered ${response.status}.`);
    } catch (thrown) {
      if (attempt >= ATTEMPTS) throw new Error(`The clock at ${url} cannot be reached.`, { cause: thrown });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
