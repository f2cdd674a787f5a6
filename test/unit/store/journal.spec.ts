import assert from 'node:assert/strict'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Proposal } from '../../../src/codec/proposal.ts'
import { NODE_BUCKETS as B, bucketRange } from '../../../src/store/buckets.ts'
import { Journal } from '../../../src/store/journal.ts'
import type { JournalRecord } from '../../../src/store/journal.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { SignGuard } from '../../../src/store/sign-guard.ts'
import { NETWORK, aBlock, aCertificate, aVote, hashOf } from './builders.ts'

const vote = (view: number, kind: 1 | 2 | 3 = NOTARISE, epoch = 0): JournalRecord => {
  return { kind: 'vote', vote: aVote({ view, kind, epoch }) }
}
const certificate = (view: number, kind: 1 | 2 | 3 = NOTARISE, epoch = 0): JournalRecord => {
  return { kind: 'certificate', certificate: aCertificate({ view, kind, epoch }) }
}
const block = (view: number, epoch = 0): JournalRecord => {
  return { kind: 'block', block: aBlock({ view, epoch, height: view }, [Uint8Array.of(view)]) }
}
const proposal = (view: number): JournalRecord => {
  const { header, bodyBytes, hash } = aBlock({ view, height: view })
  const value: Proposal = {
    header,
    body: bodyBytes,
    vote: aVote({ view, kind: NOTARISE, hash }),
    notarisation: [],
    nullifications: [aCertificate({ view: view - 1, kind: NULLIFY })],
    coordination: []
  }
  return { kind: 'proposal', proposal: value }
}

