import assert from 'node:assert/strict'
import { BodyType } from '../../../src/codec/block.ts'
import { GenesisType, MAX_GENESIS_ACCOUNTS } from '../../../src/codec/genesis.ts'
import { MAX_COOPERATIVES, MAX_VALIDATORS } from '../../../src/codec/registry.ts'
import { MAX_TRANSACTION_BYTES, MAX_PAYLOAD_BYTES } from '../../../src/codec/transaction.ts'
import { BitArray } from '@chainsafe/ssz'
import { addressOfKey, encodeAddress, homeShard } from '../../../src/crypto/address.ts'
import { devnetAddress, devnetSeed } from '../../../src/params/devnet-keys.ts'
import {
  BODY_ROOM_BYTES,
  BODY_ROOM_PER_VALIDATOR,
  DELIVERY_ROOM_BYTES,
  MAX_TIME_MS,
  checkGenesis
} from '../../../src/params/genesis-check.ts'
import { genesisToJson, genesisToJsonValue, parseGenesis } from '../../../src/params/genesis-json.ts'
import { genesisToRecord, networkId } from '../../../src/params/genesis.ts'
import type { Genesis } from '../../../src/params/genesis.ts'
import { newGenesis } from '../../../src/params/new-genesis.ts'
import { PRESETS } from '../../../src/params/presets.ts'
import { MAX_SUPPLY, genesisShare } from '../../../src/params/supply.ts'
import { compare, toHex, utf8 } from '../../../src/primitives/bytes.ts'
import { COORD, MAX_SHARDS, shardId } from '../../../src/primitives/chain-id.ts'
import { GENESIS_TIME, aGenesis, someKey } from '../../support/genesis.ts'

const someAddress = (index: number): Uint8Array => devnetAddress(`user${index}`)
const account = (index: number, consumer = 5n, industrial = 7n) => ({
  address: someAddress(index),
  consumer,
  industrial
})
const SMALL = aGenesis({ accounts: [account(0), account(1)] })

type Json = Record<string, unknown>
const asJson = (genesis: Genesis): Json => JSON.parse(genesisToJson(genesis)) as Json
const codeOf = (verdict: { ok: true } | { ok: false; code: string; detail: string }): string =>
  verdict.ok ? 'ok' : verdict.code
const parse = (value: unknown) => parseGenesis(JSON.stringify(value))

function refused(change: Json, code: string, named: RegExp): void {
  const verdict = parse({ ...asJson(SMALL), ...change })
  assert(!verdict.ok, 'accepted')
  assert.equal(verdict.code, code)
  assert.match(verdict.detail, named)
}

