import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '../../../src/primitives/bytes.ts'
import { openLevel } from '../../../src/store/level.ts'
import { icn } from '../../support/cli.ts'
import { checkGenesisOf, databasePath, makeDirectory } from '../../support/data-directory.ts'
import type { MadeDirectory } from '../../support/data-directory.ts'

describe('icn check: command', () => {
  const init = { genesis: checkGenesisOf(1), validators: 1, coord: 3, shard: 2 }
  let cwd: string
  let a: MadeDirectory
  before(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'icn-check-command-'))
    a = await makeDirectory(join(cwd, 'a'), init)
    await makeDirectory(join(cwd, 'b'), { ...init, shard: 1 }, 'none')
    await makeDirectory(join(cwd, 'forked'), { ...init, amount: 50_000n })
  })
  after(() => rmSync(cwd, { recursive: true }))

  it('without findings: a line that sums up, exit code 0', async () => {
    const { stderr, ...said } = await icn(['check', '--data', 'a'], { cwd })
    assert.deepEqual(said, {
      code: 0,
      stdout: '1 directory, coord to height 3, 0 to height 2: no findings\n'
    })
    // On a busy machine it takes a second, and says how far it is.
    assert.ok(stderr.every((line) => line.startsWith('a: checking ')))
    const { stdout } = await icn(['check', '--data', 'a', '--data', 'b', '--data', 'a'], { cwd })
    assert.equal(stdout, '2 directories, coord to height 3, 0 to height 1: no findings\n')
  })

  it('with findings: one line each, then a line that sums up, exit code 1', async () => {
    const { code, stdout } = await icn(['check', '--data', 'a', '--data', 'forked'], { cwd })
    const lines = stdout.trimEnd().split('\n')
    assert.equal(code, 1)
    assert.ok(
      lines.some((line) => /^forked: 0 header 1: invariant 1: [0-9a-f]{64} is final here, /.test(line))
    )
    assert.equal(
      lines.at(-1),
      `2 directories, coord to height 3, 0 to height 2: ${lines.length - 1} findings`
    )
  })

  it('--json: one object with findings and chains', async () => {
    const sound = await icn(['check', '--data', 'a', '--json'], { cwd })
    const report: unknown = JSON.parse(sound.stdout)
    const { ok, findings, chains } = report as { ok: boolean; findings: object[]; chains: object[] }
    assert.deepEqual([sound.code, ok, findings], [0, true, []])
    assert.partialDeepStrictEqual(chains, [
      { chain: 'coord', height: 3, hash: toHex(a.coord[3]!) },
      { chain: 0, height: 2, hash: toHex(a.shard[2]!) }
    ])
    const wrong = await icn(['check', '--data', 'a', 'forked', '--json'], { cwd })
    const found = JSON.parse(wrong.stdout) as { ok: boolean; findings: object[] }
    assert.deepEqual([wrong.code, found.ok], [1, false])
    assert.deepEqual(Object.keys(found.findings[0]!), ['directory', 'database', 'bucket', 'at', 'problem'])
  })

  it('SNAP-8: a directory whose chain was being replaced when the node was killed: one line says to start it, exit code 2', async () => {
    cpSync(join(cwd, 'a'), join(cwd, 'moving'), { recursive: true })
    const path = databasePath(join(cwd, 'moving'), 'coord')
    renameSync(path, `${path}.import`)
    const moving = await icn(['check', '--data', 'moving'], { cwd })
    assert.deepEqual([moving.code, moving.stderr.length], [2, 1])
    assert.match(moving.stderr[0]!, /coord\.import .* start the node once, then check/)
  })

  it('SNAP-8: what a killed node left beside its chains is no finding', async () => {
    cpSync(join(cwd, 'a'), join(cwd, 'left'), { recursive: true })
    for (const suffix of ['.import', '.import2', '.replaced', '.new'])
      mkdirSync(`${databasePath(join(cwd, 'left'), 'coord')}${suffix}`)
    const { code, stdout } = await icn(['check', '--data', 'left'], { cwd })
    assert.deepEqual([code, /no findings/.test(stdout)], [0, true], stdout)
  })

  it('no option, no data directory, a directory in use: one line, exit code 2', async () => {
    const none = await icn(['check'], { cwd })
    assert.deepEqual([none.code, none.stderr.length], [2, 1])
    assert.match(none.stderr[0]!, /--data/)
    const nowhere = await icn(['check', '--data', 'nowhere'], { cwd })
    assert.equal(nowhere.code, 2)
    assert.match(
      nowhere.stderr.join('\n'),
      /^icn: nowhere is not a data directory: nowhere\/genesis\.json cannot be read/
    )
    const database = await openLevel(databasePath(join(cwd, 'a'), 'coord'), { isNew: false })
    const used = await icn(['check', '--data', 'a'], { cwd })
    await database.close()
    assert.deepEqual([used.code, used.stdout], [2, ''])
    assert.match(used.stderr.join('\n'), /^icn: a\/db\/coord is in use: stop the node first/)
  })
})
