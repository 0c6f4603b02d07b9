import type { Dependencies } from '../dependencies.ts';
import type { RunDocument } from '../state/run.ts';

/** Longest chain of "its work is done by that one" that is followed. */
const LONGEST_CHAIN = 10;

/** The run that does the work of an operation; null: nobody has taken it up. */
export async function runOf({ runs }: Pick<Dependencies, 'runs'>, operationId: string): Promise<RunDocument | null> {
  let run = (await runs.read(operationId))?.run ?? null;
  for (let hops = 0; run !== null && hops < LONGEST_CHAIN; hops++) {
    const next: string | undefined = run.joinedTo ?? run.supersededBy;
    const other: RunDocument | null = next === undefined ? null : ((await runs.read(next))?.run ?? null);
    if (other === null) return run;
    run = other;
  }
  return run;
}
