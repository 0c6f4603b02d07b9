/** Who has to act before the work can go on. */
export type Actor = 'caller' | 'operator' | 'azure-temporary' | 'azure-permanent' | 'us';

/** What went wrong, for a person: every problem says who must act and how. */
export interface Problem {
  /** Stable, in PascalCase; scripts compare it. */
  readonly code: string;
  readonly actor: Actor;
  /** One plain sentence. */
  readonly message: string;
  /** One plain sentence: what that person does about it. */
  readonly remedy: string;
  /** ARM id of the resource, when the problem is one resource's. */
  readonly resource?: string;
  /** Place in the document, as `hub.firewall.tier` or `spokes[0].subnets[2].addressPrefix`. */
  readonly path?: string;
}

/** A problem thrown. Functions that expect a problem return it instead. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.message}`);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}
