import assert from 'node:assert/strict'
import { DevnetError } from '../../../src/devnet/errors.ts'
import { firstPair } from '../../../src/devnet/guide.ts'
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
  const create = (): LoadAccounts =>
    new LoadAccounts({
      network: new Uint8Array(32),
      shards: 2,
      costs: { minFeePerByte: 1, minFeePerMana: 10 },
      maxLifetime: 1_000,
      cross: 0
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
})
