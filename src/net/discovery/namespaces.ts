/**
 * Where the DHT is asked for the peers of a shard (DIS-15): the SHA-256 of the namespace's name. Of a content id the
 * DHT uses the multihash alone, so the codec that a peer id brings along does not matter.
 */
import { hash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '@libp2p/interface'
import { base32nopad, base58 } from '@scure/base'
import { concat } from '../../primitives/bytes.ts'
import { chainName } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { networkPrefix } from '../topics.ts'

export type ContentId = ReturnType<PeerId['toCID']>

/** Multihash code of SHA-256, and the length of one. */
const SHA2_256 = Uint8Array.of(0x12, 32)

export const namespaceOf = (networkId: Uint8Array, chain: ChainId): string =>
  `/icn/${networkPrefix(networkId)}/shard/${chainName(chain)}`

const multihash = (networkId: Uint8Array, chain: ChainId): Uint8Array =>
  concat(SHA2_256, hash('sha256', namespaceOf(networkId, chain), 'buffer'))

export const namespaceCid = (networkId: Uint8Array, chain: ChainId): ContentId =>
  peerIdFromString(base58.encode(multihash(networkId, chain))).toCID()

/** As the datastore's keys of provider records name the namespace. */
export const providerKeyPart = (networkId: Uint8Array, chain: ChainId): string =>
  base32nopad.encode(multihash(networkId, chain)).toLowerCase()
