import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CheckError, checkDirectories, findingLine } from '../../../src/check/index.ts'
import type { CheckReport } from '../../../src/check/index.ts'
import { CHAIN_ROWS, NODE_ROWS } from '../../../src/check/layout.ts'
import { inlineVerifier } from '../../../src/crypto/inline-verifier.ts'
import type { Verifier } from '../../../src/crypto/ports.ts'
import { StoredBanType } from '../../../src/codec/peer-ban.ts'
import { StoredPeerType } from '../../../src/codec/stored-peer.ts'
import { concat, toHex, utf8 } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { CHAIN_BUCKETS, NODE_BUCKETS, bucketKey, bucketRange } from '../../../src/store/buckets.ts'
import type { Bucket } from '../../../src/store/buckets.ts'
import { openLevel } from '../../../src/store/level.ts'
import type { KeyValueStore } from '../../../src/store/ports.ts'
import { SHARD, checkGenesisOf, databasePath, makeDirectory } from '../../support/data-directory.ts'
import type { DirectoryInit, MadeDirectory } from '../../support/data-directory.ts'

type Row = readonly [key: Uint8Array, value: Uint8Array]

const check = (...paths: string[]): Promise<CheckReport> =>
  checkDirectories(paths, { verifier: inlineVerifier })
const lines = ({ findings }: CheckReport): string[] => findings.map(findingLine)

async function withDatabase<T>(path: string, run: (database: KeyValueStore) => Promise<T>): Promise<T> {
  const database = await openLevel(path, { isNew: false })
  try {
    return await run(database)
  } finally {
    await database.close()
  }
}

const rowsOf = (path: string, bucket: Bucket): Promise<Row[]> =>
  withDatabase(path, async (database) => {
    const rows: Row[] = []
    for await (const row of database.range(bucketRange(bucket))) rows.push(row)
    return rows
  })

const put = (path: string, key: Uint8Array, value: Uint8Array): Promise<void> =>
  withDatabase(path, (database) => database.batch([{ type: 'put', key, value }], { sync: true }))

const del = (path: string, key: Uint8Array): Promise<void> =>
  withDatabase(path, (database) => database.batch([{ type: 'del', key }], { sync: true }))

function flipped(value: Uint8Array, at: number): Uint8Array {
  const copy = value.slice()
  copy[at] = copy[at]! ^ 0x10
  return copy
}

