import assert from 'node:assert/strict'
import { buildChainGenesis } from '../../../src/chain/genesis-block.ts'
import { CooperativeListType, ParameterListType, ValidatorListType } from '../../../src/codec/registry.ts'
import { ValidatorRecordType } from '../../../src/codec/registry-records.ts'
import { EpochSnapshotType } from '../../../src/codec/snapshot.ts'
import type { EpochSnapshotRecord } from '../../../src/codec/snapshot.ts'
import { DOMAINS } from '../../../src/crypto/domains.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import { paramsToList } from '../../../src/params/check.ts'
import { ZERO_HASH, concat, toHex, u64be } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { computeCommittees } from '../../../src/sharding/committee.ts'
import { genesisCommittees } from '../../../src/sharding/describe.ts'
import { encodeSeats } from '../../../src/sharding/seat-records.ts'
import {
  computeSnapshot,
  coordGenesisExtra,
  decodeSnapshot,
  encodeSnapshot
} from '../../../src/sharding/snapshot.ts'
import type { Member } from '../../../src/sharding/types.ts'
import { MIX_KEY, PARAMETERS_KEY, SEATS_KEY, WEIGHTS_KEY, validatorKey } from '../../../src/state/keys.ts'
import { fc } from '../../support/fast-check.ts'
import { aGenesis, membersOf, someKey } from '../../support/genesis.ts'

const GENESIS = aGenesis()
const { block, changes } = buildChainGenesis(GENESIS, COORD)
const viewOf = (values: ReadonlyMap<Hex, Uint8Array | undefined>) => ({
  get: (key: Uint8Array) => values.get(toHex(key))
})
const snapshot = (epoch = 3) => computeSnapshot(viewOf(changes.values), epoch, block.hash, GENESIS.shards)

/** The members that would sit at a genesis. */
function seat(values: Map<Hex, Uint8Array | undefined>, validators: readonly Member[], shards: number): void {
  const committees = computeCommittees({ validators, shards, shardsPerValidator: shards })
  const { seats, weights } = encodeSeats(
    new Map(
      [...committees].map(([chain, { members, diversity }]) => [
        chain,
        { members, degraded: diversity === 'degraded' }
      ])
    )
  )
  values.set(toHex(SEATS_KEY), seats).set(toHex(WEIGHTS_KEY), weights)
}

describe('epoch snapshot', () => {
  it('C2, EPO-4: of genesis state holds the genesis parameters and the committees that genesis check shows', () => {
    const { params, committees, epoch } = snapshot(0)
    assert.equal(epoch, 0)
    assert.deepEqual(params, GENESIS.params)
    const expected = [...genesisCommittees(GENESIS)].map(([chain, committee]) => {
      const members = committee.members.map((member) => ({ ...member, cooldown: 3 }))
      return [chain, { ...committee, members }] as const
    })
    assert.deepEqual(committees, new Map(expected))
    assert.deepEqual([...committees.keys()], [shardId(0), shardId(1), COORD])
  })

  it('C29, EPO-10: the seed is the hash of the domain, the genesis hash, the epoch and the mix', () => {
    const seedOf = (epoch: number, mix: Uint8Array) =>
      sha256(concat(DOMAINS.epochSeed, block.hash, u64be(epoch), mix))
    assert.deepEqual(snapshot(3).seed, seedOf(3, ZERO_HASH))
    assert.notDeepEqual(
      snapshot(4).seed,
      snapshot(3).seed,
      'another one in each epoch, also without a reveal'
    )
    const values = new Map(changes.values).set(toHex(MIX_KEY), someKey(9))
    assert.deepEqual(
      computeSnapshot(viewOf(values), 3, block.hash, GENESIS.shards).seed,
      seedOf(3, someKey(9))
    )
  })

  it('C2, EPO-4: parameters, seats and weights are read from state, not from the genesis', () => {
    const params = { ...GENESIS.params, minFeePerByte: 77 }
    const members = membersOf([1, 2]).sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1))
    const values = new Map(changes.values)
    values.set(toHex(PARAMETERS_KEY), ParameterListType.serialize(paramsToList(params)))
    seat(values, members, GENESIS.shards)
    const changed = computeSnapshot(viewOf(values), 1, block.hash, GENESIS.shards)
    assert.equal(changed.params.minFeePerByte, 77)
    const seated = changed.committees.get(COORD)?.members
    assert.deepEqual(
      seated,
      members.map((member) => ({ ...member, cooldown: 3 }))
    )
  })

  it('GEN-9: coordination state of genesis holds parameters, registry, seats, weights, mix and validators', () => {
    const extra = coordGenesisExtra(GENESIS)
    const records = new Map(extra.map(([key, value]) => [toHex(key), value]))
    assert.deepEqual(
      extra.map(([key]) => toHex(key)),
      ['10', '11', '12', '13', '14', '15', ...GENESIS.validators.map(({ key }) => toHex(validatorKey(key)))]
    )
    assert.deepEqual(ValidatorListType.deserialize(records.get('11' as Hex)!), [...GENESIS.validators])
    assert.deepEqual(CooperativeListType.deserialize(records.get('12' as Hex)!), [...GENESIS.cooperatives])
    const { leaseHeights } = GENESIS.params
    for (const { key, cooperative, weight } of GENESIS.validators) {
      const record = ValidatorRecordType.deserialize(records.get(toHex(validatorKey(key)))!)
      assert.deepEqual([record.cooperative, record.weight, record.status], [cooperative, weight, 0])
      const leases = [shardId(0), shardId(1)].map((shard) => ({ shard, until: leaseHeights }))
      assert.deepEqual(record.leases, leases)
    }
  })

  it('EPO-4: encodes and decodes to the same snapshot', () => {
    const cooperativesOf = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(cooperativesOf, fc.nat(), fc.integer({ min: 1, max: 5 }), (list, epoch, shards) => {
        const values = new Map(changes.values)
        seat(values, membersOf(list), shards)
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
