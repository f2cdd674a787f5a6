import assert from 'node:assert/strict'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { GossipVerdict } from '../../../src/net/types.ts'
import { Timeline } from '../../../src/testing/sim/clock.ts'
import { CLEAN_LINK, SimNetwork } from '../../../src/testing/sim/network.ts'
import { Port } from '../../../src/testing/sim/port.ts'
import { Prng } from '../../../src/testing/sim/prng.ts'
import { Trace } from '../../../src/testing/sim/trace.ts'
import { peerOf } from '../../../src/testing/sim/wire.ts'

const STATUS = { network: new Uint8Array(32), features: 0n, required: 0n, role: 1, chains: [] }
const ACCEPT: GossipVerdict = { action: 'accept', rule: 'valid' }
const MESSAGE = Uint8Array.of(1, 2, 3)
const FRAME = Uint8Array.of(1, 0xff, 0xff)

interface Stage {
  readonly network: SimNetwork
  readonly ports: readonly Port[]
  /** What arrived where: `to<from`. */
  readonly judged: string[]
  readonly frames: string[]
  readonly run: (ms: number) => Promise<void>
}

async function stage(verdicts: readonly GossipVerdict[]): Promise<Stage> {
  const timeline = new Timeline()
  const network = new SimNetwork({ timeline, trace: new Trace(timeline), prng: new Prng('network test') })
  const judged: string[] = []
  const frames: string[] = []
  const ports = verdicts.map((verdict, index) => {
    const silent = (): void => undefined
    const port = new Port(network, {
      index,
      status: () => STATUS,
      onEffect: silent,
      onSent: silent,
      onReport: silent,
      onFailed: (error) => assert.fail(String(error))
    })
    const judge = (_data: Uint8Array, from: string): GossipVerdict => {
      judged.push(`${index}<${from}`)
      return verdict
    }
    port.join(COORD, { tx: judge, block: judge, vote: judge, certificate: judge })
    port.serve('bodies', () => ({ result: 'lacks', frames: [] }))
    port.listen({
      peerUp: silent,
      peerDown: silent,
      consensusFrame: (peer) => frames.push(`${index}<${peer}`)
    })
    network.attach(port)
    return port
  })
  const run = async (ms: number): Promise<void> => {
    await timeline.run(timeline.nowMs + ms)
  }
  await run(100)
  return { network, ports, judged, frames, run }
}

describe('simulator: network', () => {
  it('C31: a message is judged once by each process, however many copies come', async () => {
    const { network, ports, judged, run } = await stage([ACCEPT, ACCEPT, ACCEPT, ACCEPT])
    network.link = { ...CLEAN_LINK, duplicatePpm: 1_000_000 }
    await ports[0]!.publish(COORD, 'vote', MESSAGE)
    await run(100)
    assert.deepEqual(
      judged.map((text) => text.charAt(0)).toSorted((a, b) => a.localeCompare(b)),
      ['1', '2', '3']
    )
  })

  it('C31: what was published or seen cannot be published again', async () => {
    const { ports, run } = await stage([ACCEPT, ACCEPT])
    assert.equal(await ports[0]!.publish(COORD, 'vote', MESSAGE), 1)
    assert.equal(await ports[0]!.publish(COORD, 'vote', MESSAGE), 0)
    await run(100)
    assert.equal(await ports[1]!.publish(COORD, 'vote', MESSAGE), 0)
  })

  it('C31: accepted messages are relayed, ignored and rejected ones are not', async () => {
    for (const [action, reached] of [
      ['accept', 1],
      ['ignore', 0],
      ['reject', 0]
    ] as const) {
      const { network, ports, judged, run } = await stage([ACCEPT, { action, rule: 'test' }, ACCEPT])
      network.cut(0, 2)
      await ports[0]!.publish(COORD, 'vote', MESSAGE)
      await run(100)
      assert.equal(judged.filter((text) => text === '2<peer-1').length, reached, action)
      assert.equal(network.counters.rejected, action === 'reject' ? 1 : 0)
    }
  })

  it('D19: a cut is one-way, also for what is on its way, and heals', async () => {
    const { network, ports, frames, run } = await stage([ACCEPT, ACCEPT])
    ports[0]!.sendConsensus(peerOf(1), FRAME)
    network.cut(0, 1)
    ports[0]!.sendConsensus(peerOf(1), FRAME)
    ports[1]!.sendConsensus(peerOf(0), FRAME)
    await run(100)
    assert.deepEqual(frames, ['0<peer-1'])
    network.heal()
    ports[0]!.sendConsensus(peerOf(1), FRAME)
    await run(100)
    assert.deepEqual(frames, ['0<peer-1', '1<peer-0'])
  })

  it('D19: a dead process hears nothing and says nothing, and its peers notice', async () => {
    const { ports, frames, judged, run } = await stage([ACCEPT, ACCEPT])
    ports[0]!.sendConsensus(peerOf(1), FRAME)
    ports[1]!.kill()
    await run(100)
    assert.deepEqual([frames, ports[0]!.peers()], [[], []])
    assert.equal(ports[0]!.sendConsensus(peerOf(1), FRAME), false)
    assert.equal(await ports[1]!.publish(COORD, 'vote', MESSAGE), 0)
    await run(100)
    assert.deepEqual(judged, [])
  })

  it('D19: a request that is lost is answered by its timeout, and by nothing once its process is dead', async () => {
    const { network, ports, run } = await stage([ACCEPT, ACCEPT])
    const results: string[] = []
    const ask = (): unknown =>
      ports[0]!.request(peerOf(1), 'bodies', MESSAGE).then(({ result }) => results.push(result))
    ask()
    await run(100)
    network.cut(0, 1)
    ask()
    await run(3_000)
    assert.deepEqual(results, ['lacks', 'internal'])
    ask()
    ports[0]!.kill()
    await run(3_000)
    assert.equal(results.length, 2)
  })

  it('D19: every message is lost at a rate of one, none at zero', async () => {
    const { network, ports, frames, run } = await stage([ACCEPT, ACCEPT])
    network.link = { ...CLEAN_LINK, dropPpm: 1_000_000 }
    ports[0]!.sendConsensus(peerOf(1), FRAME)
    await run(100)
    assert.deepEqual([frames.length, network.counters.dropped], [0, 1])
    network.link = CLEAN_LINK
    ports[0]!.sendConsensus(peerOf(1), FRAME)
    await run(100)
    assert.equal(frames.length, 1)
  })
})
