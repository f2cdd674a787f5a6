import assert from 'node:assert/strict'
import { buildChainGenesis } from '../../../src/chain/genesis-block.ts'
import { BodyType, HeaderType, bodyHash } from '../../../src/codec/block.ts'
import type { ChainTotals } from '../../../src/codec/state-records.ts'
import { devnetAddress } from '../../../src/params/devnet-keys.ts'
import { parseGenesis } from '../../../src/params/genesis-json.ts'
import { genesisToJsonValue } from '../../../src/params/genesis-json.ts'
import { networkId } from '../../../src/params/genesis.ts'
import type { Genesis } from '../../../src/params/genesis.ts'
import { PARAMETERS } from '../../../src/params/params.ts'
import { MAX_SUPPLY } from '../../../src/params/supply.ts'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { readTotals, totalSupply } from '../../../src/state/supply.ts'
import { aGenesis, someKey } from '../../support/genesis.ts'

const accounts = ['user0', 'user1', 'user2', 'user3'].map((label, index) => ({
  address: devnetAddress(label),
  consumer: BigInt(index + 1),
  industrial: BigInt(index + 5)
}))
const GENESIS = aGenesis({ accounts })
const chainsOf = (genesis: Genesis): ChainId[] => [
  ...Array.from({ length: genesis.shards }, (_, index) => shardId(index)),
  COORD
]

/** Network id, then the genesis hash of every chain. */
const identity = (genesis: Genesis): string[] => [
  toHex(networkId(genesis)),
  ...chainsOf(genesis).map((chain) => toHex(buildChainGenesis(genesis, chain).block.hash))
]

describe('genesis blocks', () => {
  it('GEN-9: height, view and epoch are 0, parent and proposer zero, the body empty', () => {
    for (const chain of chainsOf(GENESIS)) {
      const { block, changes } = buildChainGenesis(GENESIS, chain)
      const { header } = block
      assert.deepEqual([header.chain, header.height, header.view, header.epoch], [chain, 0, 0, 0])
      assert.deepEqual([header.parent, header.proposer], [ZERO_HASH, ZERO_HASH])
      assert.deepEqual([header.timeMs, toHex(header.network)], [GENESIS.timeMs, toHex(networkId(GENESIS))])
      assert.deepEqual(header.stateRoot, changes.root)
      assert.deepEqual(BodyType.deserialize(block.bodyBytes), block.body)
      assert.deepEqual(
        [header.bodyHash, header.bodyBytes],
        [bodyHash(block.bodyBytes), block.bodyBytes.length]
      )
      assert.deepEqual(block.hash, HeaderType.hashTreeRoot(header))
      assert.equal(block.body.transactions.length + block.body.deliveries.length + header.transactionCount, 0)
    }
  })

  it('GEN-9: a shard’s genesis refers to coordination’s, which refers to nothing', () => {
    const coord = buildChainGenesis(GENESIS, COORD).block
    assert.deepEqual(coord.header.coordHash, ZERO_HASH)
    for (const index of [0, 1]) {
      const { header } = buildChainGenesis(GENESIS, shardId(index)).block
      assert.deepEqual([header.coordHeight, header.coordHash], [0, coord.hash])
    }
  })

  it('GEN-8: the states of all chains hold exactly the supply of each token', () => {
    const totals = chainsOf(GENESIS).map((chain): ChainTotals => {
      const { values } = buildChainGenesis(GENESIS, chain).changes
      return readTotals({ get: (key) => values.get(toHex(key)) })
    })
    assert.deepEqual(totalSupply(totals), { consumer: MAX_SUPPLY, industrial: MAX_SUPPLY })
    assert.equal(
      totals.reduce((sum, { accounts: count }) => sum + count, 0),
      accounts.length + GENESIS.validators.length,
      'an empty account of each validator on coord'
    )
  })

  it('GEN-2, GEN-3: equal values in another formatting have the same network id and the same genesis hash on every chain', () => {
    const value = genesisToJsonValue(GENESIS)
    const other = parseGenesis(
      JSON.stringify(
        {
          accounts: value.accounts.toReversed(),
          validators: value.validators.toReversed(),
          cooperatives: value.cooperatives.toReversed(),
          params: Object.fromEntries(Object.entries(value.params).reverse()),
          required: [],
          features: [],
          shards: value.shards,
          timeMs: value.timeMs,
          preset: value.preset,
          version: value.version
        },
        undefined,
        '\t'
      )
    )
    assert(other.ok)
    assert.deepEqual(identity(other.value), identity(GENESIS))
  })

  describe('one changed value separates networks on every chain', () => {
    const separates = (title: string, change: Partial<Genesis>): void => {
      it(`GEN-3: ${title}`, () => {
        const mine = new Set(identity(GENESIS))
        const theirs = identity({ ...GENESIS, ...change })
        assert.equal(new Set(theirs).size, theirs.length)
        assert(theirs.every((hash) => !mine.has(hash)))
      })
    }
    for (const { name } of PARAMETERS) {
      separates(`parameter ${name}`, { params: { ...GENESIS.params, [name]: GENESIS.params[name] + 1 } })
    }
    for (const [index, validator] of GENESIS.validators.entries()) {
      const replaced = (part: object) => ({
        validators: GENESIS.validators.map((other) =>
          other === validator ? { ...validator, ...part } : other
        )
      })
      separates(`key of validator ${index}`, replaced({ key: someKey(99) }))
      separates(`cooperative of validator ${index}`, replaced({ cooperative: 0 }))
      separates(`weight of validator ${index}`, replaced({ weight: validator.weight + 1 }))
    }
    for (const [index, account] of GENESIS.accounts.entries()) {
      const replaced = (part: object) => ({
        accounts: GENESIS.accounts.map((other) => (other === account ? { ...account, ...part } : other))
      })
      separates(`address of account ${index}`, replaced({ address: devnetAddress('user9') }))
      separates(`consumer tokens of account ${index}`, replaced({ consumer: account.consumer + 1n }))
      separates(`industrial tokens of account ${index}`, replaced({ industrial: account.industrial + 1n }))
    }
    for (const [index, cooperative] of GENESIS.cooperatives.entries()) {
      const renamed = { ...cooperative, name: someKey(1) }
      const cooperatives = GENESIS.cooperatives.map((other) => (other === cooperative ? renamed : other))
      separates(`name of cooperative ${index}`, { cooperatives })
    }
    separates('a validator less', { validators: GENESIS.validators.slice(1) })
    separates('an account less', { accounts: GENESIS.accounts.slice(1) })
    separates('preset name', { preset: 'minimam' })
    separates('time', { timeMs: GENESIS.timeMs + 1 })
    separates('number of shards', { shards: 3 })
    separates('feature bit', { features: 1n })
    separates('required feature bit', { required: 1n })
  })
})
