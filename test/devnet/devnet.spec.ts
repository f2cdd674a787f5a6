/** `icn devnet` as a newcomer runs it: real processes on this machine. Long scenarios: scripts/acceptance.ts. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Summary } from '../../src/devnet/summary.ts'
import { MAIN, icn } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

const BASE_PORT = 19_400
const NODES = 5

/** Command lines of running processes that name the directory. */
function processesOf(data: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        // Ended between the two looks.
        return ''
      }
    })
    .filter((line) => line.includes(data))
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

async function assertNothingLeft(data: string): Promise<void> {
  await eventually(
    () => `ended: ${processesOf(data).join('\n')}`,
    () => processesOf(data).length === 0,
    10_000
  )
  for (let port = BASE_PORT; port < BASE_PORT + 2 * NODES; port++) {
    assert.ok(await isFree(port), `port ${port} is free`)
  }
}

interface DevnetRecord {
  readonly network: string
  readonly nodes: readonly {
    readonly name: string
    readonly role: string
    readonly pid: number | null
    readonly rpc: string
    readonly libp2p: string | null
    readonly start: string
    readonly exitCode: number | null
  }[]
}
const readRecord = (data: string): DevnetRecord =>
  JSON.parse(readFileSync(join(data, 'devnet.json'), 'utf8')) as DevnetRecord

/** A line as the devnet prints it, run by this Node and this build instead of npx. */
const argumentsOf = (line: string): string[] => line.trim().split(/\s+/).slice(2)

describe('icn devnet', function () {
  this.timeout(90_000)
  let data: string

  beforeEach(() => {
    data = join(mkdtempSync(join(tmpdir(), 'icn-devnet-')), 'D')
  })

  afterEach(() => {
    rmSync(join(data, '..'), { recursive: true, force: true })
  })

  const args = (...more: string[]): string[] => [
    'devnet',
    '--data',
    data,
    '--base-port',
    String(BASE_PORT),
    ...more
  ]

  it('D20: four validators and a late follower finalise every transfer, agree, and pass icn check', async () => {
    const run = await icn(
      args('--duration', '16', '--late', '3', '--load', '40', '--json', '--perturb', 'pause:3@4+2,cut:2@4+2'),
      { cwd: tmpdir() }
    )
    assert.equal(run.code, 0, run.stderr.join('\n'))
    assert.equal(run.stdout.trim().split('\n').length, 1, 'stdout has one line')
    const summary = JSON.parse(run.stdout) as Summary
    assert.deepEqual(summary.failures, [])
    assert.equal(summary.ok, true)
    assert.equal(summary.preset, 'devnet')
    assert.equal(summary.agreement, true)
    assert.deepEqual(summary.check, [])
    const { offered, submitted, final, refused } = summary.transfers
    assert.equal(offered, Math.floor(summary.transfers.offered))
    assert.ok(offered >= 300, `${offered} offered`)
    assert.equal(submitted + refused, offered)
    assert.equal(final, submitted)
    assert.ok(summary.finalityMs.samples > 0 && summary.finalityMs.p50 !== null)
    assert.ok((summary.cpuUsPerTransfer ?? 0) > (summary.verifyUs ?? 0) && (summary.verifyUs ?? 0) > 0)
    assert.deepEqual(summary.chains.map(({ chain }) => String(chain)).sort(), ['0', '1', 'coord'])
    for (const token of [summary.supply.consumer, summary.supply.industrial]) {
      assert.equal(token.actual, token.expected)
    }
    assert.equal(summary.nodes.length, NODES)
    for (const node of summary.nodes) assert.ok(node.peers >= 3, `${node.name} lists ${node.peers} peers`)
    const follower = summary.nodes.at(-1)
    assert.equal(follower?.role, 'follower')
    assert.ok((follower?.startedAtS ?? 0) >= 3)
    assert.deepEqual(
      summary.perturbations.map(({ what, recoveredMs }) => [what, recoveredMs !== null]),
      [
        ['pause:3+2', true],
        ['cut:2+2', true]
      ]
    )
    await assertNothingLeft(data)
  })

  describe('while it runs', () => {
    let devnet: ChildProcess
    let output = ''
    const stranger: ChildProcess[] = []

    beforeEach(async () => {
      output = ''
      devnet = spawn(process.execPath, [MAIN, ...args('--late', '0')], { stdio: ['ignore', 'pipe', 'pipe'] })
      devnet.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
      devnet.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text))
      await eventually(
        () => `record written: ${output}`,
        () => existsSync(join(data, 'devnet.json')),
        20_000
      )
    })

    afterEach(() => {
      for (const each of [...stranger.splice(0), devnet]) each.kill('SIGKILL')
    })

    const printed = (pattern: RegExp): string => pattern.exec(output)?.[0] ?? ''

    it('the printed commands send a transfer and join with a node; Ctrl-C ends everything', async () => {
      await eventually(
        () => output,
        () => printed(/npx icn start .*/) !== ''
      )
      const transfer = await icn(argumentsOf(printed(/npx icn tx transfer .*/)), { cwd: tmpdir() })
      assert.equal(transfer.code, 0, transfer.stderr.join('\n'))
      assert.match(transfer.stdout, /final on chain \d/)

      const init = await icn(argumentsOf(printed(/npx icn init .*/)), { cwd: tmpdir() })
      assert.equal(init.code, 0, init.stderr.join('\n'))
      const line = argumentsOf(printed(/npx icn start .*/))
      stranger.push(spawn(process.execPath, [MAIN, ...line], { stdio: 'ignore' }))
      const { rpc } = await eventually(
        'the stranger runs',
        () => {
          const file = join(data, 'stranger', 'node.json')
          return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { rpc: string }) : undefined
        },
        15_000
      )
      const finals = await eventually(
        'the stranger follows every chain with three peers',
        async () => {
          const health = (await (await fetch(`http://${rpc}/health`)).json()) as { ok: boolean }
          const reply = await fetch(`http://${rpc}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'node_peers', params: {} })
          })
          const { result } = (await reply.json()) as { result: { peers: unknown[] } }
          return health.ok && result.peers.length >= 3
        },
        30_000
      )
      assert.ok(finals)

      const record = readRecord(data)
      assert.equal(record.nodes.length, NODES)
      for (const { pid, libp2p, start } of record.nodes) {
        assert.ok(pid !== null && libp2p?.includes('/p2p/') === true && start.includes('icn start'))
      }
      for (const each of stranger.splice(0)) each.kill('SIGINT')
      devnet.kill('SIGINT')
      await assertNothingLeft(data)
      assert.ok(readRecord(data).nodes.every(({ pid, exitCode }) => pid === null && exitCode === 0))
    })

    it('a devnet that is killed takes its nodes along', async () => {
      devnet.kill('SIGKILL')
      await assertNothingLeft(data)
    })
  })
})
