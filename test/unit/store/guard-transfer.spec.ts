import assert from 'node:assert/strict'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Statement } from '../../../src/codec/statement.ts'
import { exportGuard, importGuard } from '../../../src/store/guard-transfer.ts'
import { MemoryDisk } from '../../../src/store/memory.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { SignGuard } from '../../../src/store/sign-guard.ts'
import { GUARD_INIT, guardStatement, hashOf } from './builders.ts'

const ID = hashOf(51)
const A = hashOf(1)

async function aStore(id: Uint8Array, ...statements: Statement[]): Promise<KeyValueStore> {
  const kv = new MemoryDisk().open()
  const guard = await SignGuard.create(kv, GUARD_INIT, id)
  for (const each of statements) {
    const verdict = guard.admit(each)
    assert.ok(verdict.ok)
    await kv.batch(verdict.value.writes, { sync: true })
  }
  return kv
}

async function admits(kv: KeyValueStore, of: Statement): Promise<boolean> {
  return (await SignGuard.open(kv, GUARD_INIT, toHex(ID))).admit(of).ok
}

describe('guard export and import', () => {
  it('C12: export retires the guard before it gives the text away, and can be repeated', async () => {
    const kv = await aStore(ID, guardStatement(NOTARISE, 4))
    const text = await exportGuard(kv, GUARD_INIT)
    await assert.rejects(SignGuard.open(kv, GUARD_INIT, toHex(ID)), {
      detail: { code: 'GUARD_HALTED', reason: 'exported' }
    })
    assert.equal(await exportGuard(kv, GUARD_INIT), text)
  })

  it('C12: import on a new machine brings id, bounds and statements of every chain', async () => {
    const kv = await aStore(
      ID,
      guardStatement(NOTARISE, 4),
      guardStatement(NULLIFY, 4),
      guardStatement(FINALISE, 5),
      guardStatement(NULLIFY, 2, { chain: shardId(7), epoch: 3 })
    )
    const moved = new MemoryDisk().open()
    const verdict = await importGuard(moved, GUARD_INIT, await exportGuard(kv, GUARD_INIT))
    assert.deepEqual(verdict, { ok: true, value: toHex(ID) })
    assert.ok(!(await admits(moved, guardStatement(FINALISE, 4))))
    assert.ok(!(await admits(moved, guardStatement(NULLIFY, 5))))
    assert.ok(!(await admits(moved, guardStatement(NOTARISE, 2, { chain: shardId(7), epoch: 3 }))))
    assert.ok(!(await admits(moved, guardStatement(NULLIFY, 2, { chain: shardId(7), epoch: 2 }))))
    assert.ok(await admits(moved, guardStatement(NOTARISE, 4)))
    assert.ok(await admits(moved, guardStatement(FINALISE, 6)))
  })

  it('C12: an adoption travels with the guard', async () => {
    const kv = new MemoryDisk().open()
    await SignGuard.adopt(kv, GUARD_INIT, { id: ID, fromEpoch: 7 })
    const moved = new MemoryDisk().open()
    await importGuard(moved, GUARD_INIT, await exportGuard(kv, GUARD_INIT))
    assert.ok(!(await admits(moved, guardStatement(NULLIFY, 1, { epoch: 6 }))))
    assert.ok(await admits(moved, guardStatement(NULLIFY, 1, { epoch: 7 })))
  })

  it('C12: an old export brought back takes nothing away that was signed since', async () => {
    const old = await exportGuard(await aStore(ID, guardStatement(NOTARISE, 4)), GUARD_INIT)
    const kv = await aStore(
      ID,
      guardStatement(NOTARISE, 4),
      guardStatement(NOTARISE, 9),
      guardStatement(NULLIFY, 4)
    )
    assert.ok((await importGuard(kv, GUARD_INIT, old)).ok)
    assert.ok(!(await admits(kv, guardStatement(NOTARISE, 9, { hash: hashOf(2) }))))
    assert.ok(!(await admits(kv, guardStatement(FINALISE, 4))))
    const later = await aStore(ID, guardStatement(NULLIFY, 1, { epoch: 2 }))
    assert.ok((await importGuard(later, GUARD_INIT, old)).ok)
    assert.ok(!(await admits(later, guardStatement(NULLIFY, 9, { epoch: 1 }))))
  })

  it('C12: an export from below our floor, or from before our adoption, changes neither', async () => {
    const kv = new MemoryDisk().open()
    const guard = await SignGuard.adopt(kv, GUARD_INIT, { id: ID, fromEpoch: 2 })
    await kv.batch(guard.raiseFloor(COORD, 2, 20).writes, { sync: true })
    const old = await exportGuard(await aStore(ID, guardStatement(NOTARISE, 4, { epoch: 2 })), GUARD_INIT)
    assert.ok((await importGuard(kv, GUARD_INIT, old)).ok)
    assert.ok(!(await admits(kv, guardStatement(NULLIFY, 20, { epoch: 2 }))))
    assert.ok(!(await admits(kv, guardStatement(NULLIFY, 1, { chain: shardId(0), epoch: 1 }))))
    assert.ok(await admits(kv, guardStatement(NULLIFY, 21, { epoch: 2 })))
  })

  it('C12: a higher floor or epoch of the export wins', async () => {
    const kv = await aStore(ID, guardStatement(NOTARISE, 4))
    const ahead = await aStore(ID)
    const guard = await SignGuard.open(ahead, GUARD_INIT, toHex(ID))
    await ahead.batch(guard.raiseFloor(COORD, 0, 20).writes, { sync: true })
    assert.ok((await importGuard(kv, GUARD_INIT, await exportGuard(ahead, GUARD_INIT))).ok)
    assert.ok(!(await admits(kv, guardStatement(NOTARISE, 20))))
    assert.ok(await admits(kv, guardStatement(NOTARISE, 21)))
  })

  for (const [title, theirs] of [
    ['notarised another hash', guardStatement(NOTARISE, 4, { hash: hashOf(2) })],
    ['finalised another hash', guardStatement(FINALISE, 5, { hash: hashOf(2) })],
    ['nullified what the other finalised', guardStatement(NULLIFY, 5)],
    ['finalised what the other nullified', guardStatement(FINALISE, 6)]
  ] as const) {
    it(`C12: refuses two records of which one ${title}: GUARD_CONTRADICTION`, async () => {
      const kv = await aStore(
        ID,
        guardStatement(NOTARISE, 4),
        guardStatement(FINALISE, 5),
        guardStatement(NULLIFY, 6)
      )
      const verdict = await importGuard(
        kv,
        GUARD_INIT,
        await exportGuard(await aStore(ID, theirs), GUARD_INIT)
      )
      assert.equal(verdict.ok ? 'accepted' : verdict.code, 'GUARD_CONTRADICTION')
      assert.ok(await admits(kv, guardStatement(NOTARISE, 4)))
    })
  }

  it('C12: notarise here and nullify there is no contradiction, whichever is read first', async () => {
    for (const [ours, theirs] of [
      [NOTARISE, NULLIFY],
      [NULLIFY, NOTARISE]
    ] as const) {
      const kv = await aStore(ID, guardStatement(ours, 4))
      assert.ok(
        (
          await importGuard(
            kv,
            GUARD_INIT,
            await exportGuard(await aStore(ID, guardStatement(theirs, 4)), GUARD_INIT)
          )
        ).ok
      )
      assert.ok(!(await admits(kv, guardStatement(FINALISE, 4))))
      assert.ok(!(await admits(kv, guardStatement(NOTARISE, 4, { hash: hashOf(2) }))))
    }
  })

  it('C22: the export of a guard that saw a twin stays halted; the export of the twin ends a halt', async () => {
    const kv = await aStore(ID)
    await (await SignGuard.open(kv, GUARD_INIT, toHex(ID))).halt('a twin signs')
    const text = await exportGuard(kv, GUARD_INIT)
    const moved = new MemoryDisk().open()
    assert.ok((await importGuard(moved, GUARD_INIT, text)).ok)
    await assert.rejects(SignGuard.open(moved, GUARD_INIT, toHex(ID)), { code: 'GUARD_HALTED' })
    assert.ok((await importGuard(moved, GUARD_INIT, await exportGuard(await aStore(ID), GUARD_INIT))).ok)
    assert.ok(await admits(moved, guardStatement(NULLIFY, 1)))
  })

  it('refuses the guard of another key, and of another network', async () => {
    const text = await exportGuard(await aStore(ID), GUARD_INIT)
    const kv = new MemoryDisk().open()
    const otherKey = await importGuard(kv, { ...GUARD_INIT, publicKey: hashOf(9) }, text)
    assert.equal(otherKey.ok ? '' : otherKey.code, 'GUARD_OTHER_KEY')
    const otherNetwork = await importGuard(kv, { ...GUARD_INIT, network: hashOf(9) }, text)
    assert.equal(otherNetwork.ok ? '' : otherNetwork.code, 'GUARD_OTHER_NETWORK')
  })

  it('exports nothing for a key without a guard', async () => {
    await assert.rejects(exportGuard(new MemoryDisk().open(), GUARD_INIT), { code: 'GUARD_MISSING' })
  })

  it('refuses every malformed text: GUARD_FILE_MALFORMED, and stores nothing', async () => {
    const text = await exportGuard(await aStore(ID, guardStatement(NOTARISE, 4)), GUARD_INIT)
    const edit = (from: string | RegExp, to: string): string => {
      const edited = text.replace(from, to)
      assert.notEqual(edited, text, String(from))
      return edited
    }
    const broken = [
      '',
      '[]',
      'null',
      text.slice(1),
      edit('icn-guard/1', 'icn-guard/2'),
      edit('"guardId": "', '"guardId": "0'),
      edit('"haltReason": ""', '"haltReason": 0'),
      edit('"fromEpoch": 0', '"fromEpoch": -1'),
      edit('"epoch": 0', '"epoch": 0.5'),
      edit('"floor": 0', '"floor": 4'),
      edit('"coord"', '1024'),
      edit('"notarise"', '"sign"'),
      edit('"view": 4', '"view": "4"'),
      edit(toHex(A), toHex(A).toUpperCase()),
      edit(/"chains": \[[^]*\]/, '"chains": {}'),
      edit(/("chains": \[)([^]*)(\n {2}\])/, '$1$2,$2$3'),
      edit(/("statements": \[)([^]*?)(\n {6}\])/, '$1$2,$2$3')
    ]
    const kv = new MemoryDisk().open()
    for (const each of broken) {
      const verdict = await importGuard(kv, GUARD_INIT, each)
      assert.equal(verdict.ok ? 'accepted' : verdict.code, 'GUARD_FILE_MALFORMED', each)
    }
    await assert.rejects(exportGuard(kv, GUARD_INIT), { code: 'GUARD_MISSING' })
  })
})
