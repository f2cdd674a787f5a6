import assert from 'node:assert/strict'
import { fromHex, toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Statement } from '../../../src/codec/statement.ts'
import { NODE_BUCKETS as B, bucketRange } from '../../../src/store/buckets.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { SignGuard } from '../../../src/store/sign-guard.ts'
import { GUARD_INIT, guardStatement, hashOf } from './builders.ts'

const ID = hashOf(51)

describe('SignGuard', () => {
  let disk: MemoryDisk
  let kv: KeyValueStore
  let guard: SignGuard

  beforeEach(async () => {
    disk = new MemoryDisk()
    kv = disk.open()
    guard = await SignGuard.create(kv, GUARD_INIT, ID)
  })

  async function restart(id = ID): Promise<SignGuard> {
    disk.crash()
    kv = disk.open()
    return SignGuard.open(kv, GUARD_INIT, toHex(id))
  }

  async function sign(of: Statement): Promise<void> {
    const verdict = guard.admit(of)
    assert.ok(verdict.ok, JSON.stringify(verdict))
    await kv.batch(verdict.value.writes, { sync: true })
  }

  const codeOf = (of: Statement): string => {
    const verdict = guard.admit(of)
    return verdict.ok ? 'accepted' : verdict.code
  }

  describe('memory', () => {
    it('C12: remembers every statement across a restart, for each chain apart', async () => {
      await sign(guardStatement(NOTARISE, 4))
      await sign(guardStatement(FINALISE, 4))
      await sign(guardStatement(NULLIFY, 5))
      await sign(guardStatement(NULLIFY, 4, { chain: shardId(0), epoch: 9 }))
      guard = await restart()
      assert.equal(codeOf(guardStatement(NOTARISE, 4, { hash: hashOf(2) })), 'notarised-another')
      assert.equal(codeOf(guardStatement(FINALISE, 4, { hash: hashOf(2) })), 'finalised-another')
      assert.equal(codeOf(guardStatement(NULLIFY, 4)), 'finalised-before')
      assert.equal(codeOf(guardStatement(FINALISE, 5)), 'nullified-before')
      assert.equal(codeOf(guardStatement(NOTARISE, 4, { chain: shardId(0), epoch: 9 })), 'nullified-before')
      assert.equal(codeOf(guardStatement(NULLIFY, 4, { chain: shardId(0), epoch: 8 })), 'epoch-below-highest')
      assert.equal(codeOf(guardStatement(NULLIFY, 4, { chain: shardId(1) })), 'accepted')
      assert.equal(codeOf(guardStatement(NOTARISE, 4)), 'accepted')
    })

    it('C12: what was admitted counts at once, before it is durable', () => {
      assert.equal(codeOf(guardStatement(NOTARISE, 4)), 'accepted')
      assert.equal(codeOf(guardStatement(NOTARISE, 4, { hash: hashOf(2) })), 'notarised-another')
    })

    it('C12: admitting a statement again writes it again, so that either write alone suffices', async () => {
      guard.admit(guardStatement(NOTARISE, 4))
      await sign(guardStatement(NOTARISE, 4))
      guard = await restart()
      assert.equal(codeOf(guardStatement(NULLIFY, 4)), 'accepted')
      assert.equal(codeOf(guardStatement(NOTARISE, 4, { hash: hashOf(2) })), 'notarised-another')
    })

    it('C11: a raised floor drops rows and refuses below, across a restart', async () => {
      for (const view of [1, 2, 3]) await sign(guardStatement(NOTARISE, view))
      await kv.batch(guard.raiseFloor(COORD, 0, 2).writes, { sync: true })
      guard = await restart()
      assert.equal(codeOf(guardStatement(NOTARISE, 2)), 'view-below-floor')
      assert.equal(codeOf(guardStatement(NOTARISE, 3, { hash: hashOf(2) })), 'notarised-another')
      assert.equal(await rowCount(), 3)
      assert.deepEqual(guard.raiseFloor(COORD, 0, 2).writes, [])
    })

    it('C24: raising the floor to the next epoch ends this one', async () => {
      await sign(guardStatement(NOTARISE, 4))
      await kv.batch(guard.raiseFloor(COORD, 1, 0).writes, { sync: true })
      guard = await restart()
      assert.equal(codeOf(guardStatement(NULLIFY, 5)), 'epoch-below-highest')
      assert.equal(codeOf(guardStatement(NULLIFY, 1, { epoch: 1 })), 'accepted')
      assert.equal(await rowCount(), 2)
    })

    it('the first statement of a later epoch replaces the rows of the older one', async () => {
      await sign(guardStatement(NOTARISE, 4))
      await sign(guardStatement(NOTARISE, 5))
      await sign(guardStatement(NOTARISE, 1, { epoch: 2 }))
      guard = await restart()
      assert.equal(await rowCount(), 3)
      assert.deepEqual([...guard.state(COORD).views.keys()], [1])
    })

    it('writes bounds and one view, however many views are above the floor', async () => {
      for (let view = 1; view <= 20; view++) await sign(guardStatement(NULLIFY, view))
      const verdict = guard.admit(guardStatement(NOTARISE, 30))
      assert.equal(verdict.ok ? verdict.value.writes.length : 0, 2)
    })

    it('asserts that statements are of its network and of a known kind', () => {
      assert.throws(() => guard.admit(guardStatement(NULLIFY, 1, { network: hashOf(3) })), {
        name: 'AssertionFailure'
      })
      assert.throws(() => guard.admit(guardStatement(NULLIFY, 1, { kind: 4 })), { name: 'AssertionFailure' })
    })
  })

  describe('binding', () => {
    it('C12: opens with its own id only: GUARD_ID_MISMATCH', async () => {
      await assert.rejects(restart(hashOf(52)), {
        detail: { code: 'GUARD_ID_MISMATCH', inKey: toHex(hashOf(52)), inStore: toHex(ID) }
      })
      assert.deepStrictEqual((await restart()).id, ID)
    })

    it('C12: a key that was bound, and no guard here: GUARD_MISSING', async () => {
      const empty = new MemoryDisk().open()
      await assert.rejects(SignGuard.open(empty, GUARD_INIT, toHex(ID)), {
        detail: { code: 'GUARD_MISSING', where: 'store' }
      })
    })

    it('C12: a guard here, and a key that knows none: GUARD_MISSING', async () => {
      await assert.rejects(SignGuard.open(kv, GUARD_INIT, undefined), {
        detail: { code: 'GUARD_MISSING', where: 'key' }
      })
    })

    it('a key has one guard', async () => {
      await assert.rejects(SignGuard.create(kv, GUARD_INIT, hashOf(52)), { name: 'AssertionFailure' })
    })

    it('guards of two keys share a database without sharing memory', async () => {
      await sign(guardStatement(NULLIFY, 4))
      const other = await SignGuard.create(kv, { ...GUARD_INIT, publicKey: hashOf(60) }, hashOf(61))
      assert.ok(other.isUnused && !guard.isUnused)
      assert.ok(other.admit(guardStatement(NOTARISE, 4)).ok)
    })

    it('rows without their identity, or rows that disagree with their key, are STORE_CORRUPT', async () => {
      await sign(guardStatement(NOTARISE, 4))
      const rows: [Uint8Array, Uint8Array][] = []
      for await (const [key, value] of kv.range(bucketRange(B.guard))) rows.push([key, value])
      assert.equal(rows.length, 3)
      const [identity, bounds, signed] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]]
      const damages: (readonly [Uint8Array, Uint8Array | undefined])[] = [
        [identity[0], undefined],
        [bounds[0], undefined],
        [bounds[0], bounds[1].with(0, 1)],
        [bounds[0], bounds[1].with(8, 4)],
        [signed[0], signed[1].with(0, 1)],
        [signed[0], signed[1].with(8, 5)],
        [signed[0], signed[1].with(16, NULLIFY)],
        [signed[0], signed[1].subarray(1)]
      ]
      for (const [key, value] of damages) {
        const whole = kv.get(key)!
        await kv.batch([value === undefined ? { type: 'del', key } : { type: 'put', key, value }], {
          sync: true
        })
        await assert.rejects(restart(), { code: 'STORE_CORRUPT' })
        await kv.batch([{ type: 'put', key, value: whole }], { sync: true })
      }
      await restart()
      const unknownKind = [signed[0].with(-1, 9), signed[1].with(16, 9)] as const
      await kv.batch([{ type: 'put', key: unknownKind[0], value: unknownKind[1] }], { sync: true })
      await assert.rejects(restart(), { code: 'STORE_CORRUPT' })
    })
  })

  describe('recognise', () => {
    it('C22: a statement of the key that the guard did not make is unknown', async () => {
      await sign(guardStatement(NOTARISE, 4))
      assert.equal(guard.recognise(guardStatement(NOTARISE, 4)), 'known')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 4, { hash: hashOf(2) })), 'unknown')
      assert.equal(guard.recognise(guardStatement(FINALISE, 4)), 'unknown')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 5)), 'unknown')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 4, { epoch: 1 })), 'unknown')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 4, { chain: shardId(3) })), 'unknown')
    })

    it('C22: what lies at or below a floor, an older epoch or an adoption says nothing', async () => {
      await sign(guardStatement(NULLIFY, 4, { epoch: 2 }))
      guard.raiseFloor(COORD, 2, 6)
      assert.equal(guard.recognise(guardStatement(NOTARISE, 6, { epoch: 2 })), 'past')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 7, { epoch: 2 })), 'unknown')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 9, { epoch: 1 })), 'past')
      guard = await SignGuard.adopt(kv, GUARD_INIT, { id: hashOf(52), fromEpoch: 4 })
      assert.equal(guard.recognise(guardStatement(NOTARISE, 7, { epoch: 3 })), 'past')
      assert.equal(guard.recognise(guardStatement(NOTARISE, 7, { epoch: 4 })), 'unknown')
    })
  })

  describe('halt and adoption', () => {
    it('C22: a halted guard signs nothing on any chain, and does not open again', async () => {
      await guard.halt('a twin signs')
      assert.equal(guard.haltReason, 'a twin signs')
      assert.equal(codeOf(guardStatement(NULLIFY, 1)), 'halted')
      assert.equal(codeOf(guardStatement(NULLIFY, 1, { chain: shardId(0) })), 'halted')
      await assert.rejects(restart(), { detail: { code: 'GUARD_HALTED', reason: 'a twin signs' } })
    })

    it('C12: adoption signs nothing below its epoch, on any chain, across restarts', async () => {
      guard = await SignGuard.adopt(new MemoryDisk().open(), GUARD_INIT, { id: ID, fromEpoch: 7 })
      assert.equal(codeOf(guardStatement(NULLIFY, 1, { epoch: 6 })), 'epoch-below-adoption')
      assert.equal(codeOf(guardStatement(NULLIFY, 1, { epoch: 7 })), 'accepted')
      assert.equal(
        codeOf(guardStatement(NULLIFY, 1, { epoch: 6, chain: shardId(2) })),
        'epoch-below-adoption'
      )
    })

    it('C12: adoption ends a halt, takes a new id, and keeps what was known', async () => {
      await sign(guardStatement(NOTARISE, 4, { epoch: 9 }))
      await guard.halt('a twin signs')
      guard = await SignGuard.adopt(kv, GUARD_INIT, { id: hashOf(52), fromEpoch: 3 })
      assert.equal(guard.haltReason, '')
      await assert.rejects(restart(), { code: 'GUARD_ID_MISMATCH' })
      guard = await restart(hashOf(52))
      assert.equal(codeOf(guardStatement(NULLIFY, 1, { epoch: 2 })), 'epoch-below-adoption')
      assert.equal(codeOf(guardStatement(NOTARISE, 4, { epoch: 9, hash: hashOf(2) })), 'notarised-another')
    })

    it('C12: a second adoption never lowers the epoch of the first', async () => {
      await SignGuard.adopt(kv, GUARD_INIT, { id: ID, fromEpoch: 7 })
      guard = await SignGuard.adopt(kv, GUARD_INIT, { id: ID, fromEpoch: 5 })
      assert.equal(codeOf(guardStatement(NULLIFY, 1, { epoch: 6 })), 'epoch-below-adoption')
    })
  })

  async function rowCount(): Promise<number> {
    let count = 0
    for await (const [key] of kv.range(bucketRange(B.guard, fromHex(toHex(GUARD_INIT.publicKey)))))
      count += key.length > 0 ? 1 : 0
    return count
  }
})
