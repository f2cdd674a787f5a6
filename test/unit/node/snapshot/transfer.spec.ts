import { deepEqual, equal, match, ok } from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../../src/app/clock.ts'
import { checkDirectories } from '../../../../src/check/index.ts'
import { inlineVerifier } from '../../../../src/crypto/inline-verifier.ts'
import { verifyHere } from '../../../../src/node/snapshot/chunk-verifier.ts'
import { dataPaths } from '../../../../src/node/data-dir.ts'
import { exportChains } from '../../../../src/node/snapshot/chain-file.ts'
import { exportSnapshots, importSnapshots } from '../../../../src/node/snapshot/transfer.ts'
import { genesisToJson } from '../../../../src/params/genesis-json.ts'
import type { Genesis } from '../../../../src/params/genesis.ts'
import { COORD, shardId } from '../../../../src/primitives/chain-id.ts'
import { checkGenesisOf, makeDirectory } from '../../../support/data-directory.ts'

const GENESIS = checkGenesisOf(1)

describe('snapshots as files', () => {
  let base: string
  let file: string
  let count = 0
  const empty = (genesis: Genesis = GENESIS): string => {
    const data = join(base, `data-${count++}`)
    mkdirSync(join(data, 'db'), { recursive: true })
    writeFileSync(dataPaths(data).genesis, genesisToJson(genesis))
    return data
  }
  const init = (data: string, path: string, genesis: Genesis = GENESIS) => ({
    data,
    file: path,
    genesis,
    verifier: inlineVerifier,
    chunks: verifyHere,
    clock: systemClock,
    onProgress: () => undefined
  })

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'icn-transfer-'))
    const source = join(base, 'source')
    await makeDirectory(source, { genesis: GENESIS, validators: 1, coord: 10, shard: 9 })
    file = join(base, 'out.snapshot')
    const written = await exportSnapshots(init(source, file))
    ok(written.ok, written.ok ? '' : written.detail)
    deepEqual(
      written.value.map(({ chain, height }) => [chain, height]),
      [
        ['coord', 8],
        [0, 8]
      ]
    )
  })
  after(() => rmSync(base, { recursive: true }))

  it('SNAP-8, C32: a directory that begins with a file is sound, alone and beside one that has executed everything', async () => {
    const data = empty()
    const verdict = await importSnapshots(init(data, file))
    ok(verdict.ok, verdict.ok ? '' : verdict.detail)
    for (const paths of [[data], [join(base, 'source'), data]]) {
      const report = await checkDirectories(paths, { verifier: inlineVerifier })
      deepEqual(report.findings, [])
      equal(report.chains.find(({ chain }) => chain === 'coord')?.height, 8)
    }
    const again = await importSnapshots(init(data, file))
    equal(again.ok ? '' : again.code, 'not-empty')
  })

  it('SNAP-8: a kill between the last two renames: the same command does it again', async () => {
    const data = empty()
    ok((await importSnapshots(init(data, file))).ok)
    const paths = dataPaths(data)
    rmSync(paths.nodeDatabase, { recursive: true })
    renameSync(paths.chainDatabase(COORD), `${paths.chainDatabase(COORD)}.import`)
    const again = await importSnapshots(init(data, file))
    ok(again.ok, again.ok ? '' : again.detail)
    deepEqual((await checkDirectories([data], { verifier: inlineVerifier })).findings, [])
    deepEqual(readdirSync(join(data, 'db')).toSorted(), ['0', 'coord', 'node'])
  })

  it('SNAP-8: beside the database of a node no chain is replaced, whatever name it has', async () => {
    const data = join(base, 'used')
    cpSync(join(base, 'source'), data, { recursive: true })
    const coord = dataPaths(data).chainDatabase(COORD)
    const expectRefusal = async (detail: RegExp): Promise<void> => {
      const verdict = await importSnapshots(init(data, file))
      equal(verdict.ok ? 'accepted' : verdict.code, 'not-empty')
      match(verdict.ok ? '' : verdict.detail, detail)
    }
    await expectRefusal(/holds chain \S+ already/)
    rmSync(coord, { recursive: true })
    await expectRefusal(/holds chain 0 already/)
    const shard = dataPaths(data).chainDatabase(shardId(0))
    renameSync(shard, `${shard}.import`)
    await expectRefusal(/^chain 0 of .*used was about to/)
    ok(existsSync(`${shard}.import`))
  })

  it('SNAP-8: nothing is written while a chain lies under another name, instead of a file without it', async () => {
    const data = join(base, 'moving')
    cpSync(join(base, 'source'), data, { recursive: true })
    const shard = dataPaths(data).chainDatabase(shardId(0))
    renameSync(shard, `${shard}.import`)
    for (const written of [
      await exportSnapshots(init(data, join(base, 'half.snapshot'))),
      await exportChains(init(data, join(base, 'half.blocks')))
    ]) {
      ok(!written.ok)
      match(written.detail, /^chain 0 of .*moving was about to .* start the node once, and stop it$/)
    }
    deepEqual(
      readdirSync(base).filter((name) => name.startsWith('half')),
      []
    )
  })

  it('SNAP-5: a file with a byte flipped anywhere is refused, and nothing of it becomes a chain', async () => {
    const bytes = readFileSync(file)
    for (let part = 0; part < 24; part++) {
      const at = Math.min(bytes.length - 1, Math.floor((part * bytes.length) / 24) + part)
      const tampered = Buffer.from(bytes)
      tampered[at] = tampered[at]! ^ 4
      const path = join(base, `tampered-${part}`)
      writeFileSync(path, tampered)
      const data = empty()
      const verdict = await importSnapshots(init(data, path))
      equal(verdict.ok ? 'accepted' : verdict.code, 'file-refused', `byte ${at}`)
      deepEqual((await checkDirectories([data], { verifier: inlineVerifier })).chains, [])
    }
  })

  it('SNAP-8: a file that ends early, one of another kind and one of another network are refused', async () => {
    const bytes = readFileSync(file)
    for (const [name, content] of [
      ['cut', bytes.subarray(0, bytes.length - 6)],
      ['short', bytes.subarray(0, 20)],
      ['other', Buffer.from('icn-chain-1\n and more')]
    ] as const) {
      const path = join(base, name)
      writeFileSync(path, content)
      const verdict = await importSnapshots(init(empty(), path))
      equal(verdict.ok ? 'accepted' : verdict.code, 'file-refused')
    }
    const other = checkGenesisOf(1, { timeMs: 7 })
    const foreign = await importSnapshots(init(empty(other), file, other))
    equal(foreign.ok ? 'accepted' : foreign.detail, 'it belongs to another network')
  })

  it('SNAP-1: without a snapshot of every chain there is nothing to export', async () => {
    const young = join(base, 'young')
    await makeDirectory(young, { genesis: GENESIS, validators: 1, coord: 3, shard: 2 })
    const verdict = await exportSnapshots(init(young, join(base, 'none')))
    equal(verdict.ok ? 'written' : verdict.code, 'no-snapshot')
  })
})
