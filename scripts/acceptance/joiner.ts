/** A node that joins, in a process of its own: started, watched by RPC, stopped. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ChainJson } from '../../src/client/types.ts'
import { spawnProcess } from '../../src/devnet/processes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { History } from '../../src/testing/index.ts'

type Started = Awaited<ReturnType<typeof spawnProcess>>

const JOIN_MS = 900_000
const LOOK_MS = 100

export class Joiner {
  readonly data: string
  readonly #process: Started
  readonly client: Client
  readonly addresses: readonly string[]

  private constructor(data: string, process: Started, facts: { rpc: string; libp2p: string[] }) {
    this.data = data
    this.#process = process
    this.client = new Client({ url: `http://${facts.rpc}` })
    this.addresses = facts.libp2p
  }

  static async start(data: string, options: readonly string[]): Promise<Joiner> {
    const own = ['--rpc', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', '--allow-private']
    const args = ['start', '--data', data, '--log-level', 'warn', ...own, ...options]
    const started = await spawnProcess(args, { log: `${data}.log` })
    const path = join(data, 'node.json')
    let hasEnded = false
    void started.ended.then(() => (hasEnded = true))
    const facts = await until(`a node on ${data}`, async () => {
      if (hasEnded) throw new RangeError(`no node runs on ${data}: see ${data}.log`)
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as { rpc: string; libp2p: string[] }
      } catch {
        return undefined
      }
    })
    return new Joiner(data, started, facts)
  }

  /** At these heights or above, and no longer catching up. */
  async reaches(tips: History['tips']): Promise<void> {
    await until(`${this.data} is in sync`, async () => {
      const { chains } = await this.client.call('node_sync', {})
      const isThere = [...tips].every(([chain, { height }]) =>
        chains.some((one) => one.chain === jsonOf(chain) && one.final >= height && one.mode === 'live')
      )
      return isThere ? true : undefined
    })
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }
}

const jsonOf = (chain: number): ChainJson => (chain === COORD ? 'coord' : (chain as ChainJson))

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const startedMs = performance.now()
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() - startedMs > JOIN_MS) throw new RangeError(`not within ${JOIN_MS} ms: ${what}`)
    await delay(LOOK_MS)
  }
}
