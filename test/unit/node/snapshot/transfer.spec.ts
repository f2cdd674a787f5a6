import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../../src/app/clock.ts'
import { checkDirectories } from '../../../../src/check/index.ts'
import { inlineVerifier } from '../../../../src/crypto/inline-verifier.ts'
import { dataPaths } from '../../../../src/node/data-dir.ts'
import { exportSnapshots, importSnapshots } from '../../../../src/node/snapshot/transfer.ts'
import { genesisToJson } from '../../../../src/params/genesis-json.ts'
import type { Genesis } from '../../../../src/params/genesis.ts'
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
