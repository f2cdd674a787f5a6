/**
 * Noise, whose reader asks after every message for the length of the next one and is told by an exception that there is
 * none yet: a stack trace for each message that arrives. Here it is told by a length that is not there either.
 *
 * The library also hands a message and its length to the socket apart, which are two calls of the system for both ends.
 * Short ones leave together.
 */
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { encrypter as noise } from './noise-cipher.ts'

type NoiseFactory = ReturnType<typeof noise>

interface Inside {
  readonly decoder?: { lengthDecoder(data: Received): number }
  encrypt?(chunk: Uint8Array | Uint8ArrayList): Uint8ArrayList
}
interface Received {
  readonly byteLength: number
  get(index: number): number
}

const LENGTH_BYTES = 2
/** The longest message of Noise: with less than a length there, never complete. */
const LONGEST = 0xffff
/** Longer ones take longer to copy than to send in two. */
export const JOINED_BYTES_MAX = 16 * 1024

const lengthOf = (data: Received): number =>
  data.byteLength < LENGTH_BYTES ? LONGEST : (data.get(0) << 8) | data.get(1)

function quiet<T extends { readonly connection: MessageStream }>(secured: T): T {
  const connection = secured.connection as MessageStream & Inside
  if (connection.decoder !== undefined) connection.decoder.lengthDecoder = lengthOf
  const encrypt = connection.encrypt?.bind(connection)
  if (encrypt !== undefined) connection.encrypt = (chunk) => joined(encrypt(chunk))
  return secured
}

const joined = (frames: Uint8ArrayList): Uint8ArrayList =>
  frames.byteLength > JOINED_BYTES_MAX ? frames : new Uint8ArrayList(frames.subarray())

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
