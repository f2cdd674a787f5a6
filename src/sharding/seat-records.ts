/** Seats, weights and the mix as coordination state keeps them (EPO-4): what the snapshot of an epoch is read from. */
import { compare, toHex } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { SeatsType, WeightsType, seatBits } from '../codec/registry-records.ts'
import type { Leading, Seats } from '../codec/registry-records.ts'
import { SEATS_KEY, WEIGHTS_KEY } from '../state/keys.ts'
import type { StateView } from '../state/ports.ts'
import { committeeOf } from './committee.ts'
import { USUAL_COOLDOWN } from './schedule.ts'
import type { Succession } from './succession.ts'
import type { Committee, Member } from './types.ts'

type Reader = Pick<StateView, 'get'>

export interface SeatRecords {
  readonly seats: Uint8Array
  readonly weights: Uint8Array
}

/** The records of these committees: shards in order of their numbers and `coord`. */
export function encodeSeats(committees: ReadonlyMap<ChainId, Succession>): SeatRecords {
  const holders = new Map<string, Member>()
  for (const { members } of committees.values()) {
    for (const member of members) holders.set(toHex(member.key), member)
  }
  const sorted = [...holders.values()].sort((a, b) => compare(a.key, b.key))
  const places = new Map(sorted.map(({ key }, place) => [toHex(key), place]))
  const ordered = [...committees].sort(([a], [b]) => a - b)
  const chains = ordered.map(([chain, { members, degraded }]) => {
    const seated = members.map(({ key }) => must(places.get(toHex(key)), 'a member holds a seat'))
    return { chain, degraded: degraded ? 1 : 0, members: seatBits(sorted.length, seated) }
  })
  const weights = ordered.map(([, { members }]) => members.map(leadingOf))
  const seats = { holders: sorted.map(({ key, cooperative }) => ({ key, cooperative })), chains }
  return { seats: SeatsType.serialize(seats), weights: WeightsType.serialize(weights) }
}

const leadingOf = ({ weight, cooldown }: Member): Leading => ({
  weight,
  cooldown: cooldown ?? USUAL_COOLDOWN
})

/** One weight, at least 1, for each member of each chain. */
export const areWeights = ({ chains }: Seats, weights: readonly (readonly Leading[])[]): boolean =>
  weights.length === chains.length &&
  chains.every(({ members }, index) => {
    const own = weights[index]
    return own?.length === members.getTrueBitIndexes().length && own.every(({ weight }) => weight >= 1)
  })

/** @returns undefined unless every committee has a member, in the one order, out of holders in key order. */
export function checkSeats(seats: Seats, shards: number): Seats | undefined {
  const { holders, chains } = seats
  const inOrder = holders.every(({ key }, place) => {
    const next = holders[place + 1]
    return next === undefined || compare(key, next.key) < 0
  })
  const complete =
    chains.length === shards + 1 &&
    chains.every(
      ({ chain, degraded, members }, index) =>
        chain === (index === shards ? COORD : index) &&
        degraded <= 1 &&
        members.bitLen === holders.length &&
        members.getTrueBitIndexes().length > 0
    )
  return inOrder && complete ? seats : undefined
}

/** @param weights by chain and member; undefined where nobody is to be drawn by them */
export function committeesOf(
  { holders, chains }: Seats,
  weights?: readonly (readonly Leading[])[]
): Map<ChainId, Committee> {
  return new Map(
    chains.map(({ chain, degraded, members: bits }, index) => {
      const own = weights === undefined ? undefined : must(weights[index], 'weights of each chain')
      const members = bits.getTrueBitIndexes().map((place, order): Member => {
        const { key, cooperative } = must(holders[place], 'a holder')
        return {
          key,
          cooperative,
          ...(own === undefined ? { weight: 1 } : must(own[order], 'a weight for each'))
        }
      })
      return [chain, committeeOf(chain, members, degraded === 1)]
    })
  )
}

export const readSeats = (view: Reader): Seats =>
  SeatsType.deserialize(must(view.get(SEATS_KEY), 'coordination state without seats'))

export const readWeights = (view: Reader): Leading[][] =>
  WeightsType.deserialize(must(view.get(WEIGHTS_KEY), 'coordination state without weights'))
