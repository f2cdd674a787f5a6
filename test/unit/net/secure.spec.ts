/** Noise as it is used here, over a wire in this process that cuts up what is sent as no library would. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { StreamMessageEvent } from '@libp2p/interface'
import type { MessageStream, MultiaddrConnection } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddrConnectionPair } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { peerKeyFromSeed } from '../../../src/net/peer-key.ts'
import { QUIET_LOG } from '../../../src/net/quiet-log.ts'
import { createEncrypter } from '../../../src/net/secure.ts'
import { seedOf } from '../../support/net.ts'

type Components = Parameters<ReturnType<typeof createEncrypter>>[0]
/** What the library's mock of a connection sends with. */
interface Inside {
  readonly local: { send(event: StreamMessageEvent): boolean }
  sendData(data: Uint8ArrayList): { sentBytes: number; canSendMore: boolean }
}

const encrypterOf = async (name: string) => {
  const privateKey = await peerKeyFromSeed(seedOf(name))
  const upgrader = { getStreamMuxers: () => new Map() }
  const peerId = peerIdFromPrivateKey(privateKey)
  return createEncrypter()({ privateKey, peerId, upgrader, logger: QUIET_LOG } as unknown as Components)
}

/** Each byte arrives by itself. */
function inBytes(wire: MultiaddrConnection): MultiaddrConnection {
  const inside = wire as unknown as Inside
  inside.sendData = (data) => {
    const bytes = data.subarray().slice()
    for (let at = 0; at < bytes.length; at++)
      inside.local.send(new StreamMessageEvent(bytes.subarray(at, at + 1)))
    return { sentBytes: bytes.length, canSendMore: true }
  }
  return wire
}

class Pair {
  readonly received: number[] = []
  readonly near: MessageStream
  readonly far: MessageStream
  /** What the far side reads from. */
  readonly wires: readonly [MultiaddrConnection, MultiaddrConnection]

  constructor(near: MessageStream, far: MessageStream, wires: Pair['wires']) {
    this.near = near
    this.far = far
    this.wires = wires
    far.addEventListener('message', ({ data }) => this.received.push(...data.subarray()))
  }

  static async create(): Promise<Pair> {
    const [out, into] = multiaddrConnectionPair()
    const wires = [inBytes(out), inBytes(into)] as const
    const [near, far] = await Promise.all([
      (await encrypterOf('near')).secureOutbound(wires[0]),
      (await encrypterOf('far')).secureInbound(wires[1])
    ])
    return new Pair(near.connection, far.connection, wires)
  }
}

describe('net: noise', () => {
  it('messages arrive whole and in order, however the wire cuts them up', async () => {
    const pair = await Pair.create()
    const sent: number[] = []
    for (const length of [1, 2, 255, 256, 700]) {
      const message = Uint8Array.from({ length }, (_, index) => (index + length) & 0xff)
      sent.push(...message)
      pair.near.send(message)
    }
    while (pair.received.length < sent.length) await turn()
    assert.deepEqual(pair.received, sent)
  })

  for (const rest of [0, 1, 2, 3])
    it(`the end of the wire is the end, with ${rest} bytes of a message behind the last one`, async () => {
      const pair = await Pair.create()
      pair.near.send(Uint8Array.of(7))
      while (pair.received.length < 1) await turn()
      const ended = new Promise((resolve) => pair.far.addEventListener('close', resolve, { once: true }))
      pair.wires[0].send(Uint8Array.of(0, 40, 1).subarray(0, rest))
      await pair.wires[0].close()
      await ended
      assert.equal(pair.far.status, 'closed')
      assert.deepEqual(pair.received, [7])
    })

  it('a message that was tampered with ends the connection', async () => {
    const pair = await Pair.create()
    const ended = new Promise((resolve) => pair.wires[1].addEventListener('close', resolve, { once: true }))
    pair.wires[0].send(Uint8Array.of(0, 17, ...new Uint8Array(17)))
    await ended
    assert.equal(pair.far.status, 'aborted')
    assert.equal(pair.wires[1].status, 'aborted')
    assert.deepEqual(pair.received, [])
  })
})
