import assert from 'node:assert/strict'
import { buildChainGenesis } from '../../../src/chain/genesis-block.ts'
import { ParameterListType, ValidatorListType } from '../../../src/codec/registry.ts'
import { EpochSnapshotType } from '../../../src/codec/snapshot.ts'
import type { EpochSnapshotRecord } from '../../../src/codec/snapshot.ts'
import { DOMAINS } from '../../../src/crypto/domains.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import { paramsToList } from '../../../src/params/check.ts'
import { concat, toHex, u64be } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { genesisCommittees } from '../../../src/sharding/describe.ts'
import {
  computeSnapshot,
  coordGenesisExtra,
  decodeSnapshot,
  encodeSnapshot,
  readRegistry
} from '../../../src/sharding/snapshot.ts'
import { PARAMETERS_KEY, VALIDATORS_KEY } from '../../../src/state/keys.ts'
import { fc } from '../../support/fast-check.ts'
import { aGenesis, membersOf, someKey } from '../../support/genesis.ts'

const GENESIS = aGenesis()
const { block, changes } = buildChainGenesis(GENESIS, COORD)
const viewOf = (values: ReadonlyMap<Hex, Uint8Array | undefined>) => ({
  get: (key: Uint8Array) => values.get(toHex(key))
})
const snapshot = (epoch = 3) => computeSnapshot(viewOf(changes.values), epoch, block.hash, GENESIS.shards)

describe('epoch snapshot', () => {
  it('C2, EPO-4: of genesis state holds the genesis parameters and the committees that genesis check shows', () => {
    const { params, committees, epoch } = snapshot(0)
    assert.equal(epoch, 0)
    assert.deepEqual(params, GENESIS.params)
    assert.deepEqual(committees, genesisCommittees(GENESIS))
    assert.deepEqual([...committees.keys()], [shardId(0), shardId(1), COORD])
  })

  it('C29, EPO-10: the seed is the hash of the domain, the genesis hash and the epoch', () => {
    const expected = sha256(concat(DOMAINS.epochSeed, block.hash, u64be(3)))
    assert.deepEqual(snapshot(3).seed, expected)
    assert.notDeepEqual(snapshot(4).seed, expected)
  })

  it('C2: parameters and validators are read from state, not from the genesis', () => {
    const params = { ...GENESIS.params, minFeePerByte: 77 }
    const validators = membersOf([1, 2]).sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1))
    const values = new Map(changes.values)
    values.set(toHex(PARAMETERS_KEY), ParameterListType.serialize(paramsToList(params)))
    values.set(toHex(VALIDATORS_KEY), ValidatorListType.serialize(validators))
    const changed = computeSnapshot(viewOf(values), 1, block.hash, GENESIS.shards)
    assert.equal(changed.params.minFeePerByte, 77)
    assert.deepEqual(changed.committees.get(COORD)?.members, validators)
  })

  it('GEN-9: coordination state of genesis holds parameters, validators and cooperatives, and gives them back', () => {
    const registry = readRegistry(
      viewOf(new Map(coordGenesisExtra(GENESIS).map(([key, value]) => [toHex(key), value])))
    )
    const { params, validators, cooperatives } = GENESIS
    assert.deepEqual(registry, { params, validators, cooperatives })
    assert.deepEqual(
      coordGenesisExtra(GENESIS).map(([key]) => toHex(key)),
      ['10', '11', '12']
    )
  })

  it('EPO-4: encodes and decodes to the same snapshot', () => {
    const cooperativesOf = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(cooperativesOf, fc.nat(), fc.integer({ min: 1, max: 5 }), (list, epoch, shards) => {
        const values = new Map(changes.values)
        values.set(toHex(VALIDATORS_KEY), ValidatorListType.serialize(membersOf(list)))
        const made = computeSnapshot(viewOf(values), epoch, block.hash, shards)
        const bytes = encodeSnapshot(made)
        const read = decodeSnapshot(bytes)
        assert(read.ok)
        assert.deepEqual(encodeSnapshot(read.value), bytes)
        for (const [chain, committee] of made.committees) {
          // EPO-8: where the registry states no cooldown, it is 3.
          const members = committee.members.map((member) => ({ cooldown: 3, ...member }))
          assert.deepEqual(read.value.committees.get(chain), { ...committee, members })
        }
        const shuffled = { ...made, committees: new Map([...made.committees].reverse()) }
        assert.deepEqual(encodeSnapshot(shuffled), bytes)
      })
    )
  })

  describe('refuses', () => {
    const record = (): EpochSnapshotRecord => EpochSnapshotType.deserialize(encodeSnapshot(snapshot()))
    const refuses = (
      title: string,
      change: (value: EpochSnapshotRecord) => unknown,
      code = 'snapshot-malformed'
    ): void => {
      it(`EPO-4: refuses ${title}`, () => {
        const value = record()
        change(value)
        const verdict = decodeSnapshot(EpochSnapshotType.serialize(value))
        assert.equal(verdict.ok || verdict.code, code)
      })
    }
    refuses('another version', (value) => (value.version = 2))
    refuses('parameters out of range', (value) => (value.params[0] = 3), 'snapshot-params')
    refuses('a parameter too few', (value) => value.params.pop(), 'snapshot-params')
    refuses('a parameter too many', (value) => value.params.push(0), 'snapshot-params')
    refuses('committees out of order', (value) => value.committees.reverse())
    refuses('a missing shard', (value) => value.committees.shift())
    refuses('coordination only', (value) => value.committees.splice(0, 2))
    refuses('no committee', (value) => value.committees.splice(0))
    refuses('an empty committee', (value) => value.committees[0]!.members.splice(0))
    refuses('members out of key order', (value) => value.committees[0]!.members.reverse())
    refuses('a member twice', (value) => value.committees[0]!.members.push(value.committees[0]!.members[3]!))
    refuses('a member without weight', (value) => (value.committees[0]!.members[1]!.weight = 0))
    refuses('a cooldown above 10', (value) => (value.committees[0]!.members[1]!.cooldown = 11))
    refuses('a degradation mark other than 0 and 1', (value) => (value.committees[0]!.degraded = 2))

    it('EPO-4: refuses bytes that are cut or continued', () => {
      const bytes = encodeSnapshot(snapshot())
      for (const wrong of [bytes.slice(0, -1), concat(bytes, someKey(1)), new Uint8Array()]) {
        assert.equal(decodeSnapshot(wrong).ok, false)
      }
    })
  })
})
