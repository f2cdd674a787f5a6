/** What the network's discovery is told of the node: its choices, its chains, its validator, its cooperative. */
import { readFileSync } from 'node:fs'
import type { Chains } from '../node/chains.ts'
import type { NodeConfig } from '../node/config.ts'
import { cooperativeOf } from '../node/registry.ts'
import type { Validator } from '../node/validator.ts'
import { readVoucher } from '../node/voucher.ts'
import { DISCOVERY_LIMITS } from '../net/discovery/limits.ts'
import type { DiscoveryOptions } from '../net/discovery/discovery.ts'
import type { OwnFacts } from '../net/discovery/own-record.ts'
import type { NodeStore } from '../store/node-store.ts'

export interface PeeringComponents {
  readonly config: NodeConfig
  readonly network: Uint8Array
  /** The own public key behind the peer id. */
  readonly peer: Uint8Array
  readonly nodeStore: NodeStore
  readonly validator: () => Validator | undefined
  readonly chains: () => Chains
  readonly provideFirstMs: number | undefined
}

/** @throws KeyFileError when the voucher cannot be read */
export function peeringOf({
  config,
  network,
  peer,
  nodeStore,
  validator,
  chains,
  provideFirstMs
}: PeeringComponents): DiscoveryOptions {
  const { minPeers, maxPeers, cooperativePeers, cooperativeBonus, cooperativeVoucher } = config
  const voucher =
    cooperativeVoucher === undefined
      ? undefined
      : readVoucher(cooperativeVoucher, readFileSync(cooperativeVoucher, 'utf8'), network, peer)
  const facts = (): OwnFacts => {
    const own = validator()
    const { list, genesis } = chains()
    return {
      role: own === undefined ? 0 : 1,
      features: genesis.features,
      chains: list.map(({ chain, store }) => ({ chain, earliest: store.earliest })),
      ...(own === undefined
        ? {}
        : { bind: (peer: Uint8Array, sequence: number) => own.bindPeer(network, peer, sequence) }),
      cooperative: voucher
    }
  }
  return {
    targets: {
      minPeers,
      maxPeers,
      targetPeers: Math.max(minPeers, Math.min(maxPeers, DISCOVERY_LIMITS.targetPeers)),
      cooperative: cooperativePeers
    },
    facts,
    registry: (key) => cooperativeOf(chains(), key),
    cooperative: () => {
      const own = validator()
      const registered = own === undefined ? undefined : cooperativeOf(chains(), own.publicKey)
      return registered ?? voucher?.cooperative ?? 0
    },
    cooperativeBonus,
    rows: {
      load: async () => nodeStore.peers('known'),
      save: async (rows) => nodeStore.savePeers('known', rows)
    },
    searchMs: config.discoveryInterval * 1_000,
    provideFirstMs
  }
}
