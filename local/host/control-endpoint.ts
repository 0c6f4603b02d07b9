import type { IncomingMessage } from 'node:http';
import type { ClockSetting } from '../clock.ts';
import { type FaultSwitches, readFaultSwitches } from './faults.ts';
import { type Answer, jsonAnswer, readBody } from './http-exchange.ts';
import { isJsonObject } from './json-value.ts';

/** What the control endpoint can ask of the host. */
export interface ControlActions {
  state(): unknown;
  readonly faults: FaultSwitches;
  setFaults(switches: FaultSwitches): void;
  crash(): void;
  settle(nowMs?: number, setting?: ClockSetting): Promise<unknown>;
  history(instanceId: string): unknown;
  statistics(): unknown;
}

/**
 * Answers below `/_host`:
 *
 * - `GET /_host`: functions, refused functions, epoch, faults, time, what runs
 * - `GET | PUT | DELETE /_host/faults`: the switches described in faults.ts
 * - `POST /_host/crash`: drops all memory and rebuilds it from SQLite
 * - `POST /_host/clock` `{nowMs?, setting?}`: takes over how time runs, settles, `{nextDueMs, workDone}`
 * - `GET /_host/history/{instanceId}`: the stored history in wire form
 * - `GET /_host/statistics`
 */
export async function answerControl(
  request: IncomingMessage,
  [what = '', argument]: readonly string[],
  actions: ControlActions,
): Promise<Answer> {
  const body = (await readBody(request)).toString('utf8');
  switch (`${request.method} ${what}`) {
    case 'GET ':
      return jsonAnswer(200, actions.state());
    case 'GET faults':
      return jsonAnswer(200, actions.faults);
    case 'PUT faults':
      actions.setFaults(readFaultSwitches(JSON.parse(body)));
      return jsonAnswer(200, actions.faults);
    case 'DELETE faults':
      actions.setFaults({});
      return jsonAnswer(200, actions.faults);
    case 'POST crash':
      actions.crash();
      return { status: 204 };
    case 'POST clock':
      return jsonAnswer(200, await actions.settle(nowMsOf(body), settingOf(body)));
    case 'GET history': {
      const history = actions.history(decodeURIComponent(argument ?? ''));
      return history === undefined ? { status: 404 } : jsonAnswer(200, history);
    }
    case 'GET statistics':
      return jsonAnswer(200, actions.statistics());
    default:
      return { status: 404 };
  }
}

function settingOf(body: string): ClockSetting | undefined {
  const value: unknown = body === '' ? {} : JSON.parse(body);
  const setting = isJsonObject(value) ? value.setting : undefined;
  if (setting === undefined) return undefined;
  if (
    !isJsonObject(setting) ||
    typeof setting.simulatedMs !== 'number' ||
    typeof setting.wallMs !== 'number' ||
    typeof setting.speed !== 'number'
  ) {
    throw new Error('"setting" must have simulatedMs, wallMs and speed.');
  }
  return { simulatedMs: setting.simulatedMs, wallMs: setting.wallMs, speed: setting.speed };
}

function nowMsOf(body: string): number | undefined {
  const value: unknown = body === '' ? {} : JSON.parse(body);
  const nowMs = isJsonObject(value) ? value.nowMs : undefined;
  if (nowMs === undefined) return undefined;
  if (typeof nowMs !== 'number' || !Number.isFinite(nowMs)) throw new Error('"nowMs" must be a number.');
  return nowMs;
}
