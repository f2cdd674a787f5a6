import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { genesisToJson } from '../../../src/params/genesis-json.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { WantedTransferProof } from '../../../src/rpc/port.ts'
import { RpcServer } from '../../../src/rpc/server.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { icn } from '../../support/cli.ts'
import { fakeNodePort } from '../../support/fake-node-port.ts'
import { SILENT_SOCKETS } from '../../support/growing-chain.ts'
import { A, B, paidScene, proofOf, proofWorld } from '../../support/proof-scene.ts'

describe('command line: proofs', function () {
  this.timeout(60_000)
  let cwd = ''
  let id = ''
  let world: ProofWorld
  let server: RpcServer
  const asked: WantedTransferProof[] = []
  const run = async (...args: string[]) =>
    icn(['query', 'proof', ...args], { cwd, env: { ICN_RPC: `127.0.0.1:${server.address?.port}` } })

  before(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'icn-proof-'))
    world = await proofWorld()
    id = toHex(await paidScene(world))
    writeFileSync(join(cwd, 'genesis.json'), genesisToJson(world.genesis))
    const port = fakeNodePort({
      transferProof: async (wanted) => {
        asked.push(wanted)
        const { checkpoint } = wanted
        const where = checkpoint === undefined ? {} : { checkpoint }
        return proofOf(world, B, { source: A, sequence: 0, ...where })
      }
    })
    server = new RpcServer(
      {
        port,
        metrics: { contentType: 'text/plain', metrics: async () => '' },
        events: { failed: () => undefined, refused: () => undefined },
        ...SILENT_SOCKETS
      },
      { rpc: { host: '127.0.0.1', port: 0 } }
    )
    await server.start()
  })
  after(async () => {
    await server.stop()
    rmSync(cwd, { recursive: true })
  })

  it('PRF-1: query proof shows a transfer, writes it, and checks it with the genesis', async () => {
    const shown = await run(id, '--out', 'transfer.json')
    assert.equal(shown.code, 0)
    assert.match(shown.stdout, new RegExp(`^transaction ${id}\n(.*\n)+credited at `))
    const verified = await run(id, '--verify', '--genesis', 'genesis.json')
    assert.equal(verified.code, 0)
    assert.match(verified.stdout, /^verified\n/)
    assert.equal((await run(id, '--verify')).code, 2, 'with what it is to be checked')
  })

  it('PRF-1: a file is checked without a node; a changed one shows nothing, exit code 1', async () => {
    const offline = async (file: string) =>
      icn(['query', 'proof', file, '--genesis', 'genesis.json', '--json', '--rpc', 'http://127.0.0.1:1'], {
        cwd
      })
    const good = await offline('transfer.json')
    assert.equal(good.code, 0)
    const proven = JSON.parse(good.stdout) as Record<string, unknown>
    assert.deepEqual([proven['verified'], proven['transaction'], proven['outcome']], [true, id, 'credited'])
    const { proof } = JSON.parse(readFileSync(join(cwd, 'transfer.json'), 'utf8')) as { proof: string }
    const last = proof.endsWith('0') ? '1' : '0'
    writeFileSync(join(cwd, 'changed.json'), JSON.stringify({ proof: proof.slice(0, -1) + last }))
    const changed = await offline('changed.json')
    assert.equal(changed.code, 1)
    assert.match(changed.stderr.join('\n'), /the proof shows nothing: proof-outcome/)
    writeFileSync(join(cwd, 'empty.json'), '{}')
    assert.equal((await offline('empty.json')).code, 2)
  })

  it('PRF-3: a checkpoint stands for the epochs before it', async () => {
    const hash = toHex(world.store(COORD).hashAt(14)!)
    const verified = await run(id, '--verify', '--genesis', 'genesis.json', '--checkpoint', `14:${hash}`)
    assert.deepEqual([verified.code, verified.stderr], [0, []])
    assert.equal(asked.at(-1)?.checkpoint, 14)
    const foreign = `14:${'00'.repeat(32)}`
    const other = await run(id, '--verify', '--genesis', 'genesis.json', '--checkpoint', foreign)
    assert.equal(other.code, 1)
    assert.equal((await run(id, '--checkpoint', '14')).code, 2)
  })

  it('PRF-1: a proof of another transaction than the one that was asked for is refused', async () => {
    const other = await run('ab'.repeat(32), '--verify', '--genesis', 'genesis.json')
    assert.equal(other.code, 1)
    assert.match(other.stderr.join('\n'), new RegExp(`the proof is of transaction ${id}`))
  })
})
