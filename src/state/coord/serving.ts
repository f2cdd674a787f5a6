/**
 * On which shards a validator may still be needed (REG-16, C26): where it sits, and where it sat until coordination has
 * heard of a later epoch of that shard. Its stake answers for these epochs, so it is not paid out before.
 */
import { SeatsType, ServedListType } from '../../codec/registry-records.ts'
import type { Seats, Served } from '../../codec/registry-records.ts'
import { equal } from '../../primitives/bytes.ts'
import { isShard } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { readSummaryEpoch } from '../facts.ts'
import { SEATS_KEY, servedKey } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import { recordsOf } from './validators.ts'
import type { Records } from './validators.ts'

const decodedSeats = new WeakMap<Uint8Array, Seats>()

function readSeats(records: Records): Seats {
  const bytes = must(records.get(SEATS_KEY), 'coordination state without seats')
  const seats = decodedSeats.get(bytes) ?? SeatsType.deserialize(bytes)
  decodedSeats.set(bytes, seats)
  return seats
}

export function readServed(records: Records, validator: Uint8Array): readonly Served[] {
  const bytes = records.get(servedKey(validator))
  return bytes === undefined ? [] : ServedListType.deserialize(bytes)
}

/** Coordination has a summary of an epoch of the shard that is later than this one. */
const isOver = (records: Records, shard: ChainId, epoch: number): boolean =>
  (readSummaryEpoch(records, shard) ?? -1) > epoch

/** At a freeze height: it sits on these shards no more, and `epoch` is the last one in which it did. */
export function noteServed(
  ledger: Ledger,
  validator: Uint8Array,
  shards: readonly ChainId[],
  epoch: number
): void {
  const records = recordsOf(ledger)
  const kept = readServed(records, validator).filter((one) => {
    return !shards.includes(one.shard) && !isOver(records, one.shard, one.epoch)
  })
  const served = [...kept, ...shards.map((shard) => ({ shard, epoch }))]
  ledger.setRecord(
    servedKey(validator),
    ServedListType.serialize(served.toSorted((a, b) => a.shard - b.shard))
  )
}

/** REG-12: whether its part in epochs up to this one may not be over on some shard. */
export function mayBeNeeded(records: Records, validator: Uint8Array, upTo: number): boolean {
  const { holders, chains } = readSeats(records)
  const place = holders.findIndex(({ key }) => equal(key, validator))
  const sits = place < 0 ? [] : chains.filter(({ chain, members }) => isShard(chain) && members.get(place))
  return (
    sits.some(({ chain }) => !isOver(records, chain, upTo)) ||
    readServed(records, validator).some(({ shard, epoch }) => !isOver(records, shard, Math.min(epoch, upTo)))
  )
}
