import assert from 'node:assert/strict'
import { DevnetError } from '../../../src/devnet/errors.ts'
import { firstPair } from '../../../src/devnet/guide.ts'
import { fateOf } from '../../../src/devnet/actions.ts'
import { MultiTransferType } from '../../../src/codec/atomic.ts'
import { TransactionType } from '../../../src/codec/transaction.ts'
import { homeShard } from '../../../src/crypto/address.ts'
import type { Shares } from '../../../src/devnet/load/orders.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import { LoadAccounts } from '../../../src/devnet/load/accounts.ts'
import { planDevnet, shellLine, startArguments } from '../../../src/devnet/plan.ts'
import type { DevnetOptions } from '../../../src/devnet/plan.ts'
import { percentile } from '../../../src/devnet/summary.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'

const OPTIONS: DevnetOptions = {
  preset: 'devnet',
  validators: 4,
  followers: 1,
  late: 20,
  cross: 0,
  perturb: '',
  data: '/some/where',
  fresh: false,
  basePort: 9_000,
  json: false
}

const codeOf = (options: Partial<DevnetOptions>): string => {
  try {
    planDevnet({ ...OPTIONS, ...options })
    return 'none'
  } catch (error) {
    if (!(error instanceof DevnetError)) throw error
    return error.message
  }
}

describe('the plan of a devnet', () => {
  it('D20: node i, validators first, has libp2p on base + 2i, RPC on base + 2i + 1, data in D/node-i', () => {
    const { nodes } = planDevnet(OPTIONS)
    assert.deepEqual(
      nodes.map(({ name, role, libp2pPort, rpcPort, data }) => [name, role, libp2pPort, rpcPort, data]),
      [0, 1, 2, 3, 4].map((index) => [
        `node-${index}`,
        index < 4 ? 'validator' : 'follower',
        9_000 + 2 * index,
        9_001 + 2 * index,
        `/some/where/node-${index}`
      ])
    )
  })

  it('only validators get a key, only others than node 0 an address', () => {
    const { nodes } = planDevnet(OPTIONS)
    assert.ok(!startArguments(nodes[0]!, undefined).includes('--bootstrap'))
    assert.ok(startArguments(nodes[0]!, undefined).includes('--validator'))
    const follower = startArguments(nodes[4]!, '/ip4/127.0.0.1/tcp/9000')
    assert.ok(!follower.includes('--validator'))
    assert.equal(follower[follower.indexOf('--bootstrap') + 1], '/ip4/127.0.0.1/tcp/9000')
  })

  it('refuses ports beyond 65535; the last ones still do', () => {
    assert.equal(codeOf({ basePort: 65_526 }), 'none')
    assert.match(codeOf({ basePort: 65_527 }), /--base-port 65527: 5 nodes would need port 65536/)
  })

  it('a line for a shell quotes what a shell would split', () => {
    assert.equal(shellLine(['start', '--data', "/it's here"]), "npx icn start --data '/it'\\''s here'")
  })

  it('the guide’s transfer stays within one shard', () => {
    assert.deepEqual(firstPair([0, 1, 1, 0]), ['user0', 'user3'])
    assert.deepEqual(firstPair([0, 1, 1]), ['user1', 'user2'])
  })

  it('percentiles are by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1)
    assert.equal(percentile(values, 0.5), 50)
    assert.equal(percentile(values, 0.99), 99)
    assert.equal(percentile([7], 0.99), 7)
    assert.equal(percentile([], 0.5), null)
  })
})

