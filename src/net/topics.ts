/** Names on the wire (D11, D12): the first 8 bytes of the network id separate networks in topics and protocols. */
import { toHex } from '../primitives/bytes.ts'
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { GossipKind, RequestProtocol } from './types.ts'

export const networkPrefix = (networkId: Uint8Array): string => toHex(networkId.subarray(0, 8))

export const topicOf = (networkId: Uint8Array, chain: ChainId, kind: GossipKind): string =>
  `/icn/${networkPrefix(networkId)}/${chainName(chain)}/${kind}/1`

export const protocolOf = (networkId: Uint8Array, name: RequestProtocol | 'consensus' | 'kad'): string =>
  `/icn/${networkPrefix(networkId)}/${name}/1`

/**
 * Equal in all networks: a node of another genesis must be told why it is refused, and can only be told in a
 * protocol that both speak (REQ-2).
 */
export const STATUS_PROTOCOL = '/icn/status/1'
export const GOODBYE_PROTOCOL = '/icn/goodbye/1'
