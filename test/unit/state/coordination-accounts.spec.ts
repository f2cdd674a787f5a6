import { deepEqual, equal } from 'node:assert/strict'
import { OutboxEntryType, RECEIPT_SYSTEM, RECEIPT_VALUE } from '../../../src/codec/receipt.ts'
import type { Receipt } from '../../../src/codec/receipt.ts'
import { StakeType } from '../../../src/codec/state-records.ts'
import { MESSAGE_PAYOUT } from '../../../src/codec/system.ts'
import { concat } from '../../../src/primitives/bytes.ts'
import { readInLane } from '../../../src/node/chain/outbox.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { stakeKey } from '../../../src/state/keys.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { slashStake } from '../../../src/state/conduct/slash.ts'
import { releaseStake, stakeOf } from '../../../src/state/stake.ts'
import { readAccount, readTotals } from '../../../src/state/supply.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import {
  STRANGER,
  VALIDATOR,
  anOrder,
  assertSound,
  chainsWithCoord,
  orderBytes,
  supplyOf
} from '../../support/orders.ts'
import { CONSTANTS, PARAMS } from '../../support/state.ts'

const DEPOSIT = BigInt(PARAMS.activationDeposit)
const codeOf = (bytes: Uint8Array): string => {
  const checked = checkStateless({ ...CONSTANTS, shards: 2 }, bytes)
  return checked.ok ? 'ok' : checked.code
}