describe('Journal', () => {
  let disk: MemoryDisk
  let kv: KeyValueStore
  let journal: Journal

  beforeEach(async () => {
    disk = new MemoryDisk()
    kv = disk.open()
    journal = await Journal.open(kv)
  })

  async function restart(): Promise<void> {
    disk.crash()
    kv = disk.open()
    journal = await Journal.open(kv)
  }

  it('C11: what was written is there after a crash: every kind comes back as it was', async () => {
    const records = [block(4), proposal(4), certificate(4), vote(4)]
    await journal.write(records)
    await restart()
    assert.deepEqual(await journal.load(COORD), records)
  })

  it('C22: loads by epoch, view, then block, proposal, certificate, vote, whatever the order of writing', async () => {
    const ordered = [
      certificate(300, NOTARISE),
      block(2, 1),
      certificate(2, NOTARISE, 1),
      certificate(2, NULLIFY, 1),
      vote(2, NOTARISE, 1),
      vote(2, NULLIFY, 1),
      vote(256, FINALISE, 1)
    ]
    for (const record of ordered.toReversed()) await journal.write([record])
    await restart()
    assert.deepEqual(await journal.load(COORD), ordered)
  })

  it('C10: keeps two blocks of one view, and both certificates of one view', async () => {
    const other: JournalRecord = { kind: 'block', block: aBlock({ view: 4, height: 9 }) }
    await journal.write([block(4), other, certificate(4), certificate(4, NULLIFY)])
    assert.equal((await journal.load(COORD)).length, 4)
    await journal.write([block(4), certificate(4)])
    assert.equal((await journal.load(COORD)).length, 4)
  })

  it('chains do not see each other', async () => {
    const other: JournalRecord = { kind: 'vote', vote: aVote({ chain: shardId(0), view: 1, kind: NULLIFY }) }
    await journal.write([vote(1), other])
    assert.deepEqual(await journal.load(shardId(0)), [other])
    journal.drop(shardId(0), 0, 9)
    assert.deepEqual(await journal.load(shardId(0)), [])
    assert.deepEqual(await journal.load(COORD), [vote(1)])
  })

  it('C11: drops views at or below the final one, of that epoch only, also after a restart', async () => {
    await journal.write([
      block(4),
      certificate(4),
      vote(4),
      proposal(4),
      block(5),
      vote(5),
      vote(3, NULLIFY, 1)
    ])
    await restart()
    journal.drop(COORD, 0, 4)
    const kept = [block(5), vote(5), vote(3, NULLIFY, 1)]
    assert.deepEqual(await journal.load(COORD), kept)
    await journal.write([vote(6)])
    await restart()
    assert.deepEqual(await journal.load(COORD), [...kept.slice(0, 2), vote(6), ...kept.slice(2)])
  })

  it('C11: what was dropped goes with the next write, and before that comes back after a crash', async () => {
    const next: JournalRecord = vote(5)
    await journal.write([vote(4)])
    journal.drop(COORD, 0, 4)
    assert.equal(disk.unsynced, 0)
    assert.deepEqual(await journal.load(COORD), [])
    await restart()
    assert.deepEqual(await journal.load(COORD), [vote(4)])
    journal.drop(COORD, 0, 4)
    await journal.write([next])
    await restart()
    assert.deepEqual(await journal.load(COORD), [next])
  })

  it('what was dropped and is written again is there', async () => {
    await journal.write([vote(4)])
    journal.drop(COORD, 0, 4)
    await journal.write([vote(4)])
    assert.deepEqual(await journal.load(COORD), [vote(4)])
    await restart()
    assert.deepEqual(await journal.load(COORD), [vote(4)])
  })

  it('C24: drops an ended epoch and older ones', async () => {
    await journal.write([vote(1), vote(1, NOTARISE, 1), vote(1, NOTARISE, 2)])
    journal.dropEpoch(COORD, 1)
    assert.deepEqual(await journal.load(COORD), [vote(1, NOTARISE, 2)])
  })

  it('C11: records and the guard’s memory are one write: both there, or neither', async () => {
    const init = { publicKey: hashOf(50), network: NETWORK }
    for (const keepUnsynced of [0, 1]) {
      const torn = new MemoryDisk({ schedule: (complete) => void held.push(complete) })
      const held: (() => void)[] = []
      const store = torn.open()
      const creation = SignGuard.create(store, init, hashOf(51))
      await Promise.resolve()
      while (held.length === 0) await Promise.resolve()
      held.shift()!()
      const guard = await creation
      const verdict = guard.admit({
        network: NETWORK,
        chain: COORD,
        epoch: 0,
        view: 4,
        kind: NOTARISE,
        hash: hashOf(1)
      })
      assert.ok(verdict.ok)
      const write = (await Journal.open(store)).write([vote(4), block(4)], verdict.value)
      assert.equal(torn.unsynced, 1)
      torn.crash({ keepUnsynced })
      await assert.rejects(write, { code: 'STORE_CLOSED' })
      const after = torn.open()
      const records = await (await Journal.open(after)).load(COORD)
      const reopened = await SignGuard.open(after, init, toHex(hashOf(51)))
      assert.equal(records.length, 2 * keepUnsynced)
      assert.equal(reopened.isUnused, keepUnsynced === 0)
    }
  })

  it('C11: a drop takes a raised floor along', async () => {
    const init = { publicKey: hashOf(50), network: NETWORK }
    const guard = await SignGuard.create(kv, init, hashOf(51))
    await journal.write([vote(4)])
    journal.drop(COORD, 0, 4, guard.raiseFloor(COORD, 0, 4))
    await journal.write([vote(5)])
    await restart()
    assert.equal((await SignGuard.open(kv, init, toHex(hashOf(51)))).state(COORD).floor, 4)
  })

  it('one flipped bit in a row is STORE_CORRUPT where a hash or the key tells', async () => {
    await journal.write([block(4)])
    let row: readonly [Uint8Array, Uint8Array] | undefined
    for await (const found of kv.range(bucketRange(B.journal))) row = found
    const [key, value] = row!
    for (let at = 0; at < value.length; at++) {
      await kv.batch([{ type: 'put', key, value: value.with(at, value[at]! ^ 1) }], { sync: true })
      await assert.rejects(journal.load(COORD), { code: 'STORE_CORRUPT' })
    }
  })

  it('a row of another view, of an unknown kind, or with too short a key is STORE_CORRUPT', async () => {
    await journal.write([vote(4)])
    let row: readonly [Uint8Array, Uint8Array] | undefined
    for await (const found of kv.range(bucketRange(B.journal))) row = found
    const [key, value] = row!
    for (const damaged of [key.with(18, 5), key.with(10, 1), key.with(19, 9), key.with(20, FINALISE)]) {
      const store = new MemoryDisk().open()
      await store.batch([{ type: 'put', key: damaged, value }], { sync: true })
      const opened = await Journal.open(store)
      await assert.rejects(opened.load(COORD), { code: 'STORE_CORRUPT' })
    }
    const store = new MemoryDisk().open()
    await store.batch([{ type: 'put', key: key.subarray(0, 19), value: ZERO_HASH }], { sync: true })
    await assert.rejects(Journal.open(store), { code: 'STORE_CORRUPT' })
  })
})
