/**
 * How many views of a window each member leads (EPO-8): its share by weight, rounded down or up by chance, so that the
 * long run is exactly by weight. Nobody gets more than its cooldown leaves room for; what that takes from one goes to
 * the others by their weights.
 */
import { must } from '../primitives/errors.ts'

export const WINDOW_VIEWS = 64
/** Views in a row that a member without a cooldown leads, at most (seeds 000: max consecutive). */
export const RUN_MAX = 3

export interface Drawn {
  readonly weight: number
  /** Views after leading in which it does not lead. */
  readonly cooldown: number
}

/** Views of a window that a member can lead, whatever the windows beside it hold. */
export function mostOf({ cooldown }: Drawn, members: number): number {
  if (members === 1) return WINDOW_VIEWS
  return cooldown === 0
    ? Math.floor((WINDOW_VIEWS * RUN_MAX) / (RUN_MAX + 1)) - RUN_MAX
    : Math.floor((WINDOW_VIEWS - cooldown) / (cooldown + 1))
}

/** @param chance any number below 2^128, of which the modulus by the sum of weights counts */
export function quotasOf(members: readonly Drawn[], chance: bigint): number[] {
  const quotas = members.map(() => 0)
  const { open, views } = capped(members, quotas)
  const total = open.reduce((sum, index) => sum + weightOf(members, index), 0)
  if (total === 0) return quotas
  // Points of a comb over the members' shares, laid end to end, with its teeth a total apart: one for each view.
  const offset = Number(chance % BigInt(total))
  const teethBelow = (position: number): number =>
    position <= offset ? 0 : Math.ceil((position - offset) / total)
  let end = 0
  for (const index of open) {
    const start = end
    end += weightOf(members, index) * views
    quotas[index] = teethBelow(end) - teethBelow(start)
  }
  return quotas
}

const weightOf = (members: readonly Drawn[], index: number): number =>
  must(members[index], 'a member in range').weight

/** Whoever would get more than it can lead gets just that, until nobody would. */
function capped(members: readonly Drawn[], quotas: number[]): { open: number[]; views: number } {
  let open = [...members.keys()]
  let views = WINDOW_VIEWS
  for (;;) {
    const total = open.reduce((sum, index) => sum + weightOf(members, index), 0)
    const over = open.filter((index) => {
      const member = must(members[index], 'a member in range')
      return member.weight * views > mostOf(member, members.length) * total
    })
    if (over.length === 0) return { open, views }
    for (const index of over) {
      const most = mostOf(must(members[index], 'a member in range'), members.length)
      quotas[index] = Math.min(most, views)
      views -= quotas[index] ?? 0
    }
    open = open.filter((index) => !over.includes(index))
  }
}
