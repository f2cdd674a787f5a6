/** Methods about this node: who it is, how far it has come, whom it talks to. */
import type { NodeSync } from '../../client/types.ts'
import { toHex } from '../../primitives/bytes.ts'
import { chainToJson } from '../../primitives/chain-id.ts'
import { accept } from '../../primitives/result.ts'
import { peerJson } from '../json.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { chainParam, optional } from '../params.ts'
import type { NodePort } from '../port.ts'
import { chainRefusal } from '../refusals.ts'
import { banJson } from './peer.ts'

const nodeInfo = method('node_info', {
  summary: 'Version, network, addresses, role and followed chains of this node',
  params: {},
  call(port) {
    const { network, validator, ...facts } = port.info()
    return accept({
      ...facts,
      network: toHex(network),
      role: validator === undefined ? 'follower' : 'validator',
      follows: port.chains().map(chainToJson),
      ...(validator === undefined
        ? {}
        : {
            validator: {
              key: toHex(validator.key),
              signing: validator.signing,
              reason: validator.reason ?? null
            }
          })
    })
  }
})

export const syncJson = (port: NodePort): NodeSync => ({
  chains: port.sync().map(({ chain, etaMs, reason, trustAgeMs, ...facts }) => ({
    ...facts,
    chain: chainToJson(chain),
    etaMs: etaMs ?? null,
    trustAgeMs: trustAgeMs ?? null,
    reason: reason ?? null
  }))
})

const nodeSync = method('node_sync', {
  summary: 'Mode, heights, rate and reason of every followed chain',
  params: {},
  call: (port) => accept(syncJson(port))
})

const nodePeers = method('node_peers', {
  summary: 'Connected peers, all or those that follow a chain, and bans in force',
  params: { chain: optional(chainParam) },
  call(port, { chain }) {
    // Peers of a chain that this node does not follow are what a refused caller needs: answered all the same.
    const refusal = chain === undefined ? undefined : chainRefusal(port, chain)
    if (refusal?.code === 'CHAIN_UNKNOWN') return refusal
    return accept({ peers: port.peers(chain).map(peerJson), bans: port.bans().map(banJson) })
  }
})

export const nodeMethods: readonly Method[] = [nodeInfo, nodeSync, nodePeers]
