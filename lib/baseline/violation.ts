/** One thing wrong with a spec. Found offline; all of them are reported at once. */
export interface Violation {
  /** Stable, in PascalCase; one row of the table in `violation-codes.ts`. */
  readonly code: string;
  /** Place in the document, as `hub.firewall.tier` or `spokes[0].subnets[2].addressPrefix`; empty for the whole document. */
  readonly path: string;
  /** One plain sentence. */
  readonly message: string;
  /** One plain sentence: what the author does about it. */
  readonly remedy: string;
}
