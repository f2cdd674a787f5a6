/**
 * C27: three of four validators run a program that mints a coin with each transfer. They are a quorum, so what they
 * vote for is certified; an honest follower executes it, gets another root, and stops there, loudly.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { signTransfer, signerOfSeed, transferCost } from '../../src/client/index.ts'
import { createNode } from '../../src/index.ts'
import type { LibraryNode } from '../../src/index.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { publicKeyFromSeed } from '../../src/crypto/ed25519.ts'
import { devnetAccounts, devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { networkId } from '../../src/params/genesis.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { MAIN } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { aGenesis } from '../support/genesis.ts'
import { nodeDirectory } from '../support/node-directory.ts'

const HOOK = new URL('../support/minting-hook.js', import.meta.url).href
const SHARD = shardId(0)

const genesis = aGenesis({
  shards: 1,
  timeMs: Date.now(),
  accounts: devnetAccounts(),
  validators: [0, 1, 2, 3].map((index) => publicKeyFromSeed(devnetSeed(`validator${index}`))),
  overrides: {
    minBlockIntervalMs: 50,
    idleIntervalMs: 100,
    deltaInitialMs: 150,
    deltaMinMs: 50,
    deltaMaxMs: 1_000
  }
})

describe('C27 a quorum with a changed state transition', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'icn-minting-'))
  const children: ChildProcess[] = []
  let follower: LibraryNode
  let rpc = ''
  const halted: { chain: number; reason: string }[] = []
  const logged: string[] = []

  /** @returns its libp2p address. */
  async function startMinting(index: number, bootstrap: readonly string[]): Promise<string> {
    const { data, validator } = await nodeDirectory(root, genesis, index)
    const options = ['--validator', validator, '--rpc', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']
    const peers = bootstrap.flatMap((address) => ['--bootstrap', address])
    const args = [
      '--import',
      HOOK,
      MAIN,
      'start',
      '--data',
      data,
      ...options,
      ...peers,
      '--log-level',
      'error'
    ]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    children.push(child)
    const running = await eventually(`validator ${index} runs`, () => readRunning(data), 20_000)
    // It does not outlive tests that are killed.
    child.send({ icn: 'attach' })
    return running.libp2p[0]!
  }

  before(async () => {
    const first = await startMinting(0, [])
    await Promise.all([1, 2].map(async (index) => startMinting(index, [first])))
    const { data } = await nodeDirectory(root, genesis, 4)
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        logged.push(chunk.toString())
        done()
      }
    })
    follower = createNode({
      data,
      bootstrap: [first],
      listen: ['/ip4/127.0.0.1/tcp/0'],
      rpc: { host: '127.0.0.1', port: 0 },
      log: pino({ level: 'warn' }, sink)
    })
    follower.on('halted', (event) => halted.push(event))
    await follower.start()
    rpc = `http://${follower.rpcAddress!}`
  })

  after(async () => {
    await follower?.stop()
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(
      children.map(async (child) => child.exitCode ?? child.signalCode ?? once(child, 'exit'))
    )
    rmSync(root, { recursive: true, force: true })
  })

  it('is followed while its blocks execute alike', async () => {
    await eventually('both chains move', () => [COORD, SHARD].every((chain) => height(chain) >= 3), 20_000)
    await eventually('healthy', async () => (await fetch(`${rpc}/health`)).status === 200)
  })

  it('is not followed into a state that nobody honest computes: the chain halts, /health and the log say why', async () => {
    const { bytes } = signTransfer({
      network: networkId(genesis),
      signer: signerOfSeed(devnetSeed('user0')),
      chain: SHARD,
      nonce: 0n,
      validUntil: height(SHARD) + 80,
      to: devnetAddress('user1'),
      consumer: 5n,
      ...transferCost(genesis.params)
    })
    const answer = await follower.calls.submit(bytes)
    assert(answer.ok, JSON.stringify(answer))
    await eventually('the follower halts the shard', () => halted.length > 0, 20_000)
    assert.equal(halted[0]?.chain, SHARD)
    assert.match(halted[0]!.reason, /does not execute to its roots/)

    const health = await fetch(`${rpc}/health`)
    const body = (await health.json()) as { reasons: string[] }
    assert.equal(health.status, 503)
    assert(
      body.reasons.some((reason) => reason.includes('chain 0 halted') && reason.includes('roots')),
      body.reasons.join('; ')
    )
    assert(
      logged.some((line) => line.includes('wrong-state-root')),
      'the log names the block and the rule'
    )
    assert(
      logged.some((line) => line.includes('chain halted here')),
      'the log says that it stopped'
    )
  })

  it('D2: the other chain is followed on, and the halted one stays where it was', async () => {
    const [coord, shard] = [height(COORD), height(SHARD)]
    await eventually('coord moves', () => height(COORD) >= coord + 3, 20_000)
    assert.equal(height(SHARD), shard)
    assert.equal(follower.calls.account(devnetAddress('user1'), SHARD).consumer, 1_000_000_000n)
  })

  const height = (chain: typeof COORD): number => follower.calls.head(chain).final.header.height
})

function readRunning(data: string): { readonly libp2p: readonly string[] } | undefined {
  try {
    return JSON.parse(readFileSync(dataPaths(data).running, 'utf8')) as { libp2p: string[] }
  } catch {
    return undefined
  }
}
