/**
 * The leader schedule (C8, D17; EPO-7 … EPO-9): a pure function of the snapshot and the view. A leader is drawn by
 * weight among the members that do not lead in the c views before, c = min(3, f), so that one silent member
 * never costs two views in a row where f ≥ 1; a failed view changes nothing.
 *
 * To find leader(v) without all views before it, views come in windows of 32. The first c views of a window are drawn
 * knowing only each other. The others avoid the c views before them and those first views of the next window that are
 * within c views after them. So the distance holds across windows too, and never more than 2c < n are avoided:
 *
 *   window k            window k + 1
 *   a a a . . . . x x x | a a a . . .      a: drawn first; x: avoids the a's that follow as well
 */
import { concat, u64be } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert, must } from '../primitives/errors.ts'
import { DOMAINS } from '../crypto/domains.ts'
import { sha256 } from '../crypto/hash.ts'
import type { LeaderSchedule } from './ports.ts'
import type { Committee, EpochSnapshot, Member } from './types.ts'

export const WINDOW_VIEWS = 32
/** Views after leading in which a member is not drawn, at most (seeds 000). */
export const MAX_COOLDOWN = 3
/** Windows kept: the current one and the next, and one for a peer's question about another. */
const WINDOWS_KEPT = 4

export const cooldownOf = ({ faults }: Committee): number => Math.min(MAX_COOLDOWN, faults)

export function createSchedule(snapshot: EpochSnapshot, chain: ChainId): LeaderSchedule {
  const committee = must(snapshot.committees.get(chain), 'C2: a snapshot holds a committee for each chain')
  assert(committee.members.length > 0, 'C8: a committee has a member')
  return new WindowedSchedule(snapshot.seed, chain, committee)
}

class WindowedSchedule implements LeaderSchedule {
  readonly #prefix: Uint8Array
  readonly #members: readonly Member[]
  readonly #cooldown: number
  /** Leaders by window, the oldest entry first; what is forgotten is computed again. */
  readonly #windows = new Map<number, readonly number[]>()

  constructor(seed: Uint8Array, chain: ChainId, committee: Committee) {
    this.#prefix = concat(DOMAINS.leader, seed, Uint8Array.of(chain >> 8, chain & 0xff))
    this.#members = committee.members
    this.#cooldown = cooldownOf(committee)
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
    const leaders = this.#compute(window)
    const [oldest] = this.#windows.keys()
    if (this.#windows.size === WINDOWS_KEPT && oldest !== undefined) this.#windows.delete(oldest)
    this.#windows.set(window, leaders)
    return leaders
  }

  #compute(window: number): number[] {
    const cooldown = this.#cooldown
    const leaders = this.#first(window)
    const following = this.#first(window + 1)
    for (let place = cooldown; place < WINDOW_VIEWS; place++) {
      const before = leaders.slice(place - cooldown)
      const after = following.slice(0, Math.max(0, place + cooldown - WINDOW_VIEWS + 1))
      leaders.push(this.#draw(window * WINDOW_VIEWS + place + 1, [...before, ...after]))
    }
    return leaders
  }

  /** The first c leaders of a window. */
  #first(window: number): number[] {
    const leaders: number[] = []
    for (let place = 0; place < this.#cooldown; place++) {
      leaders.push(this.#draw(window * WINDOW_VIEWS + place + 1, leaders))
    }
    return leaders
  }

  /** By weight, in key order, among those not avoided: 128 bits modulo the sum of weights, a bias below 2^-80. */
  #draw(view: number, avoided: readonly number[]): number {
    const candidates = [...this.#members.entries()].filter(([index]) => !avoided.includes(index))
    const total = candidates.reduce((sum, [, { weight }]) => sum + BigInt(weight), 0n)
    assert(total > 0n, 'C8: every view has a leader')
    let rest = drawnNumber(sha256(concat(this.#prefix, u64be(view)))) % total
    const drawn = candidates.find(([, { weight }]) => {
      rest -= BigInt(weight)
      return rest < 0n
    })
    return must(drawn, 'C8: the draw lies below the sum of weights')[0]
  }
}

/** The first 16 bytes, big-endian. */
function drawnNumber(digest: Uint8Array): bigint {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}
