/** Actions of the registry on the coordination chain (REG-2 to REG-12). */
import assert from 'node:assert/strict'
import { signerOfSeed } from '../../../src/client/transfer.ts'
import { boundNodeBytes } from '../../../src/codec/registry-records.ts'
import { addressOfKey } from '../../../src/crypto/address.ts'
import { minFee } from '../../../src/state/fees.ts'
import { releaseStake, creditStake, stakeOf } from '../../../src/state/stake.ts'
import { toHex, utf8 } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { readAccount } from '../../../src/state/supply.ts'
import { CoordChain } from '../../support/coordination.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

const [first, second] = [someKey(0), someKey(1)]
const newcomer = someKey(9)
const register = (key: Uint8Array, cooperative = 0) => ({
  register: { key, cooperative, tip: [] }
})
const aChain = (overrides = {}) => new CoordChain(aGenesis({ overrides }))

describe('registry of validators', () => {
  it('REG-1, REG-3: a validator vouches for a newcomer, which gets a record, an account and leases', () => {
    const chain = aChain()
    assert.equal(chain.say(first, register(newcomer)), undefined)
    assert.equal(chain.electorate.length, 5)
    const { status, joined, ready, leases, sponsor } = chain.record(newcomer)
    assert.deepEqual([status, joined, ready, toHex(sponsor)], [0, 1, 0, toHex(first)])
    const until = 1 + chain.params.leaseHeights
    assert.deepEqual(leases, [
      { shard: shardId(0), until },
      { shard: shardId(1), until }
    ])
    const account = readAccount(chain.state, addressOfKey(newcomer))!
    assert.deepEqual([account.consumer, account.industrial, account.mana], [0n, 0n, 0n])
  })

  it('REG-3: refuses a key that is registered, a cooperative that is not listed, and one validator too many', () => {
    const chain = aChain({ maxValidators: 5 })
    assert.equal(chain.say(first, register(second)), 'validator-known')
    assert.equal(chain.say(first, register(newcomer, 5)), 'cooperative-unknown')
    assert.equal(chain.say(first, register(newcomer)), undefined)
    assert.equal(chain.say(second, register(someKey(10))), 'registry-full')
  })

  it('REG-3: no cooperative has more than half of the places, nor have those that belong to none', () => {
    const chain = aChain({ maxValidators: 7 })
    assert.ok(chain.genesis.validators.every(({ cooperative }) => cooperative !== 0))
    const more = aChain({ maxValidators: 10 })
    for (const index of [10, 11, 12]) assert.equal(chain.say(first, register(someKey(index))), undefined)
    for (const index of [10, 11, 12, 13]) assert.equal(more.say(first, register(someKey(index))), undefined)
    assert.equal(more.say(second, register(someKey(14))), undefined)
    assert.deepEqual([chain.electorate.length, more.electorate.length], [7, 9])
    assert.equal(more.say(second, register(someKey(15))), 'registry-full', 'five of none, of ten places')
    const { cooperative } = more.genesis.validators.find(({ key }) => toHex(key) === toHex(second))!
    assert.equal(more.say(second, register(someKey(15), cooperative)), undefined, 'of one that has room')
  })

  it('REG-4: who belongs to no cooperative vouches for none, also not for one without validators', () => {
    const listed = [1, 2, 3, 9].map((id) => ({ id, name: utf8(`cooperative ${id}`) }))
    const chain = new CoordChain({ ...aGenesis(), cooperatives: listed })
    assert.equal(chain.say(first, register(newcomer)), undefined)
    chain.block()
    assert.equal(chain.say(newcomer, register(someKey(10), 9)), 'not-vouched')
    assert.equal(chain.say(newcomer, register(someKey(11))), undefined)
    assert.equal(chain.say(first, register(someKey(12), 9)), undefined)
  })

  it('REG-4: a cooperative with validators is spoken for by them; who is not in the registry speaks for nobody', () => {
    const chain = aChain()
    const own = chain.genesis.validators.find(({ key }) => toHex(key) === toHex(first))!.cooperative
    assert.equal(chain.say(second, register(newcomer, own)), 'not-vouched')
    assert.equal(chain.say(first, register(newcomer, own)), undefined)
    chain.block()
    assert.equal(chain.say(newcomer, register(someKey(10), own)), undefined, 'a member of it, by now')
    assert.equal(chain.say(first, { deregister: true }), undefined)
    assert.equal(chain.say(first, register(someKey(11))), 'not-vouched', 'who is leaving vouches no more')
  })

  it('REG-4: vouches for four that are not ready, and for another when one of them is', () => {
    const chain = aChain()
    for (const index of [10, 11, 12, 13]) assert.equal(chain.say(first, register(someKey(index))), undefined)
    assert.equal(chain.say(first, register(someKey(14))), 'vouching-limit')
    assert.equal(chain.say(second, register(someKey(14))), undefined, 'another one has not vouched yet')
    assert.equal(chain.say(someKey(10), { ready: true }), undefined)
    assert.equal(chain.say(first, register(someKey(15))), undefined)
  })

  it('REG-5: ready and deregister are of registered keys; who is leaving says nothing else', () => {
    const chain = aChain({ epochLength: 16 })
    chain.say(first, register(newcomer))
    assert.equal(chain.say(newcomer, { ready: true }), undefined)
    assert.equal(chain.record(newcomer).ready, chain.height)
    assert.equal(chain.say(newcomer, { deregister: true }), undefined)
    assert.deepEqual([chain.record(newcomer).status, chain.record(newcomer).since], [1, chain.height])
    for (const order of [
      { deregister: true },
      { ready: true },
      { releaseLease: shardId(0) },
      { renewLease: shardId(0) },
      { reveal: someKey(3) }
    ] as const) {
      assert.equal(chain.say(newcomer, order), 'validator-leaving')
    }
  })

  it('REG-2: only the key itself speaks for itself, and shards are those of the network', () => {
    const chain = aChain()
    const checked = chain.checked(first, { renewLease: shardId(2) })
    assert.equal(checked.ok || checked.code, 'no-such-chain')
    const { payload } = (
      chain.checked(second, { ready: true }) as { value: { payload: { key: Uint8Array } } }
    ).value
    assert.deepEqual(payload.key, second)
    for (const order of [{ ready: true }, { deregister: true }] as const) {
      const own = chain.checked(first, order)
      assert(own.ok)
      const foreign = { ...own.value.transaction, sender: second }
      const verdict = chain.reread(foreign)
      assert.equal(verdict.ok || verdict.code, 'not-the-validator')
    }
  })

  it('REG-6: costs no fee, and a hundred mana beside that of its bytes', () => {
    const chain = aChain()
    const checked = chain.checked(first, { ready: true })
    assert(checked.ok)
    const { fee, maxMana } = checked.value.transaction
    assert.equal(fee, 0n)
    assert.ok(minFee(checked.value.bytes.length, maxMana, chain.params) > 0n, 'others would pay')
    const before = readAccount(chain.state, addressOfKey(first))!.mana
    chain.say(first, { ready: true })
    const after = readAccount(chain.state, addressOfKey(first))!.mana
    assert.equal(before - after, 103n)
  })

  it('REG-7: leases go to the shards with the fewest, within the limit', () => {
    const genesis = aGenesis({ shards: 4, overrides: { shardsPerValidator: 1 } })
    const chain = new CoordChain(genesis)
    const held = [0, 0, 0, 0]
    for (const { key } of genesis.validators)
      for (const { shard } of chain.record(key).leases) held[shard]! += 1
    const fewest = held.indexOf(Math.min(...held))
    chain.say(first, register(newcomer))
    assert.deepEqual(
      chain.record(newcomer).leases.map(({ shard }) => shard),
      [fewest]
    )
  })

  it('REG-9: a lease is given up once, taken once, and never above the limit', () => {
    const chain = new CoordChain(aGenesis({ shards: 3, overrides: { shardsPerValidator: 2 } }))
    chain.say(first, register(newcomer))
    const [one, two] = chain.record(newcomer).leases.map(({ shard }) => shard)
    const third = [0, 1, 2].map(shardId).find((shard) => shard !== one && shard !== two)!
    assert.equal(chain.say(newcomer, { renewLease: one! }), 'lease-held')
    assert.equal(chain.say(newcomer, { renewLease: third }), 'lease-limit')
    assert.equal(chain.say(newcomer, { releaseLease: one! }), undefined)
    assert.equal(chain.say(newcomer, { releaseLease: one! }), 'lease-unknown')
    assert.equal(chain.say(newcomer, { renewLease: third }), undefined)
    assert.ok(
      chain
        .record(newcomer)
        .leases.some(({ shard, until }) => shard === third && until === chain.height + 240)
    )
  })

  it('REG-17: a node that has signed for the validator is named, and no other', () => {
    const chain = aChain()
    const { network } = chain.context
    const node = signerOfSeed(someKey(30))
    const other = signerOfSeed(someKey(31))
    const bind = (signature: Uint8Array, key = node.publicKey) => ({ bindNode: { node: key, signature } })
    const word = (signer: typeof node, of = first, on = network): Uint8Array =>
      signer.sign(boundNodeBytes(on, of))
    assert.deepEqual(chain.record(first).node, [], 'none at genesis')
    for (const [signature, why] of [
      [word(other), 'by another node'],
      [word(node, second), 'for another validator'],
      [word(node, first, someKey(1)), 'in another network'],
      [new Uint8Array(64), 'none at all']
    ] as const) {
      assert.equal(chain.say(first, bind(signature)), 'node-unsigned', why)
    }
    assert.deepEqual(chain.record(first).node, [])
    assert.equal(chain.say(first, bind(word(node))), undefined)
    assert.deepEqual(chain.record(first).node, [node.publicKey])
    assert.equal(chain.say(first, bind(word(other), other.publicKey)), undefined)
    assert.deepEqual(chain.record(first).node, [other.publicKey], 'in place of the one before')
    assert.equal(chain.say(first, { deregister: true }), undefined)
    assert.equal(chain.say(first, bind(word(node))), 'validator-leaving')
  })

  it('REG-10, REG-11, REG-12: stake asked back waits, and is paid out by the first unstake after that', () => {
    const chain = aChain({ unbondingEpochs: 1 })
    const to = addressOfKey(someKey(20))
    const ask = (consumer: bigint) => ({ unstake: { consumer, industrial: 0n, to } })
    chain.block([], {
      end: (ledger) => {
        ledger.receive({ consumer: 10n, industrial: 0n, source: shardId(0), sequence: 0 } as never)
        assert.ok(creditStake(ledger, first, { consumer: 10n, industrial: 0n }))
      }
    })
    assert.equal(chain.say(first, ask(11n)), 'stake-too-low')
    assert.equal(chain.say(first, ask(6n)), undefined)
    assert.equal(chain.say(first, ask(5n)), 'stake-too-low', 'what was asked back is not free')
    for (let count = 0; count < 4; count++) assert.equal(chain.say(first, ask(1n)), undefined)
    assert.equal(chain.record(first).unbondings.length, 5)
    while (chain.height < chain.params.epochLength) chain.block()
    for (const shard of [0, 1].map(shardId)) chain.hears(shard, 1)
    const { results } = chain.block([{ key: first, order: ask(0n) }])
    assert.equal(results[0]!.emitted.length, 5, 'a receipt for each')
    const records = { record: (key: Uint8Array) => chain.state.get(key) }
    assert.deepEqual(stakeOf(records, first), { consumer: 0n, industrial: 0n })
    assert.equal(chain.record(first).unbondings.length, 0)
  })

  it('REG-11: eight requests wait, the ninth is refused; a sanction leaves less to pay out', () => {
    const chain = aChain({ unbondingEpochs: 1 })
    const to = addressOfKey(someKey(20))
    const ask = (consumer: bigint) => ({ unstake: { consumer, industrial: 0n, to } })
    chain.block([], {
      end: (ledger) => {
        ledger.receive({ consumer: 20n, industrial: 0n, source: shardId(0), sequence: 0 } as never)
        creditStake(ledger, first, { consumer: 20n, industrial: 0n })
      }
    })
    const eight = Array.from({ length: 8 }, () => ask(1n))
    for (const order of eight.slice(0, 6)) assert.equal(chain.say(first, order), undefined)
    assert.equal(chain.height, 7)
    assert.equal(chain.say(first, ask(1n)), undefined)
    // Epoch 1 from here on: the first ones are due at once.
    assert.equal(chain.height, 8)
    chain.block([], {
      end: (ledger) => {
        const place = { validator: first, receiver: to, destination: shardId(0), origin: new Uint8Array(32) }
        releaseStake(ledger, chain.context, { ...place, amounts: { consumer: 17n, industrial: 0n } })
      }
    })
    for (const shard of [0, 1].map(shardId)) chain.hears(shard, 1)
    const { results } = chain.block([{ key: first, order: ask(0n) }])
    assert.equal(results[0]!.emitted.length, 7)
    assert.deepEqual(stakeOf({ record: (key) => chain.state.get(key) }, first), {
      consumer: 0n,
      industrial: 0n
    })
  })

  it('REG-3: who left comes back as a newcomer', () => {
    const chain = aChain()
    chain.say(first, register(newcomer))
    chain.say(newcomer, { deregister: true })
    chain.freeze()
    assert.equal(chain.record(newcomer).status, 2)
    assert.equal(chain.say(newcomer, { ready: true }), 'validator-unknown')
    assert.equal(chain.say(first, register(newcomer)), undefined)
    assert.deepEqual([chain.record(newcomer).status, chain.record(newcomer).ready], [0, 0])
  })
})
