import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../../src/app/clock.ts'
import { checkDirectories } from '../../../../src/check/index.ts'
import { inlineVerifier } from '../../../../src/crypto/inline-verifier.ts'
import { verifyHere } from '../../../../src/node/snapshot/chunk-verifier.ts'
import { dataPaths } from '../../../../src/node/data-dir.ts'
import { exportChains, importChains } from '../../../../src/node/snapshot/chain-file.ts'
import { genesisToJson } from '../../../../src/params/genesis-json.ts'
import { checkGenesisOf, makeDirectory } from '../../../support/data-directory.ts'

const GENESIS = checkGenesisOf(1)

describe('chains as files', () => {
  let base: string
  let source: string
  let file: string
  let count = 0
  const empty = (): string => {
    const data = join(base, `data-${count++}`)
    mkdirSync(join(data, 'db'), { recursive: true })
    writeFileSync(dataPaths(data).genesis, genesisToJson(GENESIS))
    return data
  }
  const init = (data: string, path: string) => ({
    data,
    file: path,
    genesis: GENESIS,
    verifier: inlineVerifier,
    chunks: verifyHere,
    clock: systemClock,
    onProgress: () => undefined
  })

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'icn-chain-file-'))
    source = join(base, 'source')
    await makeDirectory(source, { genesis: GENESIS, validators: 1, coord: 10, shard: 9 })
    file = join(base, 'out.chain')
  })
  after(() => rmSync(base, { recursive: true }))

  it('executing the blocks of a file gives the same tips and roots, and a sound directory', async () => {
    const written = await exportChains(init(source, file))
    ok(written.ok, written.ok ? '' : written.detail)
    const data = empty()
    const read = await importChains(init(data, file))
    ok(read.ok, read.ok ? '' : read.detail)
    const tips = (list: typeof read.value) =>
      list.map(({ chain, height, stateRoot }) => [chain, height, stateRoot])
    deepEqual(tips(read.value), tips(written.value))
    deepEqual((await checkDirectories([source, data], { verifier: inlineVerifier })).findings, [])
    const again = await importChains(init(data, file))
    equal(again.ok ? 'imported' : again.code, 'not-empty')
  })

  it('a file with a byte flipped anywhere, or cut, is refused with the place', async () => {
    const bytes = readFileSync(file)
    for (let part = 0; part < 16; part++) {
      const at = Math.floor((part * bytes.length) / 16) + part
      const tampered = Buffer.from(bytes)
      tampered[at] = tampered[at]! ^ 4
      const path = join(base, `tampered-${part}`)
      writeFileSync(path, tampered)
      const verdict = await importChains(init(empty(), path))
      equal(verdict.ok ? 'accepted' : verdict.code, 'file-refused', `byte ${at}`)
    }
    const cut = join(base, 'cut')
    writeFileSync(cut, bytes.subarray(0, bytes.length - 5))
    const verdict = await importChains(init(empty(), cut))
    equal(verdict.ok ? 'accepted' : verdict.detail, 'the file ends early')
  })
})