describe('genesis: JSON form', () => {
  it('GEN-10: what is written is read back as the same value', () => {
    assert.deepEqual(parseGenesis(genesisToJson(SMALL)), { ok: true, value: SMALL })
    const features = { ...SMALL, features: 5n | (1n << 63n) }
    assert.deepEqual(parseGenesis(genesisToJson(features)), { ok: true, value: features })
    assert.deepEqual(genesisToJsonValue(features).features, [0, 2, 63])
  })

  it('GEN-2: spaces, order of keys and order of entries change nothing', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed).reverse()
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, inner]) => [key, reversed(inner)])
          .reverse()
      )
    }
    const other = parseGenesis(JSON.stringify(reversed(asJson(SMALL)), undefined, 7))
    assert(other.ok)
    assert.deepEqual(other.value, SMALL)
    assert.equal(toHex(networkId(other.value)), toHex(networkId(SMALL)))
  })

  it('GEN-10: what is not JSON, or no object, is refused', () => {
    assert.equal(codeOf(parseGenesis('{')), 'genesis-not-json')
    for (const value of [null, [], 'x', 3]) assert.equal(codeOf(parse(value)), 'genesis-value')
  })

  it('GEN-10: an unknown or missing key is refused by its path', () => {
    refused({ chainId: 1 }, 'genesis-key-unknown', /\bchainId\b/)
    refused({ accounts: [{ ...asAccount(), memo: '' }] }, 'genesis-key-unknown', /accounts\[0\]\.memo/)
    for (const key of Object.keys(asJson(SMALL))) {
      const { [key]: _, ...rest } = asJson(SMALL)
      const verdict = parse(rest)
      assert(!verdict.ok)
      assert.deepEqual([verdict.code, verdict.detail], ['genesis-key-missing', `key ${key} is missing`])
    }
    const { weight: _, ...weightless } = { key: toHex(someKey(1)), cooperative: 0, weight: 1 }
    refused({ validators: [weightless] }, 'genesis-key-missing', /validators\[0\]\.weight/)
  })

  const asAccount = () => ({ address: encodeAddress(someAddress(0)), consumer: '1', industrial: '1' })

  it('GEN-10: amounts are decimal strings without sign, zeros or point', () => {
    for (const consumer of [1, '-1', '01', '1.0', '', ' 1', '0x1', '1e3', '100000000000000000000']) {
      refused({ accounts: [{ ...asAccount(), consumer }] }, 'genesis-value', /accounts\[0\]\.consumer/)
    }
    assert.equal(codeOf(parse({ ...asJson(SMALL), accounts: [{ ...asAccount(), consumer: '0' }] })), 'ok')
  })

  it('GEN-10: keys are 32 bytes of lower-case hex, addresses their bech32m text', () => {
    const key = toHex(someKey(1))
    for (const wrong of [key.slice(2), `${key}00`, key.toUpperCase(), `0x${key}`, 7]) {
      refused(
        { validators: [{ key: wrong, cooperative: 0, weight: 1 }] },
        'genesis-value',
        /validators\[0\]\.key/
      )
    }
    const { address } = asAccount()
    const last = address.endsWith('q') ? 'p' : 'q'
    for (const wrong of [address.toUpperCase(), address.slice(0, -1) + last, 'icn1', 5]) {
      refused({ accounts: [{ ...asAccount(), address: wrong }] }, 'genesis-value', /accounts\[0\]\.address/)
    }
  })

  it('GEN-4: numbers of the head are integers in their ranges', () => {
    refused({ version: 2 }, 'genesis-value', /version/)
    for (const shards of [0, MAX_SHARDS + 1, 1.5, '2']) refused({ shards }, 'genesis-value', /shards/)
    for (const timeMs of [-1, MAX_TIME_MS + 1]) refused({ timeMs }, 'genesis-value', /timeMs/)
    for (const [shards, timeMs] of [
      [1, 0],
      [MAX_SHARDS, MAX_TIME_MS]
    ]) {
      assert.equal(codeOf(parse({ ...asJson(SMALL), shards, timeMs })), 'ok')
    }
    for (const preset of ['', 'Devnet', '1x', 'a b', 'x'.repeat(33)])
      refused({ preset }, 'genesis-value', /preset/)
    assert.equal(codeOf(parse({ ...asJson(SMALL), preset: 'x'.repeat(32) })), 'ok')
  })

  it('GEN-5: parameters go through the same door', () => {
    const params = PRESETS.minimal.params
    refused({ params: { ...params, epochLength: 3 } }, 'parameter-range', /epochLength/)
    refused({ params: { ...params, epochSize: 3 } }, 'parameter-unknown', /epochSize/)
    refused({ params: [] }, 'genesis-value', /params/)
  })

  it('GEN-7: features are distinct bit numbers; required ones are among them and known', () => {
    refused({ features: [64] }, 'genesis-value', /features\[0\]/)
    refused({ features: Array.from({ length: 65 }, (_, bit) => bit % 64) }, 'genesis-too-many', /features/)
    refused({ features: [1, 1] }, 'genesis-value', /features\[1\]/)
    refused({ features: [1], required: [2] }, 'genesis-value', /required/)
    refused({ features: [1, 40], required: [40] }, 'genesis-feature-unknown', /40/)
    assert.equal(codeOf(parse({ ...asJson(SMALL), features: [63] })), 'ok')
  })
})

