/** What `run-mutant` prints. */
export interface Outcome {
  readonly mutant: string
  /** What noticed that the rule is broken: `seed N`, `scenario NAME`. */
  readonly caughtBy: readonly string[]
  /** The first thing that a checker or scenario said. */
  readonly finding: string
}

/** Within as many seeds the random suite has to catch each mutant. */
export const SEARCH_SEEDS = 50
