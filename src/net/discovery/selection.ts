/**
 * Whom to dial and whom to let go, as a pure decision over what is known now (D13, DIS-10 … DIS-14).
 *
 * Letting go: the peers that stay are *built up* (wanted ones, then the needs of each chain, then the own cooperative,
 * then the best of the rest up to the target) and everybody else goes. So the target is always reached, whatever the
 * peers are like, and no chain loses what it needs.
 */
import type { ChainId } from '../../primitives/chain-id.ts'
import { NET_LIMITS } from '../limits.ts'
import type { Peer } from '../types.ts'
import { DISCOVERY_LIMITS } from './limits.ts'

export interface PeeringTargets {
  /** Fewer than these: dial anybody. */
  readonly minPeers: number
  /** More than these: surplus is let go. At least `minPeers`. */
  readonly targetPeers: number
  /** Never more than these. Above `targetPeers`, so that a chain in need always has room. */
  readonly maxPeers: number
  /** Of each followed chain. */
  readonly perChain: number
  /** Share of a chain's peers that this node dialled itself, in percent. */
  readonly outboundPercent: number
  /** Peers of the own cooperative that are kept where they exist. */
  readonly cooperative: number
}

export function peeringTargets(targets: Partial<PeeringTargets> = {}): PeeringTargets {
  return {
    minPeers: DISCOVERY_LIMITS.minPeers,
    targetPeers: DISCOVERY_LIMITS.targetPeers,
    maxPeers: NET_LIMITS.maxPeers,
    perChain: DISCOVERY_LIMITS.perChain,
    outboundPercent: DISCOVERY_LIMITS.outboundPercent,
    cooperative: DISCOVERY_LIMITS.cooperativePeers,
    ...targets
  }
}

export interface Linked {
  readonly peer: Peer
  readonly direction: 'inbound' | 'outbound'
  /** What its status says it follows. */
  readonly chains: ReadonlySet<ChainId>
  /** Higher is better. */
  readonly rank: number
  /** Bootstrap peers, validators of followed chains. */
  readonly isWanted: boolean
  readonly isOwnCooperative: boolean
  /** It came a moment ago. */
  readonly isNew: boolean
}

/** Somebody known, not connected, not banned, and due or being dialled. */
export interface Candidate {
  readonly peer: Peer
  /** Undefined: nobody said. */
  readonly chains: ReadonlySet<ChainId> | undefined
  readonly rank: number
  readonly isWanted: boolean
  readonly isOwnCooperative: boolean
  /** It is being dialled: counted, and not dialled again. */
  readonly isUnderWay: boolean
}

export interface Peering {
  /** In order of need. */
  readonly dial: readonly Peer[]
  readonly close: readonly Peer[]
  /** Followed chains that have too few peers even if everybody who is dialled answers. */
  readonly missing: readonly ChainId[]
  /** Peers that are there and that are dialled are fewer than the least. */
  readonly isShort: boolean
}

/**
 * @param linked the oldest first: of equals who was there first stays
 * @param candidates in an order of chance: of equals the first is dialled
 */
export function decidePeering(
  followed: readonly ChainId[],
  linked: readonly Linked[],
  candidates: readonly Candidate[],
  targets: PeeringTargets
): Peering {
  // Whoever came a moment ago has time to ask for others: let go at once, a newcomer would never know anybody.
  const settled = linked.filter(({ isNew }) => !isNew)
  const surplus = settled.length > targets.targetPeers ? settled : []
  const kept = surplus.length === 0 ? new Set<Peer>() : keep(followed, surplus, targets)
  const leaving = new Set(surplus.flatMap(({ peer }) => (kept.has(peer) ? [] : [peer])))
  const close = [...leaving]
  const staying = linked.filter(({ peer }) => !leaving.has(peer))
  const plan = whomToDial(followed, staying, candidates, targets)
  const missing = followed.filter(
    (chain) =>
      count(staying, (each) => each.chains.has(chain)) +
        plan.counting(({ chains }) => chains?.has(chain) ?? true) <
      targets.perChain
  )
  const isShort = staying.length + plan.counting(() => true) < targets.minPeers
  return { dial: plan.peers, close, missing, isShort }
}

