/**
 * The block of a freeze height (C2) in a network that has run for long: facts of all chains into reputation, seats, weights, the records of it as one update
 * of the tree, and from these the snapshot and every chain's leader schedule.
 */
import { buildChainGenesis } from '../chain/genesis-block.ts'
import { freezeSeats } from '../chain/freeze-step.ts'
import { EVENTS_KEPT, HOURS_KEPT, OUTCOMES_KEPT, PARTNERS_KEPT, PARTNER_BITS } from '../codec/cooperation.ts'
import type { Reputation } from '../codec/cooperation.ts'
import { GENESIS_POINTS, newReputation, writeReputation } from '../cooperation/reputation.ts'
import { sha256 } from '../crypto/hash.ts'
import { newGenesis } from '../params/new-genesis.ts'
import { u64be } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { assert } from '../primitives/errors.ts'
import { createSchedule } from '../sharding/schedule.ts'
import { committeesOf, readSeats } from '../sharding/seat-records.ts'
import { computeSnapshot } from '../sharding/snapshot.ts'
import { EMPTY_VIEW, commit } from '../state/commit.ts'
import { readElectorate } from '../state/coord/validators.ts'
import { NO_FACTS, recordSummary } from '../state/facts.ts'
import { Ledger } from '../state/ledger.ts'
import { Overlay } from '../state/overlay.ts'
import type { StateView } from '../state/ports.ts'
import type { Bench, Figure } from './figure.ts'
import { compare } from './timing.ts'

const GENESIS_HASH = new Uint8Array(32)
const EPOCH_LENGTH = 240
const FREEZE_DISTANCE = 20
const SHARDS_PER_VALIDATOR = 3
const RUNS = 5
/** Categories that the events of one day change. */
const EVENTS_A_DAY = 6

interface Size {
  readonly validators: number
  readonly shards: number
  readonly bar: number
}

const SIZES: readonly Size[] = [
  { validators: 100, shards: 8, bar: 50 },
  { validators: 1_000, shards: 32, bar: 500 }
]

export const epochs: Bench = {
  name: 'epochs',
  summary: 'the end of a block at a freeze height: reputation, seats, weights, snapshot, schedules',
  async run() {
    const figures: Figure[] = []
    for (const size of SIZES) figures.push(await figureOf(size))
    return figures
  }
}

async function figureOf({ validators, shards, bar }: Size): Promise<Figure> {
  const { params, state } = coordinationOf(validators, shards)
  const known = withFacts(state)
  const work = (): void => {
    const ledger = new Ledger(known)
    freezeSeats(ledger, { chain: COORD, height: EPOCH_LENGTH - FREEZE_DISTANCE, shards, params })
    const after = new Overlay(known, commit(known, ledger.changedValues()))
    const snapshot = computeSnapshot(after, 1, GENESIS_HASH, shards)
    for (const chain of snapshot.committees.keys()) createSchedule(snapshot, chain).leader(1)
  }
  const changed = 3 * validators
  const raw = (): void => {
    for (let index = 0; index < changed * Math.ceil(Math.log2(changed)); index++) sha256(u64be(index))
  }
  const { value, raw: limit } = await compare({ prepare: () => undefined, work, raw }, RUNS)
  return {
    name: `epoch of ${validators} × ${shards}`,
    what: `${validators} validators, ${shards} shards, at most ${SHARDS_PER_VALIDATOR} a validator`,
    unit: 'ms',
    value,
    raw: { what: 'hashes of a tree over the changed records', value: limit },
    bar
  }
}

function coordinationOf(validators: number, shards: number) {
  const made = newGenesis({
    preset: 'seed',
    timeMs: 1_700_000_000_000,
    shards,
    validators: Array.from({ length: validators }, (_, index) => sha256(u64be(index))),
    overrides: {
      epochLength: EPOCH_LENGTH,
      freezeDistance: FREEZE_DISTANCE,
      shardsPerValidator: SHARDS_PER_VALIDATOR,
      maxValidators: 1_024
    }
  })
  assert(made.ok, 'the preset makes a genesis')
  const { changes } = buildChainGenesis(made.value, COORD)
  return { params: made.value.params, state: new Overlay(EMPTY_VIEW, changes) }
}

/**
 * A network that has run for long: every window of a reputation is full. Every chain has finished an epoch, in which all
 * but every tenth member voted for every block.
 */
function withFacts(state: StateView): StateView {
  const ledger = new Ledger(state)
  for (const { key } of readElectorate(state)) writeReputation(ledger, key, FULL)
  for (const [chain, { members }] of committeesOf(readSeats(state))) {
    const facts = members.map(({ key }, index) => {
      const attended = index % 10 === 0 ? 0 : EPOCH_LENGTH
      return { key, facts: { ...NO_FACTS, attended, missed: EPOCH_LENGTH - attended, led: 2 } }
    })
    for (let from = 0; from < facts.length; from += PART)
      record(ledger, chain, facts.slice(from, from + PART))
  }
  return new Overlay(state, commit(state, ledger.changedValues()))
}

const PART = 64

const FULL: Reputation = {
  ...newReputation(GENESIS_POINTS, 0),
  validations: 1_000,
  outcomes: new Uint8Array(OUTCOMES_KEPT).fill(1),
  partners: Uint8Array.from({ length: PARTNERS_KEPT }, (_, index) => index % PARTNER_BITS),
  hours: Array.from({ length: HOURS_KEPT }, () => ({
    attended: EPOCH_LENGTH,
    missed: 0,
    led: 2,
    skipped: 0
  })),
  events: Array.from({ length: EVENTS_KEPT }, (_, index) => {
    return { category: index % EVENTS_A_DAY, day: Math.floor(index / EVENTS_A_DAY), gained: 1n, lost: 1n }
  })
}

type Facts = Parameters<typeof recordSummary>[2]['members']

function record(ledger: Ledger, chain: ChainId, members: Facts): void {
  recordSummary(ledger, chain, { epoch: 0, height: EPOCH_LENGTH, blocks: EPOCH_LENGTH, members })
}
