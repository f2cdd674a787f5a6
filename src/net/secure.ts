/**
 * Noise, whose reader asks after every message for the length of the next one and is told by an exception that there is
 * none yet: a stack trace for each message that arrives. Here it is told by a length that is not there either.
 */
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { encrypter as noise } from './noise-cipher.ts'

type NoiseFactory = ReturnType<typeof noise>

interface Inside {
  readonly decoder?: { lengthDecoder(data: Received): number }
}
interface Received {
  readonly byteLength: number
  get(index: number): number
}

const LENGTH_BYTES = 2
/** The longest message of Noise: with less than a length there, never complete. */
const LONGEST = 0xffff

const lengthOf = (data: Received): number =>
  data.byteLength < LENGTH_BYTES ? LONGEST : (data.get(0) << 8) | data.get(1)

function quiet<T extends { readonly connection: MessageStream }>(secured: T): T {
  const { decoder } = secured.connection as MessageStream & Inside
  if (decoder !== undefined) decoder.lengthDecoder = lengthOf
  return secured
}

export function createEncrypter(): (...components: Parameters<NoiseFactory>) => ConnectionEncrypter {
  const factory = noise()
  return (...components) => {
    const encrypter = factory(...components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = async (connection, options) => quiet(await secureInbound(connection, options))
    encrypter.secureOutbound = async (connection, options) => quiet(await secureOutbound(connection, options))
    return encrypter
  }
}