describe('genesis: values', () => {
  const change = (part: Partial<Genesis>): string => codeOf(checkGenesis({ ...SMALL, ...part }))

  it('GEN-4: duplicates are refused: cooperative, validator, account', () => {
    const [cooperative] = SMALL.cooperatives
    const [validator] = SMALL.validators
    assert.equal(change({ cooperatives: [...SMALL.cooperatives, cooperative!] }), 'genesis-duplicate')
    assert.equal(
      change({ validators: [...SMALL.validators, { ...validator!, weight: 9 }] }),
      'genesis-duplicate'
    )
    assert.equal(change({ accounts: [account(3), account(1), account(3, 9n)] }), 'genesis-duplicate')
  })

  it('GEN-4: the number of validators, cooperatives and accounts is bounded, at least one validator', () => {
    const validator = (index: number) => ({ key: someKey(index), cooperative: 0, weight: 1 })
    const many = (count: number) => Array.from({ length: count }, (_, index) => validator(index))
    const params = PRESETS.devnet.params
    assert.equal(change({ validators: [] }), 'genesis-no-validators')
    assert.equal(change({ params, validators: many(MAX_VALIDATORS) }), 'ok')
    assert.equal(change({ params, validators: many(MAX_VALIDATORS + 1) }), 'genesis-too-many')
    const names = (count: number) =>
      Array.from({ length: count }, (_, id) => ({ id: id + 1, name: utf8('x') }))
    assert.equal(change({ cooperatives: names(MAX_COOPERATIVES) }), 'ok')
    assert.equal(change({ cooperatives: names(MAX_COOPERATIVES + 1) }), 'genesis-too-many')
    const accounts = Array.from({ length: MAX_GENESIS_ACCOUNTS + 1 }, (_, index) => ({
      address: new Uint8Array([0, ...new Uint8Array(16), index >> 24, index >> 16, index >> 8, index]),
      consumer: 0n,
      industrial: 0n
    }))
    assert.equal(change({ accounts }), 'genesis-too-many')
    assert.equal(change({ accounts: accounts.slice(1) }), 'ok')
  })

  it('GEN-4: a validator names a listed cooperative or none, and weighs at least 1', () => {
    const validators = (part: object) => [{ key: someKey(1), cooperative: 0, weight: 1, ...part }]
    assert.equal(change({ validators: validators({ cooperative: 4 }) }), 'ok')
    assert.equal(change({ validators: validators({ cooperative: 5 }) }), 'genesis-cooperative-unknown')
    assert.equal(change({ validators: validators({ weight: 0 }) }), 'genesis-value')
    assert.equal(change({ validators: validators({ weight: 2 ** 32 - 1 }) }), 'ok')
    assert.equal(change({ validators: validators({ weight: 2 ** 32 }) }), 'genesis-value')
    assert.equal(change({ validators: validators({ key: new Uint8Array(31) }) }), 'genesis-value')
  })

  it('GEN-4: a cooperative has a number from 1 and a name of 1 to 64 bytes of UTF-8', () => {
    const named = (id: number, name: Uint8Array): string =>
      change({ cooperatives: [...SMALL.cooperatives, { id, name }] })
    assert.equal(named(9, utf8('é'.repeat(32))), 'ok')
    assert.equal(named(9, utf8(`${'é'.repeat(32)}x`)), 'genesis-value')
    assert.equal(named(9, new Uint8Array()), 'genesis-value')
    assert.equal(named(9, Uint8Array.of(0xc3)), 'genesis-value')
    assert.equal(named(9, Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), 'genesis-value', 'a byte order mark')
    assert.equal(named(0, utf8('x')), 'genesis-value')
    assert.equal(named(65_535, utf8('x')), 'ok')
    assert.equal(named(65_536, utf8('x')), 'genesis-value')
  })

  it('GEN-8: accounts may hold the whole supply of a token and not one base unit more', () => {
    const half = MAX_SUPPLY / 2n
    assert.equal(change({ accounts: [account(0, half, 0n), account(1, half, MAX_SUPPLY)] }), 'ok')
    assert.equal(change({ accounts: [account(0, half, 0n), account(1, half + 1n, 0n)] }), 'genesis-supply')
    assert.equal(change({ accounts: [account(0, 0n, half + 1n), account(1, 0n, half)] }), 'genesis-supply')
    assert.equal(change({ accounts: [account(0, -1n, 0n)] }), 'genesis-value')
  })

  it('GEN-8: every account lies on its home shard and the reserve makes up the supply, remainder on shard 0', () => {
    const genesis = aGenesis({
      shards: 3,
      accounts: [account(0, 5n, 1n), account(1, 5n, 1n), account(2, 0n, 0n)]
    })
    const ofValidators = genesis.validators.map(({ key }) => ({
      address: addressOfKey(key),
      consumer: 0n,
      industrial: 0n
    }))
    assert.deepEqual(genesisShare(genesis, COORD), {
      accounts: ofValidators,
      reserve: { consumer: 0n, industrial: 0n }
    })
    const shares = [0, 1, 2].map((index) => genesisShare(genesis, shardId(index)))
    for (const [index, { accounts }] of shares.entries()) {
      for (const { address } of accounts) assert.equal(homeShard(address, 3), index)
    }
    assert.equal(shares.flatMap(({ accounts }) => accounts).length, 3)
    assert.deepEqual(
      shares.map(({ reserve }) => reserve.consumer),
      [6_666_666_666_664n, 6_666_666_666_663n, 6_666_666_666_663n]
    )
    assert.deepEqual(
      shares.map(({ reserve }) => reserve.industrial),
      [6_666_666_666_666n, 6_666_666_666_666n, 6_666_666_666_666n]
    )
  })

  it('GEN-4, GEN-7: what JSON could not even say is refused as well', () => {
    assert.equal(change({ accounts: [{ ...account(0), address: new Uint8Array(20) }] }), 'genesis-value')
    assert.equal(change({ features: 1n << 64n }), 'genesis-value')
    assert.equal(change({ features: -1n }), 'genesis-value')
    assert.equal(change({ shards: 1.5 }), 'genesis-value')
    assert.equal(change({ timeMs: -1 }), 'genesis-value')
    assert.equal(change({ preset: 'x'.repeat(33) }), 'genesis-value')
  })

  it('GEN-12: a block has room for a full certificate, late votes and one transaction, and for a delivery beside them', () => {
    for (const [payloadBytesMax, room] of [
      [1_024, DELIVERY_ROOM_BYTES],
      [16_384, BODY_ROOM_BYTES + 16_384]
    ] as const)
      for (const [maxValidators, members] of [
        [1, 4],
        [100, 100]
      ] as const) {
        const least = 2 * (room + BODY_ROOM_PER_VALIDATOR * members)
        const sized = (blockBytesMax: number): string =>
          change({ params: { ...SMALL.params, blockBytesMax, payloadBytesMax, maxValidators } })
        assert.equal(sized(least), 'ok')
        assert.equal(sized(least - 1), 'genesis-block-too-small')
      }
  })

  it('GEN-12: the room covers the largest attendance and transaction that the types allow', () => {
    const chain = shardId(0)
    const common = { chain, epoch: 1, view: 1, kind: 1, hash: new Uint8Array(32) }
    const signature = new Uint8Array(64)
    for (const members of [1, 7, 8, 1024]) {
      const signers = BitArray.fromBoolArray(Array.from({ length: members }, () => true))
      const certificate = { ...common, signers, signatures: Array.from({ length: members }, () => signature) }
      const body = BodyType.serialize({
        attendance: {
          parentCertificate: [certificate],
          lateVotes: Array.from({ length: 32 }, () => ({ ...common, signer: 0, signature }))
        },
        deliveries: [],
        transactions: [new Uint8Array(MAX_TRANSACTION_BYTES)],
        evidence: [],
        reveal: []
      })
      assert(body.length <= BODY_ROOM_BYTES + BODY_ROOM_PER_VALIDATOR * members + MAX_PAYLOAD_BYTES)
    }
  })

  it('GEN-2: the canonical record has its lists in the order of their keys', () => {
    const { cooperatives, validators, accounts } = genesisToRecord(SMALL)
    assert.deepEqual(
      cooperatives.map(({ id }) => id),
      [1, 2, 3, 4]
    )
    for (const [index, { key }] of validators.slice(1).entries())
      assert(compare(validators[index]!.key, key) < 0)
    assert(compare(accounts[0]!.address, accounts[1]!.address) < 0)
  })

  it('GEN-1: the canonical bytes decode to the same record', () => {
    const record = genesisToRecord(SMALL)
    assert.deepEqual(GenesisType.deserialize(GenesisType.serialize(record)), record)
  })
})

