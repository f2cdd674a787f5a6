/**
 * How fast a node synchronises from four peers with a line of a megabyte a second each, against one of them; and from
 * four of which one lies, one falls silent and one has a tenth of the line, against the one that is left. The peers run
 * in this process, each behind a relay that is its line; the node that joins is a process of its own.
 */
import { mkdir } from 'node:fs/promises'
import { createServer, createConnection } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { join } from 'node:path'
import type { Client } from '../../src/client/client.ts'
import { mustRun } from '../../src/devnet/processes.ts'
import { TokenBucket } from '../../src/net/token-bucket.ts'
import { must } from '../../src/primitives/errors.ts'
import { shardId } from '../../src/primitives/chain-id.ts'
import { createSwarm, makeHistory } from '../../src/testing/index.ts'
import type { History, Swarm } from '../../src/testing/index.ts'
import { ratio, say } from './bars.ts'
import type { Scenario } from './bars.ts'
import { Joiner } from './joiner.ts'

const LINE = 1_000_000
const SHARD = shardId(0)
/** The first of the peers: the validators of the history, which do not run, come before them. */
const FIRST = 4
const LIAR = 1
/** What a silent peer gives before it is silent. */
const WORDS = 400_000

type Line = 'whole' | 'tenth' | 'silent'

/** What a peer sends comes no faster than its line; what is sent to it is not slowed. */
class Relay {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(port: number, line: Line): Promise<Relay> {
    const perS = line === 'tenth' ? LINE / 10 : LINE
    const bucket = new TokenBucket({ perS, burst: 64 * 1024 }, performance.now())
    let words = line === 'silent' ? WORDS : Infinity
    const relay: Relay = new Relay(
      createServer((near) => {
        const far = createConnection(port, '127.0.0.1')
        for (const socket of [near, far]) {
          relay.#sockets.add(socket)
          socket.on('error', () => socket.destroy())
          socket.on('close', () => {
            near.destroy()
            far.destroy()
            relay.#sockets.delete(socket)
          })
        }
        near.pipe(far)
        far.on('data', (bytes: Buffer) => {
          words -= bytes.length
          if (words < 0) return far.pause()
          near.write(bytes)
          const waitMs = bucket.take(bytes.length, performance.now())
          if (waitMs === 0) return far
          far.pause()
          return setTimeout(() => far.resume(), waitMs)
        })
      })
    )
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

interface Run {
  readonly ms: number
  /** Peers with a score below zero, by their places. */
  readonly charged: readonly number[]
}

interface Scene {
  readonly history: History
  readonly swarm: Swarm
  readonly directory: string
}

/** A node with these lines to as many peers, from nothing to the head. */
async function run({ history, swarm, directory }: Scene, lines: readonly Line[]): Promise<Run> {
  const data = join(directory, `late-${lines.join('-')}`)
  const relays: Relay[] = []
  const options: string[] = []
  for (const [place, line] of lines.entries()) {
    const { peer, node } = must(swarm.members[FIRST + place], 'a member')
    const [address = ''] = must(node?.network, 'a running node has a network').addresses()
    const relay = await Relay.start(Number(/tcp\/(\d+)/.exec(address)?.[1]), line)
    relays.push(relay)
    options.push('--bootstrap', `/ip4/127.0.0.1/tcp/${relay.port}/p2p/${peer}`)
  }
  await mustRun(['init', '--genesis', history.genesisFile, '--data', data])
  const late = await Joiner.start(data, options)
  try {
    const fromMs = performance.now()
    await late.reaches(history.tips)
    const ms = performance.now() - fromMs
    say(`  ${lines.join(', ')}: ${(ms / 1_000).toFixed(1)} s`)
    return { ms, charged: await charged(late.client, swarm, lines.length) }
  } finally {
    await late.stop()
    for (const relay of relays) await relay.stop()
  }
}

async function charged(client: Client, swarm: Swarm, count: number): Promise<number[]> {
  const found: number[] = []
  for (let place = 0; place < count; place++) {
    const { peer } = must(swarm.members[FIRST + place], 'a member')
    const { score } = await client.call('peer_get', { peer })
    if (score < 0) found.push(place)
  }
  return found
}

export const peers: Scenario = async (parent, bars) => {
  const directory = join(parent, 'nodes')
  await mkdir(directory, { recursive: true })
  // A minute of one line: finding the peers takes seconds, which would count more than their speed in less.
  const blocks = Number(process.env['ICN_BLOCKS'] ?? 1_200)
  const shape = { shards: 1, blocks, coordBlocks: 60, transfers: 100, memoBytes: 256, epochs: 2 }
  const history = await makeHistory({ out: join(parent, 'history'), ...shape })
  // Behind the validators, so that nobody makes blocks meanwhile.
  const swarm = await createSwarm({ history, nodes: FIRST + 4, holders: FIRST + 4 })
  const scene = { history, swarm, directory }
  try {
    await swarm.start([FIRST])
    const one = await run(scene, ['whole'])
    await swarm.start([FIRST + 1, FIRST + 2, FIRST + 3])
    const four = await run(scene, ['whole', 'whole', 'whole', 'whole'])
    const { chains } = swarm.node(FIRST + LIAR)
    must(chains?.get(SHARD), 'it follows the shard').store.body = () => new Uint8Array(300)
    const mixed = await run(scene, ['whole', 'whole', 'silent', 'tenth'])
    bars.atLeast('four peers, times one', ratio(one.ms, four.ms), 3)
    bars.atLeast('beside three of no use, share of one', ratio(one.ms, mixed.ms), 0.7)
    const found = mixed.charged.join()
    bars.check('the liar alone is charged', found === String(LIAR), found)
  } finally {
    await swarm.stop()
  }
}