describe('icn check', () => {
  /** Two shards, of which the directory follows the first: their lanes have something in them. */
  const ONE: DirectoryInit = {
    genesis: checkGenesisOf(1, { shards: 2 }),
    validators: 1,
    coord: 10,
    shard: 7
  }
  let base: string
  let made: MadeDirectory
  let count = 0
  const fresh = (): string => join(base, `made-${count++}`)
  const copyOf = (path: string): string => {
    const copy = fresh()
    cpSync(path, copy, { recursive: true })
    return copy
  }

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'icn-check-'))
    made = await makeDirectory(fresh(), ONE)
  })
  after(() => rmSync(base, { recursive: true }))

  it('its own list of buckets is that of the store', () => {
    const prefixes = (buckets: Readonly<Record<string, Bucket>>): Record<string, number> =>
      Object.fromEntries(Object.entries(buckets).map(([name, { prefix }]) => [name, prefix]))
    assert.deepEqual(prefixes(CHAIN_BUCKETS), CHAIN_ROWS)
    assert.deepEqual(prefixes(NODE_BUCKETS), NODE_ROWS)
  })

  it('finds nothing in a sound directory, and names the last block of each chain', async () => {
    const report = await checkDirectories([made.path])
    assert.deepEqual(lines(report), [])
    assert.equal(report.ok, true)
    assert.deepEqual(
      report.chains.map(({ chain, height, hash }) => [chain, height, hash]),
      [
        ['coord', 10, toHex(made.coord[10]!)],
        [0, 7, toHex(made.shard[7]!)]
      ]
    )
  })

  it('changes nothing: a second check finds nothing either', async () => {
    await check(made.path)
    assert.deepEqual(lines(await check(made.path)), [])
  })

  /** Every finding of one flipped byte, for the first, middle and last byte of the first and last row. */
  async function flipEach(name: string, bucket: Bucket, rows: readonly Row[]): Promise<void> {
    const copy = copyOf(made.path)
    const path = databasePath(copy, name)
    const chosen = [...new Set([rows[0], rows.at(-1)])].filter((row) => row !== undefined)
    assert.ok(chosen.length > 0, `${bucket.name} has rows to flip`)
    for (const [key, value] of chosen) {
      for (const at of new Set([0, value.length >> 1, value.length - 1])) {
        await put(path, key, flipped(value, at))
        const report = await check(copy)
        const found = report.findings.some(
          (finding) =>
            finding.database === name && finding.bucket === bucket.name && finding.directory === copy
        )
        assert.ok(found, `byte ${at} of ${toHex(key)}: ${lines(report).join('\n')}`)
        assert.equal(report.ok, false)
      }
      await put(path, key, value)
    }
    assert.deepEqual(lines(await check(copy)), [])
  }

  /** An import is over, so nothing is staged: a row there has a test of its own. */
  const FILLED = Object.values(CHAIN_BUCKETS).filter((bucket) => bucket !== CHAIN_BUCKETS.staged)
  const COORD_ONLY = ['snapshot', 'epochProof']
  const SHARD_ONLY = ['transaction', 'results', 'received']

  for (const bucket of FILLED) {
    const names = SHARD_ONLY.includes(bucket.name)
      ? ['0']
      : COORD_ONLY.includes(bucket.name)
        ? ['coord']
        : ['coord', '0']
    for (const name of names) {
      it(`finds a flipped byte in bucket ${bucket.name} of chain ${name}`, async () => {
        const rows = await rowsOf(databasePath(made.path, name), bucket)
        await flipEach(
          name,
          bucket,
          rows.filter(([, value]) => value.length > 0)
        )
      })
    }
  }

  for (const bucket of Object.values(NODE_BUCKETS)) {
    // What this version never writes cannot be flipped; that a row is found there is a test of its own.
    if (bucket === NODE_BUCKETS.peer) continue
    it(`finds a flipped byte in bucket ${bucket.name} of the node`, async () => {
      const rows = await rowsOf(databasePath(made.path, 'node'), bucket)
      // Identities of guards are random and bounds may lawfully lag: their rows have tests of their own.
      const statements = rows.filter(([key]) => bucket !== NODE_BUCKETS.guard || key[33] === 2)
      await flipEach('node', bucket, statements)
    })
  }

  it('finds every byte that is flipped in any row of the journal', async () => {
    const copy = copyOf(made.path)
    const path = databasePath(copy, 'node')
    for (const [key, value] of await rowsOf(path, NODE_BUCKETS.journal)) {
      await put(path, key, flipped(value, Math.floor((value.length * 2) / 3)))
      assert.match(lines(await check(copy)).join('\n'), /: node journal /, toHex(key))
      await put(path, key, value)
    }
  })

  it('D14: takes what is known of peers and their bans, and finds rows that are neither', async () => {
    const copy = copyOf(made.path)
    const path = databasePath(copy, 'node')
    const id = concat(Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20), new Uint8Array(32).fill(5))
    const keyOf = (kind: number, peer: Uint8Array): Uint8Array =>
      bucketKey(NODE_BUCKETS.peer, Uint8Array.of(kind), peer)
    const ban = (bans: number): Uint8Array =>
      StoredBanType.serialize({ untilMs: 5, bans, reason: new Uint8Array(256) })
    const known = StoredPeerType.serialize({ addresses: [], signed: [], metMs: 1, seenMs: 2 })
    await put(path, keyOf(1, id), known)
    await put(path, keyOf(2, id), ban(1))
    assert.deepEqual(lines(await check(copy)), [])
    const wrong: [kind: number, id: Uint8Array, row: Uint8Array, why: string][] = [
      [1, id, known.subarray(1), 'what is known cannot be decoded'],
      [2, id, ban(1).subarray(0, 12), 'the ban cannot be decoded'],
      [2, id, ban(0), 'a ban that is none'],
      [3, id, ban(1), 'kind 3 is none'],
      [2, id.subarray(1), ban(1), 'its key is no peer id'],
      [2, concat(id, id), ban(1), 'its key is no peer id']
    ]
    for (const [kind, peer, row, why] of wrong) {
      const other = copyOf(made.path)
      await put(databasePath(other, 'node'), keyOf(kind, peer), row)
      const key = toHex(concat(Uint8Array.of(kind), peer))
      assert.deepEqual(lines(await check(other)), [`${other}: node peer ${key}: ${why}`])
    }
  })

  it('SNAP-8: finds what is left of an import that is over', async () => {
    const copy = copyOf(made.path)
    await put(databasePath(copy, '0'), bucketKey(CHAIN_BUCKETS.staged, Uint8Array.of(0)), Uint8Array.of(1))
    assert.deepEqual(lines(await check(copy)), [`${copy}: 0 staged 00: of an import that is over`])
  })

  for (const bucket of FILLED) {
    // Chunks without a manifest are of a snapshot that a kill interrupted.
    if (bucket !== CHAIN_BUCKETS.manifest)
      it(`finds that the last row of bucket ${bucket.name} is missing`, async () => {
        const name = COORD_ONLY.includes(bucket.name) ? 'coord' : '0'
        const copy = copyOf(made.path)
        const path = databasePath(copy, name)
        const rows = await rowsOf(path, bucket)
        await del(path, rows.at(-1)![0])
        assert.equal((await check(copy)).ok, false)
      })

    it(`finds a row too many in bucket ${bucket.name}`, async () => {
      const name = COORD_ONLY.includes(bucket.name) ? 'coord' : '0'
      const copy = copyOf(made.path)
      const path = databasePath(copy, name)
      const [key, value] = (await rowsOf(path, bucket)).at(-1)!
      const next = key.length === 1 ? concat(key, utf8('0')) : key.slice()
      next[next.length - 1]! += 1
      await put(path, next, value)
      const { findings } = await check(copy)
      assert.ok(
        findings.some((finding) => finding.bucket === bucket.name),
        findings.map(findingLine).join('\n')
      )
    })
  }

  for (const name of ['node', '0']) {
    it(`finds a key of no bucket in ${name}`, async () => {
      const copy = copyOf(made.path)
      await put(databasePath(copy, name), Uint8Array.of(0x40, 1), Uint8Array.of(1))
      assert.deepEqual(lines(await check(copy)), [`${copy}: ${name} other 4001: a key of no bucket`])
    })
  }

  it('C12: finds a guard that forgot a vote of the journal, and one of another epoch', async () => {
    const path = databasePath(made.path, 'node')
    const rows = await rowsOf(path, NODE_BUCKETS.guard)
    const [statement] = rows.find(([key]) => key[33] === 2)!
    const forgetful = copyOf(made.path)
    await del(databasePath(forgetful, 'node'), statement)
    assert.match(
      lines(await check(forgetful)).join('\n'),
      /node guard .*: it remembers another statement than the journal’s vote, or none/
    )
    const [bounds, value] = rows.find(([key]) => key[33] === 1)!
    const moved = copyOf(made.path)
    await put(databasePath(moved, 'node'), bounds, flipped(value, 0))
    assert.match(lines(await check(moved)).join('\n'), /node guard /)
  })

  it('invariant 6: finds a guard that is ahead of its chain, as after a chain was restored from an old copy', async () => {
    const older = await makeDirectory(fresh(), { ...ONE, coord: 9 }, 'none')
    const mixed = copyOf(made.path)
    rmSync(databasePath(mixed, 'coord'), { recursive: true })
    cpSync(databasePath(older.path, 'coord'), databasePath(mixed, 'coord'), { recursive: true })
    assert.match(lines(await check(mixed)).join('\n'), /node guard .*: invariant 6: /)
  })

  describe('several directories', () => {
    it('find nothing when all hold the same blocks, and agree on the highest common ones', async () => {
      const behind = await makeDirectory(fresh(), { ...ONE, coord: 6, shard: 4 }, 'none')
      const report = await check(behind.path, made.path, copyOf(made.path))
      assert.deepEqual(lines(report), [])
      assert.deepEqual(
        report.chains.map(({ chain, height, hash }) => [chain, height, hash]),
        [
          ['coord', 6, toHex(made.coord[6]!)],
          [0, 4, toHex(made.shard[4]!)]
        ]
      )
    })

    it('with the same blocks cost their signatures once', async () => {
      let jobs = 0
      const verifier: Verifier = {
        verify: (batch) => {
          jobs += batch.length
          return inlineVerifier.verify(batch)
        }
      }
      const bare = (await makeDirectory(fresh(), ONE, 'none')).path
      await checkDirectories([bare], { verifier })
      const once = jobs
      await checkDirectories([bare, copyOf(bare), copyOf(bare)], { verifier })
      assert.equal(jobs - once, once)
    })

    it('invariants 1, 2 and 3: two histories of one chain are found, whichever comes first', async () => {
      const other = await makeDirectory(fresh(), { ...ONE, amount: 30_000n, shard: 3 }, 'none')
      for (const paths of [
        [made.path, other.path],
        [other.path, made.path]
      ]) {
        const report = await check(...paths)
        const text = lines(report).join('\n')
        assert.match(text, /0 header 1: invariant 1: /)
        assert.match(text, /0 header 1: invariant 3: /)
        assert.match(text, /invariant 2: key [0-9a-f]{64} signed both finalise /)
        assert.doesNotMatch(text, /wrong-|unknown-parent/)
      }
    })

    it('invariant 2: finalise in one directory and nullify in another are found, each alone is sound', async () => {
      const other = await makeDirectory(fresh(), ONE, 'nullify')
      assert.deepEqual(lines(await check(other.path)), [])
      const text = lines(await check(made.path, other.path)).join('\n')
      assert.match(text, /invariant 2: key .* signed both finalise .* and nullify .* in coord epoch 2 view 3/)
      assert.match(text, /in 0 epoch /)
    })

    it('a damaged block in one does not hide what the others hold', async () => {
      const copy = copyOf(made.path)
      const path = databasePath(copy, '0')
      const [key, value] = (await rowsOf(path, CHAIN_BUCKETS.body))[3]!
      await put(path, key, flipped(value, value.length - 1))
      const report = await check(copy, made.path)
      assert.deepEqual(lines(report), [`${copy}: 0 body 3: the body is not the one the header names`])
      assert.equal(report.chains.find(({ chain }) => chain === 0)?.height, 2)
    })
  })

  describe('cannot be made, and says why', () => {
    const refuses = (paths: string[], code: string): Promise<void> =>
      assert.rejects(check(...paths), (error: unknown) => error instanceof CheckError && error.code === code)

    it('without a data directory', async () => {
      await refuses([join(base, 'nowhere')], 'CHECK_NOT_A_DATA_DIRECTORY')
      const broken = copyOf(made.path)
      writeFileSync(join(broken, 'genesis.json'), '{}')
      await refuses([made.path, broken], 'CHECK_NOT_A_DATA_DIRECTORY')
    })

    it('while a node has it open', async () => {
      await withDatabase(databasePath(made.path, '0'), () => refuses([made.path], 'CHECK_IN_USE'))
    })

    it('of two networks', async () => {
      const genesis = checkGenesisOf(1, { timeMs: 5 })
      const other = await makeDirectory(fresh(), { ...ONE, genesis, coord: 1, shard: 1 }, 'none')
      await refuses([made.path, other.path], 'CHECK_NETWORK_DIFFERS')
    })
  })

  it('finds lost and foreign databases; a directory that was never started is sound', async () => {
    const lost = copyOf(made.path)
    rmSync(databasePath(lost, 'node'), { recursive: true })
    assert.deepEqual(lines(await check(lost)), [`${lost}: node database: it is missing`])
    const foreign = copyOf(made.path)
    cpSync(databasePath(foreign, '0'), databasePath(foreign, '2'), { recursive: true })
    assert.deepEqual(lines(await check(foreign)), [
      `${foreign}: 2 database: it belongs to no chain of this network`
    ])
    const bare = copyOf(made.path)
    for (const name of ['node', 'coord', '0']) rmSync(databasePath(bare, name), { recursive: true })
    assert.deepEqual(await check(bare), { ok: true, findings: [], chains: [] })
  })

  it('finds a database that LevelDB itself cannot open', async () => {
    const copy = copyOf(made.path)
    writeFileSync(join(databasePath(copy, '0'), 'CURRENT'), 'MANIFEST-999999\n')
    assert.match(lines(await check(copy)).join('\n'), /: 0 database: it cannot be read: /)
  })

  it('the test directory crosses epochs on both chains', async () => {
    for (const name of ['coord', '0']) {
      assert.ok((await rowsOf(databasePath(made.path, name), CHAIN_BUCKETS.boundary)).length >= 1)
    }
    assert.deepEqual([COORD, SHARD], [0xffff, 0])
  })
})