describe('genesis: presets', () => {
  it('GEN-11: devnet holds 1,000 of each token for 10 users and 1,000 load accounts; others spread over the shards', () => {
    const made = newGenesis({ preset: 'devnet', validators: [someKey(0)], timeMs: GENESIS_TIME })
    assert(made.ok)
    assert.equal(made.value.accounts.length, 1_010)
    assert(
      made.value.accounts.every(
        (entry) => entry.consumer === 1_000_000_000n && entry.industrial === 1_000_000_000n
      )
    )
    const addresses = new Set(made.value.accounts.map(({ address }) => encodeAddress(address)))
    for (const label of ['user0', 'user9', 'load0', 'load999']) {
      assert(addresses.has(encodeAddress(devnetAddress(label))), label)
    }
    const onShard = [0, 1].map((index) => genesisShare(made.value, shardId(index)).accounts.length)
    assert(
      onShard.every((count) => count > 400),
      String(onShard)
    )
  })

  it('GEN-11: a label gives one seed', () => {
    assert.notDeepEqual(devnetSeed('user1'), devnetSeed('user10'))
    assert.equal(devnetSeed('user1').length, 32)
  })

  it('D1: each validator of a new genesis is a cooperative of its own, and overrides are checked', () => {
    const init = { preset: 'seed', validators: [someKey(0), someKey(1)], timeMs: GENESIS_TIME } as const
    const made = newGenesis(init)
    assert(made.ok)
    assert.deepEqual(made.value.accounts, [])
    assert.equal(made.value.shards, 4)
    assert.deepEqual(
      made.value.validators.map(({ cooperative }) => cooperative).sort((a, b) => a - b),
      [1, 2]
    )
    assert.equal(codeOf(newGenesis({ ...init, overrides: { epochLength: 1 } })), 'parameter-range')
    assert.equal(codeOf(newGenesis({ ...init, validators: [] })), 'genesis-no-validators')
  })
})