describe('accounts on the coordination chain', () => {
  const scene = () => {
    const chains = chainsWithCoord()
    const [shard] = chains.shards
    const [from] = shard.parties
    const act = (consumer: bigint, industrial = 0n, ahead = 0) =>
      anOrder(from!, shard, { activate: { consumer, industrial } }, ahead)
    return { ...chains, chains, shard, from: from!, act }
  }

  it('EMI-7, EMI-8, M8: an activation makes the sender’s record, locks the deposit and prepays the rest', () => {
    const { chains, shard, coord, from, act } = scene()
    const issued = supplyOf(chains)
    const before = readAccount(shard.state, from.address)!
    const { results } = shard.run({ transactions: [act(DEPOSIT + 5n, 6n)] })
    deepEqual(results[0]?.emitted, [{ destination: COORD, sequence: 0 }])
    const after = readAccount(shard.state, from.address)!
    equal(before.consumer - after.consumer, DEPOSIT + 5n + results[0]!.fee.consumer)
    equal(before.industrial - after.industrial, 6n)
    equal(readAccount(coord.state, from.address), undefined)
    deepEqual(coord.run({ deliveries: coord.deliveries(shard) }).received[0]?.refusal, undefined)
    const record = readAccount(coord.state, from.address)!
    deepEqual([record.consumer, record.industrial, record.nonce, record.mana], [5n, 6n, 0n, 0n])
    equal(readTotals(coord.state).deposits, DEPOSIT)
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('EMI-8: another activation only fills the record', () => {
    const { chains, shard, coord, from, act } = scene()
    const issued = supplyOf(chains)
    shard.run({ transactions: [act(DEPOSIT), act(DEPOSIT + 1n, 2n, 1)] })
    coord.run({ deliveries: coord.deliveries(shard) })
    const record = readAccount(coord.state, from.address)!
    deepEqual([record.consumer, record.industrial], [DEPOSIT + 1n, 2n])
    equal(readTotals(coord.state).deposits, DEPOSIT)
    deepEqual(supplyOf(chains), issued)
  })

  it('EMI-7: it brings the deposit at least, and has the amounts', () => {
    const { shard, act } = scene()
    const failure = (consumer: bigint, industrial = 0n) =>
      shard.run({ transactions: [act(consumer, industrial)] }).results[0]?.failure
    equal(failure(DEPOSIT - 1n), 'below-deposit')
    equal(failure(DEPOSIT), undefined)
    equal(failure(10n ** 12n), 'insufficient-funds')
    equal(failure(DEPOSIT, 10n ** 12n + 1n), 'insufficient-funds')
  })

  it('EMI-7, EMI-9: nothing at all is refused without any state', () => {
    const { shard, from } = scene()
    const none = { consumer: 0n, industrial: 0n }
    equal(codeOf(orderBytes(from, shard, { activate: none })), 'zero-amount')
    equal(codeOf(orderBytes(from, shard, { stake: { validator: VALIDATOR, ...none } })), 'zero-amount')
  })

  it('EMI-8, R8: an activation that finds no room is lost and found, and on a shard it is no activation', () => {
    const { chains, shard, coord, from, act } = scene()
    const issued = supplyOf(chains)
    shard.run({ transactions: [act(DEPOSIT + 5n)] })
    coord.params = { ...coord.params, maxStateBytes: readTotals(coord.state).stateBytes }
    const { received, emitted } = coord.run({ deliveries: coord.deliveries(shard) })
    deepEqual([received[0]?.refusal, received[0]?.refund, emitted.length], ['state-full', undefined, 0])
    equal(readTotals(coord.state).lostConsumer, DEPOSIT + 5n)
    deepEqual(supplyOf(chains), issued)
    const [, other] = chains.shards
    other.run({ transactions: [other.pay(other.parties[0]!, from.address, 5n)] })
    const [whole] = shard.deliveries(other)
    const receipt = { ...whole!.receipts[0]!, kind: 4 }
    const there = shard.run({ deliveries: [{ ...whole!, receipts: [receipt] }] })
    deepEqual([there.received[0]?.refusal, there.received[0]?.refund], ['unknown-receipt', 0])
  })

  it('EMI-8: whatever a shard says, no record is made that its deposit was not brought for', () => {
    const { shard, coord, from, act } = scene()
    shard.run({ transactions: [act(DEPOSIT)] })
    const [whole] = coord.deliveries(shard)
    /** As if the shard had sent so much. */
    const says = (consumer: bigint): string | undefined => {
      const { cursor } = readInLane(coord.state, shard.chain) ?? { cursor: 0 }
      const receipt = { ...whole!.receipts[0]!, sequence: cursor, consumer }
      return coord.run({ deliveries: [{ ...whole!, receipts: [receipt] }] }).received[0]?.refusal
    }
    deepEqual([says(0n), says(DEPOSIT - 1n)], ['below-deposit', 'below-deposit'])
    const { accounts, deposits, lostConsumer } = readTotals(coord.state)
    equal(readAccount(coord.state, from.address), undefined)
    deepEqual([deposits, lostConsumer], [0n, DEPOSIT - 1n])
    equal(says(DEPOSIT), undefined)
    const after = readTotals(coord.state)
    deepEqual([after.accounts, after.deposits], [accounts + 1, DEPOSIT])
    equal(says(1n), undefined, 'a record that is there is filled by any amount')
  })

  it('R8, R18: values and payouts make no record on coordination; they fill one that is there', () => {
    const { shard, coord, act } = scene()
    shard.run({ transactions: [act(DEPOSIT)] })
    const [whole] = coord.deliveries(shard)
    const [activation] = whole!.receipts
    const enough = BigInt(PARAMS.minBalance)
    const says = (said: Partial<Receipt>) => {
      const { cursor } = readInLane(coord.state, shard.chain) ?? { cursor: 0 }
      const receipt = { ...activation!, consumer: enough, ...said, sequence: cursor }
      return coord.run({ deliveries: [{ ...whole!, receipts: [receipt] }] }).received[0]
    }
    const value = { kind: RECEIPT_VALUE }
    const payout = { kind: RECEIPT_SYSTEM, payload: concat(Uint8Array.of(MESSAGE_PAYOUT), VALIDATOR) }
    const { accounts } = readTotals(coord.state)
    const [refunded, lost] = [says(value), says(payout)]
    deepEqual([refunded?.refusal, refunded?.refund], ['unknown-account', 0])
    deepEqual([lost?.refusal, lost?.refund], ['unknown-account', undefined])
    deepEqual([readTotals(coord.state).accounts, readTotals(coord.state).lostConsumer], [accounts, enough])
    equal(says({ consumer: DEPOSIT })?.refusal, undefined)
    deepEqual([says(value)?.refusal, says(payout)?.refusal], [undefined, undefined])
    equal(readAccount(coord.state, activation!.receiver)?.consumer, 2n * enough)
  })

  it('R9: nothing goes to coordination while its lane is full', () => {
    const { shard, from, act } = scene()
    shard.params = { ...shard.params, laneReceiptsMax: 1 }
    const stake = { validator: VALIDATOR, consumer: 1n, industrial: 0n }
    shard.run({ transactions: [act(DEPOSIT)] })
    const orders = [act(DEPOSIT), anOrder(from, shard, { stake }, 1)]
    deepEqual(
      shard.run({ transactions: orders }).results.map(({ failure }) => failure),
      ['lane-congested', 'lane-congested']
    )
  })
})

describe('stake', () => {
  const scene = () => {
    const chains = chainsWithCoord()
    const [shard] = chains.shards
    const from = shard.parties[0]!
    const stake = (validator: Uint8Array, consumer: bigint, industrial = 0n) => {
      shard.run({
        transactions: [anOrder(from, shard, { stake: { validator, consumer, industrial } })]
      })
      return chains.coord.run({ deliveries: chains.coord.deliveries(shard) })
    }
    return { chains, shard, coord: chains.coord, from, stake }
  }

  it('EMI-9, R18: amounts of a shard’s account become stake of the validator, sum after sum', () => {
    const { chains, coord, stake } = scene()
    const issued = supplyOf(chains)
    stake(VALIDATOR, 5n, 6n)
    const { received } = stake(VALIDATOR, 10n)
    equal(received[0]?.refusal, undefined)
    const record = StakeType.deserialize(coord.state.get(stakeKey(VALIDATOR))!)
    deepEqual(record, { consumer: 15n, industrial: 6n })
    const { stakeConsumer, stakeIndustrial } = readTotals(coord.state)
    deepEqual([stakeConsumer, stakeIndustrial], [15n, 6n])
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('R18: stake for a key that is no validator’s goes home as a payout', () => {
    const { chains, shard, coord, from, stake } = scene()
    const issued = supplyOf(chains)
    const { emitted } = stake(STRANGER, 5n)
    equal(emitted.length, 1)
    equal(coord.state.get(stakeKey(STRANGER)), undefined)
    const before = readAccount(shard.state, from.address)!.consumer
    const { received } = shard.run({ deliveries: shard.deliveries(coord) })
    equal(received[0]?.refusal, undefined)
    equal(readAccount(shard.state, from.address)?.consumer, before + 5n)
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('R8, R18: hops stop at 255, whatever a shard states', () => {
    const { shard, coord, from } = scene()
    const stake = { validator: STRANGER, consumer: 5n, industrial: 0n }
    shard.run({ transactions: [anOrder(from, shard, { stake })] })
    const [whole] = coord.deliveries(shard)
    const [notice] = whole!.receipts
    const answers = [0, 254, 255].map((hop, sequence) => {
      const { emitted } = coord.run({
        deliveries: [{ ...whole!, receipts: [{ ...notice!, hop, sequence }] }]
      })
      return OutboxEntryType.deserialize(emitted[0]!.value).receipts[0]?.hop
    })
    deepEqual(answers, [1, 255, 255])
  })

  it('R18: stake that is released comes home to an account, and the record goes with the last of it', () => {
    const { chains, shard, coord, from, stake } = scene()
    const issued = supplyOf(chains)
    stake(VALIDATOR, 5n, 6n)
    const release = (consumer: bigint, industrial: bigint) => (ledger: Ledger) =>
      void releaseStake(ledger, coord, {
        validator: VALIDATOR,
        receiver: from.address,
        destination: shard.chain,
        amounts: { consumer, industrial },
        origin: new Uint8Array(32)
      })
    const before = readAccount(shard.state, from.address)!
    coord.run({ end: release(2n, 0n) })
    deepEqual(stakeOf(new Ledger(coord.state), VALIDATOR), { consumer: 3n, industrial: 6n })
    coord.run({ end: release(3n, 6n) })
    equal(coord.state.get(stakeKey(VALIDATOR)), undefined)
    shard.run({ deliveries: shard.deliveries(coord) })
    const after = readAccount(shard.state, from.address)!
    deepEqual([after.consumer - before.consumer, after.industrial - before.industrial], [5n, 6n])
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('EMI-9: an account stakes what it has', () => {
    const { shard, from } = scene()
    const stake = { validator: VALIDATOR, consumer: 10n ** 12n, industrial: 0n }
    const { results } = shard.run({ transactions: [anOrder(from, shard, { stake })] })
    equal(results[0]?.failure, 'insufficient-funds')
  })
})

describe('stake of a sanctioned validator', () => {
  it('SAN-5, R11: its share goes to the treasury, and the rest stays bound', () => {
    const chains = chainsWithCoord()
    const { coord } = chains
    const [shard] = chains.shards
    const order = { stake: { validator: VALIDATOR, consumer: 1_000_001n, industrial: 0n } }
    shard.run({ transactions: [anOrder(shard.parties[0]!, shard, order)] })
    coord.run({ deliveries: coord.deliveries(shard) })
    const issued = supplyOf(chains)
    coord.run({
      end: (ledger) => {
        deepEqual(slashStake(ledger, VALIDATOR, 1), { consumer: 50_000n, industrial: 0n })
        deepEqual(slashStake(ledger, STRANGER, 3), { consumer: 0n, industrial: 0n })
      }
    })
    const { stakeConsumer, treasuryConsumer } = readTotals(coord.state)
    deepEqual([stakeConsumer, treasuryConsumer], [950_001n, 50_000n])
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })
})
