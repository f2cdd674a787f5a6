import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCommitteeProof } from '../../../src/node/committee-proof.ts'
import { makeSupplyProof } from '../../../src/node/supply-proof.ts'
import type { ProvableChain } from '../../../src/node/supply-proof.ts'
import { genesisToJson } from '../../../src/params/genesis-json.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { refuse } from '../../../src/primitives/result.ts'
import type { NodePort } from '../../../src/rpc/port.ts'
import { RpcServer } from '../../../src/rpc/server.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { icn } from '../../support/cli.ts'
import { fakeNodePort } from '../../support/fake-node-port.ts'
import { SILENT_SOCKETS } from '../../support/growing-chain.ts'
import { A, B, paidScene, proofWorld } from '../../support/proof-scene.ts'

describe('command line: verify', function () {
  this.timeout(60_000)
  let cwd = ''
  let world: ProofWorld
  let server: RpcServer
  let answer: NodePort['supplyProof'] = async () => refuse('PROOF_UNAVAILABLE', 'not asked yet')
  const run = async (...args: string[]) =>
    icn(['verify', 'supply', '--genesis', 'genesis.json', ...args], {
      cwd,
      env: { ICN_RPC: `127.0.0.1:${server.address?.port}` }
    })

  before(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'icn-verify-'))
    world = await proofWorld()
    await paidScene(world)
    writeFileSync(join(cwd, 'genesis.json'), genesisToJson(world.genesis))
    const events = { failed: () => undefined, refused: () => undefined }
    const metrics = { contentType: 'text/plain', metrics: async () => '' }
    const port = fakeNodePort({
      supplyProof: async (checkpoint) => answer(checkpoint),
      committeeProof: (checkpoint) => {
        const sources = { genesis: world.genesis, coord: world.store(COORD) }
        return makeCommitteeProof(sources, world.tip(COORD), checkpoint)
      }
    })
    server = new RpcServer(
      { port, metrics, events, ...SILENT_SOCKETS },
      { rpc: { host: '127.0.0.1', port: 0 } }
    )
    await server.start()
  })
  after(async () => {
    await server.stop()
    rmSync(cwd, { recursive: true })
  })

  const chains = (): ProvableChain[] =>
    [COORD, A, B].map((chain) => ({ ...world.tip(chain), state: world.store(chain) }))
  const provenBy =
    (of: readonly ProvableChain[]): NodePort['supplyProof'] =>
    async (checkpoint) =>
      makeSupplyProof({ genesis: world.genesis, coord: world.store(COORD) }, of, checkpoint)

  it('PRF-8: what a node proves is audited, and what was written is audited again without one', async () => {
    answer = provenBy(chains())
    const audited = await run('--out', 'supply.proof')
    assert.deepEqual([audited.code, audited.stderr], [0, []])
    assert.match(audited.stdout, /the supply is what the genesis issued\n$/)
    const again = await run('supply.proof', '--json', '--rpc', 'http://127.0.0.1:1')
    assert.equal(again.code, 0)
    const { ok, consumer } = JSON.parse(again.stdout) as { ok: boolean; consumer: Record<string, string> }
    assert.deepEqual([ok, consumer['issued']], [true, '20000000000000'])
  })

  it('PRF-8, R11: a supply that differs is exit code 1, and so is a proof that shows nothing', async () => {
    answer = provenBy(chains().with(1, world.minting(A)))
    const minted = await run()
    assert.equal(minted.code, 1)
    assert.match(minted.stdout, /differs by 1 base units\n[^]*THE SUPPLY DIFFERS/)
    answer = provenBy(chains().toReversed())
    const wrong = await run()
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr.join('\n'), /nothing is proven: proof-chains/)
  })

  it('PRF-8, R11: sums that went around at 2^64 are no difference', async () => {
    const last = 2n ** 64n - 1n
    const more = (sent: bigint, received: bigint): bigint => BigInt.asUintN(64, sent + last - received)
    const around = world.minting(A, ({ sentConsumer, receivedConsumer }) => {
      return { sentConsumer: more(sentConsumer, receivedConsumer), receivedConsumer: last }
    })
    answer = provenBy(chains().with(1, around))
    const audited = await run()
    assert.equal(audited.code, 0, audited.stdout)
    assert.doesNotMatch(audited.stdout, /differs by/)
  })

  it('PRF-8: wrong options and files are exit code 2', async () => {
    assert.equal((await run('absent.proof')).code, 2)
    assert.equal((await run('genesis.json')).code, 2)
    assert.equal((await run('--checkpoint', '7')).code, 2)
  })

  it('GEN-5: a genesis that is wrong is exit code 2, and no node is asked before it is read', async () => {
    writeFileSync(join(cwd, 'wrong.json'), '{}')
    const nobody = ['--rpc', 'http://127.0.0.1:1']
    for (const command of [
      ['verify', 'supply'],
      ['verify', 'committees'],
      ['query', 'proof', '00'.repeat(32), '--verify']
    ]) {
      for (const [file, reason] of [
        ['absent.json', /no file absent\.json/],
        ['wrong.json', /^icn: wrong\.json: genesis-key-missing/]
      ] as const) {
        const { code, stderr } = await icn([...command, '--genesis', file, ...nobody], { cwd })
        assert.equal(code, 2, command.join(' '))
        assert.match(stderr.join('\n'), reason)
      }
    }
  })

  it('PRF-9, C32: who votes now, from the genesis; and again from what was written, without a node', async () => {
    const verify = async (...args: string[]) =>
      icn(['verify', 'committees', '--genesis', 'genesis.json', ...args], {
        cwd,
        env: { ICN_RPC: `127.0.0.1:${server.address?.port}` }
      })
    const checked = await verify('--out', 'committees.proof')
    assert.deepEqual([checked.code, checked.stderr], [0, []])
    assert.match(checked.stdout, /^epoch \d+, final coordination block 17 [0-9a-f]{64}\n/)
    assert.match(checked.stdout, /\nchain coord: n 4, quorum 3, f 1, /)
    const again = await verify('committees.proof', '--json', '--rpc', 'http://127.0.0.1:1')
    const { committees } = JSON.parse(again.stdout) as { committees: { validators: unknown[] }[] }
    assert.deepEqual(
      committees.map(({ validators }) => validators.length),
      [4, 4, 4]
    )
    writeFileSync(join(cwd, 'broken.proof'), '00')
    const broken = await verify('broken.proof')
    assert.equal(broken.code, 1)
    assert.match(broken.stderr.join('\n'), /nothing is proven: proof-malformed/)
    assert.equal((await verify('absent.proof')).code, 2)
  })
})
