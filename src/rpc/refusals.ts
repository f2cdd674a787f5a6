/** Refusals that the RPC layer itself makes; their numbers are in the registry of `codec/refusals.ts`. */
import type { RpcRefusalCode } from '../codec/refusals.ts'
import { chainName, chainToJson } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import type { NodePort, Refused } from './port.ts'

export function refused(
  code: RpcRefusalCode,
  detail: string,
  facts?: Readonly<Record<string, unknown>>
): Refused {
  return { ok: false, code, detail, ...(facts === undefined ? {} : { facts }) }
}

/** Peers named in a CHAIN_NOT_FOLLOWED refusal. */
const NAMED_PEERS_MAX = 8

/** @returns why `chain` cannot be asked for here, or undefined if it can. */
export function chainRefusal(port: NodePort, chain: ChainId): Refused | undefined {
  if (port.chains().includes(chain)) return undefined
  const { shards } = port.info()
  const named = { chain: chainToJson(chain) }
  if (chain >= shards)
    return refused('CHAIN_UNKNOWN', `the network has shards 0 … ${shards - 1}`, { ...named, shards })
  const peers = port.peers(chain).slice(0, NAMED_PEERS_MAX)
  return refused('CHAIN_NOT_FOLLOWED', `this node does not follow chain ${chainName(chain)}`, {
    ...named,
    peers: peers.map(({ peer, address }) => ({ peer, address }))
  })
}
