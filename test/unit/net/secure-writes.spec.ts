import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { MessageStream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import { QUIET_LOG } from '../../../src/net/quiet-log.ts'
import { JOINED_BYTES_MAX, createEncrypter } from '../../../src/net/secure.ts'

const LENGTH_BYTES = 2
const TAG = 16

/** Two ends of a secured connection; `sent` are the sizes of the pieces that each message of the first one left in. */
async function securedPair() {
  const [ours, theirs] = multiaddrConnectionPair()
  const secure = async (connection: typeof ours, side: 'secureInbound' | 'secureOutbound') => {
    const privateKey = await generateKeyPair('Ed25519')
    const peerId = peerIdFromPrivateKey(privateKey)
    const encrypter = createEncrypter()({ privateKey, peerId, logger: QUIET_LOG } as never)
    return (await encrypter[side](connection, { skipStreamMuxerNegotiation: true })).connection
  }
  const [dialler, listener] = await Promise.all([
    secure(ours, 'secureOutbound'),
    secure(theirs, 'secureInbound')
  ])
  const sent: number[][] = []
  const send = ours.send.bind(ours)
  ours.send = (data) => {
    sent.push(data instanceof Uint8Array ? [data.length] : [...data].map(({ length }) => length))
    return send(data)
  }
  return { dialler, listener, sent }
}

async function received(stream: MessageStream, count: number): Promise<Uint8Array> {
  const all = new Uint8ArrayList()
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.addEventListener('message', ({ data }) => {
    all.append(data)
    if (all.byteLength >= count) resolve()
  })
  await promise
  return all.subarray()
}

const some = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff)

describe('Noise: what is written', () => {
  it('a short message leaves in one piece with its length, a long one as it was encrypted', async () => {
    const { dialler, listener, sent } = await securedPair()
    const longest = JOINED_BYTES_MAX - LENGTH_BYTES - TAG
    const messages = [some(1), some(longest), some(longest + 1)]
    const arrived = received(
      listener,
      messages.reduce((sum, { length }) => sum + length, 0)
    )
    for (const message of messages) dialler.send(message)
    assert.deepEqual(sent, [[1 + TAG + LENGTH_BYTES], [JOINED_BYTES_MAX], [LENGTH_BYTES, longest + 1 + TAG]])
    assert.equal(Buffer.compare(await arrived, Buffer.concat(messages)), 0)
  })

  it('what is longer than a message of Noise arrives as it was sent', async () => {
    const { dialler, listener } = await securedPair()
    const long = some(200_000)
    const arrived = received(listener, long.length)
    dialler.send(long)
    assert.equal(Buffer.compare(await arrived, long), 0)
  })
})