/** A score of 100 at most, and more for a peer of the own cooperative (DIS-13). */
export const rankOf = (score: number, isOwnCooperative: boolean, bonus: number): number =>
  Math.min(100, score + (isOwnCooperative ? bonus : 0))

const count = <T>(of: readonly T[], test: (each: T) => boolean): number => of.filter(test).length

/**
 * Equals stay in the order in which they are given. An order that all nodes share, such as that of their ids, would have
 * everybody dial and keep the same few, and let go of the same others again and again.
 */
const byRank = (a: { rank: number }, b: { rank: number }): number => b.rank - a.rank

/** Outbound peers that a chain with so many peers must have. */
const floorOf = (peers: number, { outboundPercent }: PeeringTargets): number =>
  Math.ceil((peers * outboundPercent) / 100)

function keep(followed: readonly ChainId[], linked: readonly Linked[], targets: PeeringTargets): Set<Peer> {
  const ranked = linked.toSorted(byRank)
  const stay = new Set<Peer>()
  const add = (most: number, test: (each: Linked) => boolean): void => {
    let have = count(ranked, (each) => stay.has(each.peer) && test(each))
    for (const each of ranked) {
      if (have >= most) return
      if (stay.has(each.peer) || !test(each)) continue
      stay.add(each.peer)
      have += 1
    }
  }
  // Half at most: a table full of wanted peers would leave nothing to let go and no room for anybody.
  add(Math.floor(targets.targetPeers / 2), ({ isWanted }) => isWanted)
  for (const chain of followed) {
    add(
      floorOf(targets.targetPeers, targets),
      (each) => each.direction === 'outbound' && each.chains.has(chain)
    )
    add(targets.perChain, (each) => each.chains.has(chain))
  }
  add(targets.cooperative, ({ isOwnCooperative }) => isOwnCooperative)
  if (stay.size < targets.targetPeers) add(targets.targetPeers, () => true)
  return stay
}

function whomToDial(
  followed: readonly ChainId[],
  linked: readonly Linked[],
  candidates: readonly Candidate[],
  targets: PeeringTargets
): DialPlan {
  const plan = new DialPlan(candidates, Math.max(0, targets.maxPeers - linked.length))
  for (const chain of followed) {
    const following = linked.filter((each) => each.chains.has(chain))
    const outbound = count(following, ({ direction }) => direction === 'outbound')
    plan.take(targets.perChain - following.length, ({ chains }) => chains?.has(chain) === true)
    const planned = plan.counting(({ chains }) => chains?.has(chain) === true)
    const floor = floorOf(following.length + planned, targets)
    plan.take(floor - outbound, ({ chains }) => chains?.has(chain) === true)
    // Who says nothing may follow it; dialling tells.
    plan.take(targets.perChain - following.length, ({ chains }) => chains?.has(chain) ?? true)
  }
  const wanted = count(linked, ({ isWanted }) => isWanted)
  plan.take(Math.floor(targets.targetPeers / 2) - wanted, ({ isWanted }) => isWanted)
  const own = count(linked, ({ isOwnCooperative }) => isOwnCooperative)
  plan.take(targets.cooperative - own, ({ isOwnCooperative }) => isOwnCooperative)
  plan.take(targets.minPeers - linked.length, () => true)
  return plan
}

/** Who is dialled so far; each need counts those that others asked for already. */
class DialPlan {
  readonly #ranked: readonly Candidate[]
  readonly #room: number
  readonly #taken: Set<Candidate>

  constructor(candidates: readonly Candidate[], room: number) {
    this.#ranked = candidates.toSorted(byRank)
    this.#room = room
    this.#taken = new Set(candidates.filter(({ isUnderWay }) => isUnderWay))
  }

  get peers(): Peer[] {
    return [...this.#taken].filter(({ isUnderWay }) => !isUnderWay).map(({ peer }) => peer)
  }

  counting(test: (each: Candidate) => boolean): number {
    return count([...this.#taken], test)
  }

  /** Until `need` of those that pass are planned, or nobody is left, or there is no room. */
  take(need: number, test: (each: Candidate) => boolean): void {
    let have = this.counting(test)
    for (const each of this.#ranked) {
      if (have >= need || this.#taken.size >= this.#room) return
      if (this.#taken.has(each) || !test(each)) continue
      this.#taken.add(each)
      have += 1
    }
  }
}