describe('the accounts of the load', () => {
  const create = (shares: Partial<Shares> = {}, shards = 2): LoadAccounts =>
    new LoadAccounts({
      network: new Uint8Array(32),
      shards,
      costs: { minFeePerByte: 1, minFeePerMana: 10, activationDeposit: 1_000 },
      maxLifetime: 1_000,
      shares: { cross: 0, atomic: 0, orders: 0, ...shares },
      validators: [new Uint8Array(32).fill(7)]
    })
  const heights = new Map([
    [shardId(0), 5],
    [shardId(1), 5]
  ])

  it('each takes its turn, with consecutive nonces; it has a receiver on its own shard and one on another', function () {
    this.timeout(20_000)
    const accounts = create()
    const first = accounts.take(heights)!
    assert.equal(first.nonce, 0n)
    for (let index = 1; index < accounts.list.length; index++) accounts.take(heights)
    const second = accounts.take(heights)!
    assert.equal(second.account, first.account)
    assert.equal(second.nonce, 1n)
    const chainOf = new Map(accounts.list.map(({ address, chain }) => [address, chain]))
    for (const { address, near, far, chain } of accounts.list) {
      assert.ok(chainOf.get(near) === chain && near !== address)
      assert.ok(chainOf.get(far) === 1 - chain)
    }
  })

  it('a refused nonce is used again first, by another transfer; one of unknown fate rests its account', function () {
    this.timeout(20_000)
    const accounts = create()
    const first = accounts.take(heights)!
    accounts.refused(first)
    let again = accounts.take(heights)!
    while (again.account !== first.account) again = accounts.take(heights)!
    assert.equal(again.nonce, first.nonce)
    assert.notEqual(again.id, first.id)
    accounts.doubtful(again)
    for (let index = 0; index < accounts.list.length; index++) {
      assert.notEqual(accounts.take(heights)?.account, first.account)
    }
    assert.equal(accounts.final(again.id), true)
    assert.equal(accounts.final(again.id), false)
    let next = accounts.take(heights)!
    while (next.account !== first.account) next = accounts.take(heights)!
    assert.equal(next.nonce, 1n)
  })

  it('the shares of the load are kept, and every kind is a transaction that nodes take in', function () {
    this.timeout(20_000)
    const accounts = create({ cross: 50, atomic: 20, orders: 10 })
    const counts = new Map<string, number>()
    for (let index = 0; index < 202; index++) {
      const { kind, bytes } = accounts.take(heights)!
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      const constants = { network: new Uint8Array(32), shards: 2, payloadBytesMax: 65_536 }
      assert.equal(checkStateless(constants, bytes).ok, true, kind)
    }
    assert.deepEqual(Object.fromEntries(counts), { action: 42, order: 20, far: 70, near: 70 })
  })

  it('an action pays on two shards where there are two, and within the one there is', function () {
    this.timeout(20_000)
    for (const shards of [2, 1]) {
      const { bytes, account } = create({ atomic: 100 }, shards).take(heights)!
      const { legs } = MultiTransferType.deserialize(TransactionType.deserialize(bytes).payload)
      const homes = legs.map(({ to }) => homeShard(to, shards))
      assert.deepEqual(homes, shards === 1 ? [0] : [account.chain, 1 - account.chain])
    }
  })
})

describe('what becomes of actions', () => {
  const asOf = { chain: 0, height: 9, hash: '00' }
  const record = { coordinator: 0, sender: '', height: 1, deadline: 30, parts: [], asOf } as const
  const ended = { ...record, decidedAt: 5, endedAt: 7 }
  const final = { id: '', status: 'final', result: { code: 'ok', mana: 1, fee: '1' }, hops: [] } as never
  const failed = { id: '', status: 'final', result: { code: 'deadline-crowded' }, hops: [] } as never
  const held = [{ chain: 1, phase: 'prepared', consumer: '1', industrial: '0', asOf }] as never

  it('R13: only what has ended and holds nothing any more is over; what failed has no record', () => {
    assert.equal(fateOf(final, { id: '', record: { ...ended, outcome: 'commit' }, held: [] }), 'committed')
    assert.equal(fateOf(final, { id: '', record: { ...ended, outcome: 'abort' }, held: [] }), 'aborted')
    assert.equal(fateOf(final, { id: '', record: { ...ended, outcome: 'commit' }, held }), 'open')
    assert.equal(fateOf(final, { id: '', record: { ...record, outcome: 'open' }, held: [] }), 'open')
    assert.equal(fateOf(final, { id: '', held: [] }), 'open', 'it began, and nobody knows of it')
    assert.equal(fateOf(failed, { id: '', held: [] }), 'failed')
    assert.equal(fateOf({ id: '', status: 'pending', hops: [] }, { id: '', held: [] }), 'unbegun')
  })
})
