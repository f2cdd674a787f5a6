/**
 * The leader schedule (C8, D17; EPO-7 to EPO-9): a pure function of the snapshot and the view. Views come in windows
 * of 64. Each window deals its views to the members by weight (`quotas.ts`) and draws their order, view by view, among
 * those that did not lead in their cooldown; a failed view changes nothing.
 *
 * To find leader(v) without all views before it, every second window is drawn knowing only itself; the windows between
 * keep their distance to both neighbours. So a leader needs three windows at most, and never more than 2f < n members
 * are avoided:
 *
 *   window 2k            window 2k + 1              window 2k + 2
 *   drawn by itself  |   avoids the end of 2k   |   drawn by itself
 *                    |   and the start of 2k+2  |
 */
import { concat, u64be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import type { LeaderSchedule } from './ports.ts'
import { RUN_MAX, WINDOW_VIEWS, quotasOf } from './quotas.ts'
import type { Drawn } from './quotas.ts'
import type { Committee, EpochSnapshot, Member } from './types.ts'

export { WINDOW_VIEWS } from './quotas.ts'
/** Cooldown of a member whose snapshot states none (seeds 000). */
export const USUAL_COOLDOWN = 3
/** Windows kept: around the current one, and around a peer's question about another. */
const WINDOWS_KEPT = 8

/** EPO-8: at most f, or there would be too few others. */
export const cooldownOf = ({ faults }: Pick<Committee, 'faults'>, member: Member): number =>
  Math.min(member.cooldown ?? USUAL_COOLDOWN, faults)

export function createSchedule(snapshot: EpochSnapshot, chain: ChainId): LeaderSchedule {
  const committee = must(snapshot.committees.get(chain), 'C2: a snapshot holds a committee for each chain')
  assert(committee.members.length > 0, 'C8: a committee has a member')
  return new WindowedSchedule(snapshot.seed, chain, committee)
}

class WindowedSchedule implements LeaderSchedule {
  readonly #prefix: Uint8Array
  readonly #members: readonly Drawn[]
  /** Leaders by window, the oldest entry first; what is forgotten is computed again. */
  readonly #windows = new Map<number, readonly number[]>()

  constructor(seed: Uint8Array, chain: ChainId, committee: Committee) {
    this.#prefix = concat(DOMAINS.leader, seed, Uint8Array.of(chain >> 8, chain & 0xff))
    this.#members = committee.members.map((member) => ({
      weight: member.weight,
      cooldown: cooldownOf(committee, member)
    }))
  }

  leader(view: number): number {
    assert(Number.isSafeInteger(view) && view >= 1, 'C8: views count from 1')
    const place = (view - 1) % WINDOW_VIEWS
    const window = (view - 1 - place) / WINDOW_VIEWS
    return must(this.#window(window)[place], 'a place in the window')
  }

  #window(window: number): readonly number[] {
    const known = this.#windows.get(window)
    if (known !== undefined) return known
    const isAlone = window % 2 === 0
    const leaders = this.#draw(window, {
      before: isAlone ? [] : this.#window(window - 1),
      after: isAlone ? [] : this.#window(window + 1)
    })
    const [oldest] = this.#windows.keys()
    if (this.#windows.size === WINDOWS_KEPT && oldest !== undefined) this.#windows.delete(oldest)
    this.#windows.set(window, leaders)
    return leaders
  }

  #draw(window: number, beside: Neighbours): number[] {
    const first = window * WINDOW_VIEWS + 1
    const quotas = quotasOf(this.#members, chanceOf(this.#prefix, u64be(first), Uint8Array.of(1)))
    const order = new WindowOrder(this.#members, quotas, beside)
    for (let place = 0; place < WINDOW_VIEWS; place++) {
      order.place(chanceOf(this.#prefix, u64be(first + place)))
    }
    return order.leaders
  }
}

interface Neighbours {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** One window as it fills up, place by place. */
class WindowOrder {
  readonly leaders: number[] = []
  readonly #members: readonly Drawn[]
  readonly #left: number[]
  /** Who has views left: of a large committee few in a window. */
  #open: number[]
  readonly #after: readonly number[]
  readonly #isAlone: boolean
  /** Place at which a member led last, and leads next after the window; by member. */
  readonly #last: number[]
  readonly #next: number[]
  #run: { member: number; length: number } = { member: -1, length: 0 }

  constructor(members: readonly Drawn[], quotas: readonly number[], { before, after }: Neighbours) {
    this.#members = members
    this.#left = [...quotas]
    this.#open = [...quotas.keys()]
    this.#after = after
    this.#isAlone = before.length === 0
    this.#last = members.map((_, member) => {
      const at = before.lastIndexOf(member)
      return at < 0 ? -Infinity : at - WINDOW_VIEWS
    })
    this.#next = members.map((_, member) => {
      const at = after.indexOf(member)
      return at < 0 ? Infinity : at + WINDOW_VIEWS
    })
    for (const member of before) this.#follow(member)
  }

  place(chance: bigint): void {
    const place = this.leaders.length
    this.#open = this.#open.filter((member) => this.#leftOf(member) > 0)
    const due = this.#open.filter((member) => this.#isFree(member, place))
    const urgent = due.filter((member) => this.#needs(member) >= WINDOW_VIEWS - place)
    // Whoever has views left, first those that would not find room for them later; if nobody is left, by weight.
    const leader =
      due.length > 0
        ? pick(urgent.length > 0 ? urgent : due, (member) => this.#leftOf(member), chance)
        : pick(this.#free(place), (member) => must(this.#members[member], 'a member').weight, chance)
    this.leaders.push(leader)
    this.#left[leader] = Math.max(0, this.#leftOf(leader) - 1)
    this.#last[leader] = place
    this.#follow(leader)
  }

  #free(place: number): number[] {
    return [...this.#members.keys()].filter((member) => this.#isFree(member, place))
  }

  #follow(member: number): void {
    const length = member === this.#run.member ? this.#run.length + 1 : 1
    this.#run = { member, length }
  }

  #leftOf = (member: number): number => this.#left[member] ?? 0

  #isFree(member: number, place: number): boolean {
    const { cooldown } = must(this.#members[member], 'a member')
    if (cooldown === 0) return this.#members.length === 1 || this.#runWith(member, place) <= RUN_MAX
    const last = this.#last[member] ?? -Infinity
    const next = this.#next[member] ?? Infinity
    return place - last > cooldown && next - place > cooldown
  }

  /** Views in a row, if the member takes this place; a window drawn by itself leaves one for what comes before. */
  #runWith(member: number, place: number): number {
    const own = member === this.#run.member ? this.#run.length : 0
    const following = place === WINDOW_VIEWS - 1 ? runAtStart(this.#after, member) : 0
    const reserve = this.#isAlone && own === place ? 1 : 0
    return own + 1 + following + reserve
  }

  /** Places that the rest of its views take at least. */
  #needs(member: number): number {
    const { cooldown } = must(this.#members[member], 'a member')
    const left = this.#leftOf(member)
    return cooldown === 0 ? left + Math.ceil(left / RUN_MAX) - 1 : (left - 1) * (cooldown + 1) + 1
  }
}

function runAtStart(leaders: readonly number[], member: number): number {
  const end = leaders.findIndex((leader) => leader !== member)
  return end < 0 ? leaders.length : end
}

/** EPO-7: 128 bits modulo the sum, a bias below 2^-80; members in order take their part one after the other. */
function pick(members: readonly number[], partOf: (member: number) => number, chance: bigint): number {
  const total = members.reduce((sum, member) => sum + partOf(member), 0)
  assert(total > 0, 'C8: every view has a leader')
  let rest = Number(chance % BigInt(total))
  const drawn = members.find((member) => {
    rest -= partOf(member)
    return rest < 0
  })
  return must(drawn, 'C8: the draw lies below the sum')
}

/** The first 16 bytes, big-endian. */
function chanceOf(...parts: readonly Uint8Array[]): bigint {
  const digest = sha256(concat(...parts))
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}
