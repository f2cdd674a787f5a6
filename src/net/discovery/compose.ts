/** How the network puts discovery together: what it is given by options, and what it takes from the other parts. */
import type { PrivateKey } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Status } from '../../codec/messages.ts'
import { createSigningFunction } from '../../crypto/ed25519.ts'
import type { Signer } from '../../crypto/ports.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { shardId } from '../../primitives/chain-id.ts'
import { assert } from '../../primitives/errors.ts'
import type { Sessions } from '../sessions.ts'
import { peerOfKey } from '../peer-key.ts'
import { Discovery } from './discovery.ts'
import type { DiscoveryOptions, DiscoveryParts } from './discovery.ts'
import { providerKeyPart } from './namespaces.ts'
import type { OwnFacts } from './own-record.ts'
import { peeringTargets } from './selection.ts'
import type { PeeringTargets } from './selection.ts'

export interface ComposeOptions {
  readonly privateKey: PrivateKey
  readonly allowPrivate?: boolean
  readonly localStatus: () => Status
  readonly discovery?: DiscoveryOptions
}
type Wiring = Pick<
  DiscoveryParts,
  'context' | 'sessions' | 'isBanned' | 'isCut' | 'score' | 'request' | 'letGo'
>

export function composeDiscovery(
  options: ComposeOptions,
  bootstrap: readonly Multiaddr[],
  followed: readonly ChainId[],
  wiring: Wiring
): Discovery {
  const { privateKey, allowPrivate = false, localStatus, discovery } = options
  return new Discovery({
    ...discovery,
    ...wiring,
    signer: signerOf(privateKey),
    self: peerOfKey(privateKey),
    bootstrap,
    allowPrivate,
    followed,
    defaultFacts: () => factsOfStatus(localStatus())
  })
}

const factsOfStatus = ({ role, features, chains }: Status): OwnFacts => ({
  role,
  features,
  chains: chains.map(({ chain }) => ({ chain, earliest: 0 }))
})

/** Records are signed by Ed25519 keys; key files hold no others. */
function signerOf(key: PrivateKey): Signer {
  assert(key.type === 'Ed25519', 'a node has an Ed25519 key')
  const SEED_BYTES = 32
  return { publicKey: key.publicKey.raw, sign: createSigningFunction(key.raw.subarray(0, SEED_BYTES)) }
}

/** Namespaces of all shards of the network, as keys of provider records name them. */
export const namespaceKeys = (networkId: Uint8Array, shards = 0): string[] =>
  Array.from({ length: shards }, (_, index) => providerKeyPart(networkId, shardId(index)))

/**
 * Whether one more peer is welcome. Some room is kept for those that this node dials itself: whoever connects cannot
 * take every place (DIS-12).
 */
export function hasRoom(
  sessions: Sessions,
  targets: Partial<PeeringTargets> | undefined,
  direction: 'inbound' | 'outbound'
): boolean {
  const { maxPeers, outboundPercent } = peeringTargets(targets)
  if (sessions.size >= maxPeers) return false
  if (direction === 'outbound') return true
  const inbound = sessions.all().filter((session) => session.direction === 'inbound').length
  return inbound < maxPeers - Math.floor((maxPeers * outboundPercent) / 100)
}
