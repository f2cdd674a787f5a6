import { deepEqual, equal } from 'node:assert/strict'
import { RECEIPT_SYSTEM } from '../../../src/codec/receipt.ts'
import { refusalNumber } from '../../../src/codec/refusals.ts'
import { MESSAGE_CLAIM } from '../../../src/codec/system.ts'
import { MAX_SHARDS, COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { claimKey } from '../../../src/state/keys.ts'
import { payReward } from '../../../src/state/emission.ts'
import { readAccount, readTotals } from '../../../src/state/supply.ts'
import type { CheckedDelivery } from '../../../src/state/receipts.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import type { LaneChain } from '../../support/lanes.ts'
import { anOrder, assertSound, chainsWithCoord, orderBytes, supplyOf } from '../../support/orders.ts'
import { CONSTANTS, PARAMS, partyOn } from '../../support/state.ts'

const CHARGE = BigInt(PARAMS.creationCharge)

describe('claims', () => {
  /** Party 0 of shard 0 is a validator that has earned on both shards; parties pay fees to another one. */
  function scene(earned = 7n) {
    const chains = chainsWithCoord()
    const [home, other] = chains.shards
    const validator = home.parties[0]!
    const end = (chain: LaneChain) =>
      chain.run({
        end: (ledger) => {
          // Out of somebody's pocket, as fees are.
          const { address } = chain.parties[1]!
          const account = ledger.account(address)!
          ledger.update(address, { ...account, consumer: account.consumer - earned })
          ledger.creditClaim(validator.key, { consumer: earned, industrial: 0n })
        }
      })
    end(home)
    end(other)
    const claim = (chain: ChainId, to: Uint8Array) => anOrder(validator, home, { claim: { chain, to } })
    return { chains, home, other, coord: chains.coord, validator, claim, end }
  }
  const balance = (chain: LaneChain, address: Uint8Array) => readAccount(chain.state, address)?.consumer ?? 0n

  it('EMI-5, EMI-6, M12: pays all that was earned to an account of the same shard, once', () => {
    const { chains, home, validator, claim } = scene()
    const issued = supplyOf(chains)
    const to = home.parties[1]!.address
    const before = balance(home, to)
    const { results } = home.run({ transactions: [claim(home.chain, to)] })
    equal(results[0]?.failure, undefined)
    equal(balance(home, to), before + 7n)
    equal(home.state.get(claimKey(validator.key)), undefined, 'the record is gone')
    const again = home.run({ transactions: [claim(home.chain, to)] })
    equal(again.results[0]?.failure, 'nothing-to-claim')
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('EMI-5: to oneself, the fee paid and the claim received', () => {
    const { home, validator, claim } = scene()
    const before = balance(home, validator.address)
    const { results } = home.run({ transactions: [claim(home.chain, validator.address)] })
    equal(balance(home, validator.address), before + 7n - results[0]!.fee.consumer)
  })

  it('EMI-5: nobody else’s: a key claims what that key has earned', () => {
    const { home, validator } = scene()
    const thief = home.parties[1]!
    const order = { claim: { chain: home.chain, to: thief.address } }
    const { results } = home.run({ transactions: [anOrder(thief, home, order)] })
    equal(results[0]?.failure, 'nothing-to-claim')
    equal(readTotals(home.state).rewardsConsumer > 0n, true)
    equal(home.state.get(claimKey(validator.key)) === undefined, false)
  })

  it('EMI-6, R15: to an account of another shard as one value receipt, and the charge for its record is paid', () => {
    const { chains, home, other, validator, claim } = scene(BigInt(PARAMS.minBalance))
    const issued = supplyOf(chains)
    const to = partyOn(1, 2, 5_000).address
    const before = balance(home, validator.address)
    const { results } = home.run({ transactions: [claim(home.chain, to)] })
    deepEqual(results[0]?.emitted, [{ destination: other.chain, sequence: 0 }])
    equal(balance(home, validator.address), before - results[0]!.fee.consumer - CHARGE)
    other.run({ deliveries: other.deliveries(home) })
    equal(balance(other, to), BigInt(PARAMS.minBalance))
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('EMI-5: too little to make a record stays claimable, here and elsewhere', () => {
    const { home, validator, claim } = scene(BigInt(PARAMS.minBalance) - 1n)
    for (const shard of [0, 1]) {
      const to = partyOn(shard, 2, 5_000).address
      const { results } = home.run({ transactions: [claim(home.chain, to)] })
      equal(results[0]?.failure, 'below-min-balance')
    }
    equal(home.state.get(claimKey(validator.key)) === undefined, false)
  })

  it('EMI-5, R18: what was earned on another chain is asked for there, and comes from there', () => {
    const { chains, home, other, validator, claim } = scene(BigInt(PARAMS.minBalance))
    const issued = supplyOf(chains)
    const to = partyOn(0, 2, 5_000).address
    const { results } = home.run({ transactions: [claim(other.chain, to)] })
    deepEqual(results[0]?.emitted, [{ destination: other.chain, sequence: 0 }])
    const { received, emitted } = other.run({ deliveries: other.deliveries(home) })
    deepEqual([received[0]?.refusal, emitted.length], [undefined, 1])
    equal(other.state.get(claimKey(validator.key)), undefined)
    home.run({ deliveries: home.deliveries(other) })
    equal(balance(home, to), BigInt(PARAMS.minBalance))
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })

  it('EMI-5: of no shard but the one on which the key signs, and for nobody but that key', () => {
    const { chains, home, other, validator } = scene(BigInt(PARAMS.minBalance))
    const third = chains.coord
    const ask = (source: ChainId, sender: Uint8Array): CheckedDelivery => {
      const draft = { origin: new Uint8Array(32), hop: 0, sender, receiver: other.parties[1]!.address }
      const payload = Uint8Array.of(MESSAGE_CLAIM, ...validator.key)
      const lane = { source, destination: other.chain, sequence: 0, kind: RECEIPT_SYSTEM }
      const receipt = { ...lane, ...draft, consumer: 0n, industrial: 0n, mana: 0n, payload }
      return { source, bytes: new Uint8Array(0), receipts: [receipt], acknowledgement: undefined }
    }
    const outcome = (delivery: CheckedDelivery) => {
      const verdict = other.apply({ deliveries: [delivery] })
      return verdict.ok && verdict.value.received[0]?.refusal
    }
    equal(outcome(ask(third.chain, validator.address)), 'unknown-receipt')
    equal(outcome(ask(home.chain, home.parties[1]!.address)), 'unknown-receipt')
    equal(outcome(ask(home.chain, validator.address)), undefined)
  })

  it('EMI-5, R17: where nothing was earned, the other chain answers so', () => {
    const { home, coord, claim } = scene()
    home.run({ transactions: [claim(COORD, home.parties[1]!.address)] })
    const { received, emitted } = coord.run({ deliveries: coord.deliveries(home) })
    deepEqual([received[0]?.refusal, emitted.length], ['nothing-to-claim', 0])
    equal(refusalNumber('nothing-to-claim'), 146)
  })

  it('EMI-5, R9: while a lane is full the claim stays, on both chains', () => {
    const { home, other, validator, claim, end } = scene(BigInt(PARAMS.minBalance))
    const far = other.parties[0]!.address
    for (const chain of [home, other]) chain.params = { ...chain.params, laneReceiptsMax: 1 }
    home.run({ transactions: [home.pay(home.parties[1]!, far, 5n)] })
    for (const order of [claim(home.chain, far), claim(other.chain, far)]) {
      const verdict = home.apply({ transactions: [order] })
      equal(verdict.ok && verdict.value.results[0]?.failure, 'lane-congested')
    }
    home.params = { ...home.params, laneReceiptsMax: 320 }
    home.run({ transactions: [claim(other.chain, validator.address)] })
    other.run({ transactions: [other.pay(other.parties[1]!, validator.address, 5n)] })
    const { received } = other.run({ deliveries: other.deliveries(home) })
    equal(received.at(-1)?.refusal, 'lane-congested')
    equal(other.state.get(claimKey(validator.key)) === undefined, false)
    end(home)
  })

  it('EMI-6, R12: coordination too pays out no more than the lane back could return', () => {
    const { coord, home, validator, claim } = scene()
    const cap = 20_000_000n
    coord.params = { ...coord.params, laneInflowCapPpm: 1 }
    const refusalOf = (earned: bigint) => {
      coord.run({ end: (ledger) => ledger.creditClaim(validator.key, { consumer: earned, industrial: 0n }) })
      home.run({ transactions: [claim(COORD, validator.address)] })
      return coord.run({ deliveries: coord.deliveries(home) }).received.at(-1)?.refusal
    }
    equal(refusalOf(cap + 1n), 'above-inflow-cap')
    coord.run({ end: (ledger) => ledger.takeClaim(validator.key) })
    equal(refusalOf(cap), undefined)
  })

  it('EMI-5: the sender pays for a record that may have to be made, or the claim fails', () => {
    const { home, claim, validator } = scene(BigInt(PARAMS.minBalance))
    const to = partyOn(1, 2, 5_000).address
    home.params = { ...home.params, creationCharge: 10 ** 12 }
    const { results } = home.run({ transactions: [claim(home.chain, to)] })
    equal(results[0]?.failure, 'creation-unpaid')
    const known = home.run({ transactions: [claim(home.chain, validator.address)] })
    equal(known.results[0]?.failure, undefined)
  })

  it('EMI-5: a chain that the network does not have is refused without any state', () => {
    const { home, validator } = scene()
    const code = (chain: ChainId): string => {
      const bytes = orderBytes(validator, home, { claim: { chain, to: validator.address } })
      const checked = checkStateless({ ...CONSTANTS, shards: 2 }, bytes)
      return checked.ok ? 'ok' : checked.code
    }
    equal(code(COORD), 'ok')
    equal(code(shardId(1)), 'ok')
    equal(code(shardId(2)), 'no-such-chain')
    equal(code(MAX_SHARDS as ChainId), 'no-such-chain')
  })

  it('EMI-5, M12: what rewards and fees give a proposer is claimed as one', () => {
    const { home, validator, claim, chains } = scene()
    const issued = supplyOf(chains)
    home.run({
      end: (ledger) =>
        payReward(ledger, {
          height: 1,
          params: { ...PARAMS, rewardConsumer: 0, rewardIndustrial: 8 },
          proposer: validator.key
        })
    })
    const before = readAccount(home.state, validator.address)!
    const { results } = home.run({ transactions: [claim(home.chain, validator.address)] })
    const after = readAccount(home.state, validator.address)!
    equal(after.industrial - before.industrial, 4n)
    equal(after.consumer - before.consumer, 7n - results[0]!.fee.consumer)
    deepEqual(supplyOf(chains), issued)
    assertSound(chains)
  })
})
