import { deepEqual, equal } from 'node:assert/strict'
import { OUTCOME_COMMIT, PrepareType } from '../../../src/codec/atomic.ts'
import type { Cosignature, Leg, MultiTransfer } from '../../../src/codec/atomic.ts'
import { concat } from '../../../src/primitives/bytes.ts'
import { readAtomicAccount } from '../../../src/state/atomic/records.ts'
import { BALANCE, assertSound, atomicChains, drain, leg, ownerOn } from '../../support/atomic.ts'
import type { AtomicChain } from '../../support/atomic.ts'
import { COIN, PARAMS } from '../../support/state.ts'

/** The same call of another sender. */
function forged(payload: Uint8Array, sender: Uint8Array, legs: Leg[]): Uint8Array {
  const { terms, cosignatures } = PrepareType.deserialize(payload.subarray(1))
  return concat(
    payload.subarray(0, 1),
    PrepareType.serialize({ terms: { ...terms, sender, legs }, cosignatures })
  )
}

type Three = [AtomicChain, AtomicChain, AtomicChain]
const three = (): Three => atomicChains(3) as Three

describe('what an atomic action may not do', () => {
  const failure = (chain: AtomicChain, action: Parameters<AtomicChain['record']>[0]): string | undefined =>
    chain.run({ transactions: [action] }).results[0]?.failure

  it('ATO-7: what is held cannot be spent a second time, by an action or a transfer', () => {
    const chains = atomicChains(2) as [AtomicChain, AtomicChain]
    const [a, b] = chains
    const [sender] = a.owners
    const most = BALANCE - 10n * COIN
    equal(failure(a, a.atomic(sender, [leg(sender, b.owners[0], most)])), undefined)
    equal(failure(a, a.atomic(sender, [leg(sender, b.owners[0], 10n * COIN)])), 'insufficient-funds')
    const { results } = a.run({ transactions: [a.pay(sender, b.owners[0].address, 10n * COIN)] })
    equal(results[0]?.failure, 'insufficient-funds')
    drain(chains)
    equal(b.consumer(b.owners[0]), BALANCE + most)
    assertSound(chains)
  })

  it('ATO-7: legs of one payer count together', () => {
    const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
    const [sender] = a.owners
    const legs = [leg(sender, b.owners[0], 0n, BALANCE), leg(sender, b.owners[1], 0n, 1n)]
    equal(failure(a, a.atomic(sender, legs)), 'insufficient-funds')
    equal(failure(a, a.atomic(sender, legs.slice(0, 1))), undefined)
  })

  it('ATO-7: sixteen undecided actions of a payer, not one more, until one is decided', () => {
    const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
    const [sender] = a.owners
    const one = () => a.atomic(sender, [leg(sender, b.owners[0], 1n)], [], { validUntil: a.height + 50 })
    for (let count = 0; count < 16; count++) equal(failure(a, one()), undefined)
    equal(readAtomicAccount(a.state, sender.address).open, 16)
    equal(failure(a, one()), 'escrow-limit')
    b.take(a)
    a.take(b)
    equal(readAtomicAccount(a.state, sender.address).open, 0)
    equal(failure(a, one()), undefined)
  })

  it('ATO-5: a co-signature of another key, of other terms, or of another number is none', () => {
    const chains = atomicChains(2) as [AtomicChain, AtomicChain]
    const [a, b] = chains
    const [sender, bob] = [a.owners[0], b.owners[0]]
    const legs = [leg(bob, sender, 50n)]
    const { payload } = a.atomic(sender, legs, [{ chain: b, owner: bob }])
    const consent = (payload as MultiTransfer).cosignatures[0]!
    const refusal = (cosignature: Cosignature, changed = legs): string | undefined => {
      const action = a.atomic(sender, changed, [], { cosignatures: [cosignature], nonce: 0n })
      const [x, y] = atomicChains(2) as [AtomicChain, AtomicChain]
      x.run({ transactions: [action] })
      return y.take(x).received[0]?.refusal
    }
    equal(refusal(consent), undefined)
    equal(refusal(consent, [leg(bob, sender, 51n)]), 'cosignature-invalid')
    equal(refusal(consent, [leg(bob, a.owners[1], 50n)]), 'cosignature-invalid')
    equal(refusal({ ...consent, signature: new Uint8Array(64) }), 'cosignature-invalid')
    equal(refusal({ ...consent, sequence: 1n }), 'cosignature-used')
  })

  it('ATO-5: a co-signature counts once, so a coordinator cannot ask for the same again', () => {
    const chains = atomicChains(2) as [AtomicChain, AtomicChain]
    const [a, b] = chains
    const [sender, bob] = [a.owners[0], b.owners[0]]
    const action = a.atomic(sender, [leg(bob, sender, 50n)], [{ chain: b, owner: bob }])
    a.run({ transactions: [action] })
    const prepare = b.deliveries(a)[0]!.receipts[0]!
    drain(chains)
    equal(b.consumer(bob), BALANCE - 50n)
    equal(readAtomicAccount(b.state, bob.address).next, 1n)
    const again = { ...prepare, sequence: 2 }
    const { received } = b.run({
      deliveries: [
        { source: a.chain, bytes: new Uint8Array(0), receipts: [again], acknowledgement: undefined }
      ]
    })
    equal(received[0]?.refusal, 'cosignature-used')
    equal(b.consumer(bob), BALANCE - 50n)
  })

  it('ATO-5: another chain’s word that somebody is the sender moves nobody’s account', () => {
    const chains = atomicChains(2) as [AtomicChain, AtomicChain]
    const [a, b] = chains
    const victim = b.owners[0]
    const action = a.atomic(a.owners[0], [leg(a.owners[0], victim, 5n)])
    a.run({ transactions: [action] })
    const [honest] = b.deliveries(a)
    const [prepare] = honest!.receipts
    const payload = forged(prepare!.payload, victim.address, [leg(victim, a.owners[0], 5n)])
    const lie = { ...prepare!, sender: victim.address, payload }
    const { received } = b.run({ deliveries: [{ ...honest!, receipts: [lie] }] })
    equal(received[0]?.refusal, 'cosignature-invalid')
    equal(b.consumer(victim), BALANCE)
  })

  it('ATO-3: the legs have to fit together', () => {
    const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
    const [sender, other] = a.owners
    const bob = b.owners[0]
    const consent = { chain: b, owner: bob }
    const code = (...args: Parameters<AtomicChain['atomic']>): string => {
      try {
        a.atomic(...args)
        return 'ok'
      } catch (error) {
        return (error as Error).message.split(':')[0]!
      }
    }
    const one = leg(sender, bob, 1n)
    equal(code(sender, [one]), 'ok')
    equal(code(sender, []), 'legs-invalid')
    equal(code(sender, [leg(sender, bob, 0n)]), 'zero-amount')
    equal(code(sender, [leg(sender, sender, 1n)]), 'legs-invalid')
    equal(code(sender, [leg(bob, sender, 1n)]), 'legs-invalid', 'a payer who has not signed')
    equal(code(sender, [one], [consent]), 'legs-invalid', 'a signer who does not pay')
    equal(code(sender, [leg(bob, sender, 1n)], [consent]), 'ok')
    equal(code(sender, [leg(bob, sender, 1n)], [consent, consent]), 'legs-invalid')
    equal(code(sender, [one], [], { heights: 0 }), 'legs-invalid')
    equal(code(sender, [one], [], { heights: 1 }), 'ok')
    equal(code(sender, [one], [], { heights: 5_760 }), 'ok')
    equal(code(sender, [one], [], { heights: 5_761 }), 'legs-invalid')
    equal(
      code(
        sender,
        Array.from({ length: 10 }, () => one)
      ),
      'ok'
    )
    equal(code(sender, [leg(sender, other, 1n)]), 'ok')
  })

  it('ATO-11: a deadline takes 64 undecided actions, and has room again when one is decided', () => {
    const [a, b] = atomicChains(2) as [AtomicChain, AtomicChain]
    const payers = Array.from({ length: 5 }, (_, index) => ownerOn(0, 2, 20_000 + 1_000 * index))
    for (const { address } of payers) a.run({ transactions: [a.pay(a.owners[0], address, 1_000n * COIN)] })
    const deadline = a.height + 90
    const one = (payer = payers[4]!) =>
      a.atomic(payer, [leg(payer, b.owners[0], 1n)], [], { heights: deadline - a.height - 1 })
    for (let count = 0; count < 64; count++) equal(failure(a, one(payers[count >> 4])), undefined)
    equal(failure(a, one()), 'deadline-crowded')
    b.take(a)
    a.take(b)
    equal(failure(a, one()), undefined)
  })

  it('ATO-14, TX-12, R15: every shard that takes part costs the sender mana, and every leg away a creation charge', () => {
    const [a, b, c] = three()
    const [sender] = a.owners
    const away = a.atomic(sender, [leg(sender, b.owners[0], 1n), leg(sender, c.owners[0], 1n)])
    const near = a.atomic(sender, [leg(sender, a.owners[1], 1n)])
    equal(near.transaction.maxMana, 3n)
    equal(away.transaction.maxMana, 9n)
    const { results } = a.run({ transactions: [away] })
    equal(a.consumer(sender), BALANCE - 2n - results[0]!.fee.consumer - 2n * BigInt(PARAMS.creationCharge))
  })

  it('ATO-6: without another shard it is decided in its own block', () => {
    const [a] = atomicChains(2) as [AtomicChain, AtomicChain]
    const [sender, other] = a.owners
    const action = a.atomic(
      sender,
      [leg(sender, other, 5n), leg(other, sender, 0n, 6n)],
      [{ chain: a, owner: other }]
    )
    equal(failure(a, action), undefined)
    equal(a.record(action)!.outcome, OUTCOME_COMMIT)
    equal(a.record(action)!.endedAt, a.height)
    deepEqual([a.consumer(other), a.industrial(sender)], [BALANCE + 5n, BALANCE + 6n])
    assertSound([a])
  })

  it('ATO-15, R9: a congested lane takes no new action, and what is under way is decided all the same', () => {
    const chains = atomicChains(2) as [AtomicChain, AtomicChain]
    const [a, b] = chains
    const [sender, rich] = a.owners
    const first = a.atomic(sender, [leg(sender, b.owners[0], 1n)])
    a.run({ transactions: [first] })
    a.run({
      transactions: Array.from({ length: 255 }, (_, ahead) => a.pay(rich, b.owners[1].address, 1n, ahead))
    })
    equal(failure(a, a.atomic(sender, [leg(sender, b.owners[0], 1n)])), 'lane-congested')
    drain(chains)
    equal(a.record(first)!.outcome, OUTCOME_COMMIT)
    assertSound(chains)
  })
})
