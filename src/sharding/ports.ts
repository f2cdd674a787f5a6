/** leader(e, v) of C8, as the consensus machine asks for it. */
export interface LeaderSchedule {
  /** @returns the committee index of the leader of view `view` ≥ 1; defined for every view and every n ≥ 1. */
  leader(view: number): number
}
