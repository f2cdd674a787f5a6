/** Requests between two hosts of this process over TCP, against a bare stream that carries the same bytes. */
import type { Stream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { inboundLanes, monotonicMs } from '../net/context.ts'
import type { NetContext } from '../net/context.ts'
import { readFrameLists, sendPaced, writeFrames } from '../net/frames.ts'
import { createHost } from '../net/host.ts'
import type { Host } from '../net/host.ts'
import { REQUEST_LIMITS } from '../net/limits.ts'
import { silentMetrics } from '../net/metrics.ts'
import { peerKeyFromSeed } from '../net/peer-key.ts'
import { RequestClient } from '../net/request-client.ts'
import { RequestServer } from '../net/request-server.ts'
import { Sessions } from '../net/sessions.ts'
import type { Peer } from '../net/types.ts'
import { u32be } from '../primitives/bytes.ts'
import { assert } from '../primitives/errors.ts'
import type { Bench } from './figure.ts'
import { compare } from './timing.ts'

const MIB = 1024 * 1024
const CHUNK = 64 * 1024
const SMALL_BYTES = 200
const SMALL_REQUESTS = 2_000
const SMALL_AT_ONCE = 64
const LARGE_ANSWERS = 32
const LARGE_AT_ONCE = 4
const RAW_PROTOCOL = '/icn/bench/raw/1'
const NETWORK_ID = new Uint8Array(32)

export const requests: Bench = {
  name: 'requests',
  summary: 'requests over one stream, and a bare libp2p stream with the same bytes',
  async run() {
    const pair = await connect()
    try {
      const small = await compare({
        prepare: () => undefined,
        work: () => pair.ask(SMALL_REQUESTS, SMALL_AT_ONCE, SMALL_BYTES),
        raw: () => pair.echo(SMALL_REQUESTS, SMALL_AT_ONCE)
      })
      const large = await compare({
        prepare: () => undefined,
        work: () => pair.ask(LARGE_ANSWERS, LARGE_AT_ONCE, MIB),
        raw: () => pair.pull(LARGE_ANSWERS * MIB)
      })
      return [
        {
          name: 'small request',
          what: `each of ${SMALL_REQUESTS} with ${SMALL_BYTES} bytes both ways, ${SMALL_AT_ONCE} at a time`,
          unit: 'µs',
          value: (small.value * 1_000) / SMALL_REQUESTS,
          raw: { what: 'frames echoed on a bare stream', value: (small.raw * 1_000) / SMALL_REQUESTS }
        },
        {
          name: 'answer of 1 MiB',
          what: `each of ${LARGE_ANSWERS}, ${LARGE_AT_ONCE} at a time, both ends in one process`,
          unit: 'ms',
          value: large.value / LARGE_ANSWERS,
          raw: { what: 'the same bytes down a bare stream', value: large.raw / LARGE_ANSWERS }
        }
      ]
    } finally {
      await pair.stop()
    }
  }
}

interface Pair {
  /** So many requests, answered with so many bytes each. */
  ask(count: number, atOnce: number, bytes: number): Promise<void>
  echo(count: number, atOnce: number): Promise<void>
  pull(bytes: number): Promise<void>
  stop(): Promise<void>
}

const hostOf = async (seed: number): Promise<Host> =>
  createHost({
    privateKey: await peerKeyFromSeed(new Uint8Array(32).fill(seed)),
    networkId: NETWORK_ID,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    topics: new Map(),
    gater: {},
    allowPrivate: true,
    agent: 'bench'
  })

function sideOf(host: Host, other: Host, signal: AbortSignal) {
  const log = (): void => undefined
  const context: NetContext = {
    host,
    networkId: NETWORK_ID,
    metrics: silentMetrics,
    lanes: inboundLanes(silentMetrics, log),
    log,
    signal,
    report: log
  }
  const sessions = new Sessions({ opened: log, closed: log })
  sessions.open({
    peer: other.peerId.toString() as Peer,
    id: other.peerId,
    address: '',
    direction: 'outbound',
    sinceMs: monotonicMs(),
    heardMs: monotonicMs(),
    agent: '',
    status: { network: NETWORK_ID, features: 0n, required: 0n, role: 0, chains: [] }
  })
  return { context, sessions }
}

/** What the protocol does, not what it allows: nobody is held back. */
const UNLIMITED = {
  ...REQUEST_LIMITS,
  bodies: {
    ...REQUEST_LIMITS.bodies,
    concurrency: SMALL_AT_ONCE,
    requestsPerS: 1e9,
    requestsBurst: 1e9,
    bytesPerS: 1e12,
    bytesBurst: 1e12,
    responseBytes: MIB
  }
}

async function connect(): Promise<Pair> {
  const stopping = new AbortController()
  const [server, client] = [await hostOf(1), await hostOf(2)]
  const serving = sideOf(server, client, stopping.signal)
  const asking = sideOf(client, server, stopping.signal)
  await new RequestServer(serving.context, serving.sessions, UNLIMITED).register('bodies', (body) => ({
    result: 'ok',
    frames: [new Uint8Array(new DataView(body.buffer, body.byteOffset).getUint32(0))]
  }))
  await server.handle(RAW_PROTOCOL, serveRaw)
  await Promise.all([server.start(), client.start()])
  await client.dial(server.getMultiaddrs())
  const requester = new RequestClient(asking.context, asking.sessions, UNLIMITED)
  const peer = server.peerId.toString() as Peer
  return {
    ask: async (count, atOnce, bytes) => {
      const body = new Uint8Array(SMALL_BYTES)
      body.set(u32be(bytes))
      await inParallel(count, atOnce, async () => {
        const { result } = await requester.request(peer, 'bodies', body)
        assert(result === 'ok', 'an unlimited request is answered')
      })
    },
    echo: async (count, atOnce) =>
      echo(await client.dialProtocol(server.peerId, RAW_PROTOCOL), count, atOnce),
    pull: async (bytes) => pull(await client.dialProtocol(server.peerId, RAW_PROTOCOL), bytes),
    stop: async () => {
      stopping.abort()
      await Promise.all([server.stop(), client.stop()])
    }
  }
}

async function inParallel(count: number, atOnce: number, work: () => Promise<void>): Promise<void> {
  let left = count
  const run = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await work()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, run))
}

/** A frame of four bytes is a number of bytes to push; any other comes back as it is. */
async function serveRaw(stream: Stream): Promise<void> {
  for await (const frame of readFrameLists(stream, MIB)) {
    if (frame.byteLength !== 4) {
      await writeFrames(stream, [frame.subarray()])
      continue
    }
    const chunk = new Uint8Array(CHUNK)
    for (let left = frame.getUint32(0); left > 0; left -= CHUNK)
      await sendPaced(stream, new Uint8ArrayList(chunk))
  }
  await stream.close()
}

async function echo(stream: Stream, count: number, atOnce: number): Promise<void> {
  const body = new Uint8Array(SMALL_BYTES)
  let sent = 0
  for (; sent < atOnce; sent++) await writeFrames(stream, [body])
  let received = 0
  for await (const frame of readFrameLists(stream, MIB)) {
    assert(frame.byteLength === SMALL_BYTES, 'an echo is what was sent')
    received += 1
    if (received === count) break
    if (sent < count) await writeFrames(stream, [body])
    sent += 1
  }
  await stream.close()
}

async function pull(stream: Stream, bytes: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let received = 0
  stream.addEventListener('message', ({ data }) => {
    received += data.byteLength
    if (received >= bytes) resolve()
  })
  await writeFrames(stream, [u32be(bytes)])
  await promise
  await stream.close()
}
