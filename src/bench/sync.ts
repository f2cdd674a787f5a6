/**
 * Sync of a made history between two processes on this machine, the serving node on the same cores: headers with their
 * certificates, links, bodies by hash, execution, roots, a synced write for each part. Empty blocks, full ones, and
 * whether a block costs more when the chain is longer.
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '../client/client.ts'
import { HeaderType, blockHash, bodyHash } from '../codec/block.ts'
import { BenchError } from './errors.ts'
import type { Bench, BenchContext, Figure } from './figure.ts'
import { measureVerification } from './signatures.ts'
import { compare, nothing } from './timing.ts'

const PROGRAM = fileURLToPath(new URL('../cli/main.js', import.meta.url))
const HISTORY = fileURLToPath(new URL('../../scripts/history.js', import.meta.url))
const runFile = promisify(execFile)

/** 3,000 empty blocks and 12,000 transfers a second. */
const EMPTY_BLOCK_US = 1e6 / 3_000
const TRANSFER_US = 1e6 / 12_000
const EMPTY_LENGTHS = [1_000, 10_000, 100_000] as const
const FULL = { blocks: 200, transfers: 500 }
const COORD_BLOCKS = 60
const LOOK_EVERY_MS = 20
const LIMIT_MS = 600_000
const SHARD = 0
const ROUGHLY_BODY_BYTES = 280

export const sync: Bench = {
  name: 'sync',
  summary: 'a node catches up with a history from another process on the same cores',
  async run(context) {
    const empty = new Map<number, number>()
    for (const blocks of EMPTY_LENGTHS) empty.set(blocks, await timeSync(context, { blocks, transfers: 0 }))
    const full = (await timeSync(context, FULL)) / FULL.transfers
    const [shortest = 0, middle = 0, longest = 0] = empty.values()
    const figures: Figure[] = [
      {
        name: 'sync an empty block',
        what: `of ${EMPTY_LENGTHS[1]}, from genesis to the head`,
        unit: 'µs',
        value: middle,
        raw: { what: 'its header hashed, encoded and decoded, its body hashed', value: await rawBlockUs() },
        bar: EMPTY_BLOCK_US
      },
      {
        name: 'sync a transfer',
        what: `${FULL.blocks} blocks of ${FULL.transfers}`,
        unit: 'µs',
        value: full,
        raw: { what: 'its signature verified', value: await measureVerification() },
        bar: TRANSFER_US
      },
      {
        name: 'sync a block of a long chain',
        what: `of ${EMPTY_LENGTHS[2]}`,
        unit: 'µs',
        value: longest,
        raw: { what: `the same of ${EMPTY_LENGTHS[0]}`, value: shortest }
      }
    ]
    return figures
  }
}

interface Shape {
  readonly blocks: number
  readonly transfers: number
}

/** @returns microseconds for each block of the shard, from the first stored part to the head. */
async function timeSync({ directory, note }: BenchContext, { blocks, transfers }: Shape): Promise<number> {
  const out = join(directory, `history-${blocks}-${transfers}`)
  const size = ['--blocks', String(blocks), '--transfers', String(transfers)]
  const frame = ['--shards', '1', '--coord-blocks', String(COORD_BLOCKS), '--epochs', '2']
  await runFile(process.execPath, [HISTORY, '--out', out, ...size, ...frame])
  const data = join(out, 'client')
  await runFile(process.execPath, [PROGRAM, 'init', '--genesis', join(out, 'genesis.json'), '--data', data])
  const server = startNode(join(out, 'node'), [])
  const children: ChildProcess[] = [server]
  try {
    const { libp2p } = await running(join(out, 'node'), server)
    const client = startNode(data, ['--bootstrap', libp2p[0] ?? ''])
    children.push(client)
    const { rpc } = await running(data, client)
    const us = await watch(new Client({ url: `http://${rpc}` }), blocks)
    note(`${blocks} blocks of ${transfers}: ${Math.round(1e6 / us)} a second`)
    return us
  } finally {
    for (const child of children) child.kill('SIGTERM')
    await Promise.all(children.map(async (child) => child.exitCode ?? once(child, 'exit')))
  }
}

function startNode(data: string, options: readonly string[]): ChildProcess {
  const addresses = ['--rpc', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--allow-private']
  const quiet = ['--log-level', 'error']
  return spawn(process.execPath, [PROGRAM, 'start', '--data', data, ...addresses, ...quiet, ...options], {
    stdio: 'ignore'
  })
}

async function running(data: string, child: ChildProcess): Promise<{ rpc: string; libp2p: string[] }> {
  const path = join(data, 'node.json')
  for (let waited = 0; !existsSync(path); waited += LOOK_EVERY_MS) {
    if (child.exitCode !== null || waited > LIMIT_MS)
      throw new BenchError({ code: 'BENCH_NETWORK_FAILED', reason: `no node runs on ${data}` })
    await pause()
  }
  return JSON.parse(await readFile(path, 'utf8')) as { rpc: string; libp2p: string[] }
}

async function watch(client: Client, blocks: number): Promise<number> {
  let first: { readonly height: number; readonly atMs: number } | undefined
  const startedMs = performance.now()
  for (;;) {
    const { chains } = await client.call('node_sync', {})
    const final = chains.find(({ chain }) => chain === SHARD)?.final ?? 0
    const atMs = performance.now()
    if (final > 0) first ??= { height: final, atMs }
    if (first !== undefined && final >= blocks) {
      // A sync that is seen only at its end took at least as long as a look.
      const done = Math.max(1, final - first.height)
      const tookMs = final === first.height ? LOOK_EVERY_MS : atMs - first.atMs
      return (tookMs * 1_000) / (final === first.height ? final : done)
    }
    if (atMs - startedMs > LIMIT_MS)
      throw new BenchError({ code: 'BENCH_NETWORK_FAILED', reason: `stuck at ${final} of ${blocks}` })
    await pause()
  }
}

const pause = async (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, LOOK_EVERY_MS))

/** What no sync can do without, in one thread. */
async function rawBlockUs(): Promise<number> {
  const header = HeaderType.defaultValue()
  const body = new Uint8Array(ROUGHLY_BODY_BYTES)
  const times = 1_000
  const { raw } = await compare({
    prepare: nothing,
    work: nothing,
    raw: () => {
      for (let at = 0; at < times; at++) {
        blockHash(HeaderType.deserialize(HeaderType.serialize({ ...header, height: at })))
        bodyHash(body)
      }
    }
  })
  return (raw * 1_000) / times
}
