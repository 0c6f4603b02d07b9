import type { Context } from './verb.ts';

/** Whether a person sits there who can be asked and wants to be. */
export function mayBeAsked({ yes, json, world }: Context): boolean {
  return !yes && !json && world.stdout.isTTY === true;
}

/** True unless a person says no. Nobody there to answer: the guard of the app asks for the approvals that the spec wants. */
export async function saysYes({ world }: Context, question: string): Promise<boolean> {
  const answer = await world.ask(`${question} [y/N] `);
  return answer === null || /^y(?:es)?$/i.test(answer.trim());
}
