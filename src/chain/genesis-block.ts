/**
 * Genesis blocks (D1, GEN-9): one per chain, at height 0 with an empty body, computed by every node from the genesis
 * alone and signed by nobody. A shard's genesis refers to the coordination chain's.
 */
import { ZERO_HASH } from '../primitives/bytes.ts'
import { COORD } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import {
  BLOCK_VERSION,
  BodyType,
  EMPTY_DELIVERIES_ROOT,
  EMPTY_RECEIPTS_ROOT,
  attendanceRoot,
  blockHash,
  bodyHash,
  transactionsRoot
} from '../codec/block.ts'
import type { Block, Body, Header } from '../codec/block.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { genesisShare } from '../params/supply.ts'
import { coordGenesisExtra } from '../sharding/snapshot.ts'
import { buildGenesisState } from '../state/genesis-state.ts'
import type { StateChanges } from '../state/ports.ts'

export interface ChainGenesis {
  readonly block: Block
  /** Relative to the empty state. */
  readonly changes: StateChanges
}

const EMPTY_BODY: Body = {
  attendance: { parentCertificate: [], lateVotes: [] },
  deliveries: [],
  transactions: [],
  evidence: [],
  reveal: []
}

/** @param coordGenesis hash of the coordination chain's genesis block, of whoever has it at hand */
export function buildChainGenesis(genesis: Genesis, chain: ChainId, coordGenesis?: Uint8Array): ChainGenesis {
  const coordHash =
    chain === COORD ? ZERO_HASH : (coordGenesis ?? buildChainGenesis(genesis, COORD).block.hash)
  const changes = buildGenesisState({
    ...genesisShare(genesis, chain),
    extra: chain === COORD ? coordGenesisExtra(genesis) : [],
    params: genesis.params,
    timeMs: genesis.timeMs
  })
  const bodyBytes = BodyType.serialize(EMPTY_BODY)
  const header: Header = {
    version: BLOCK_VERSION,
    network: networkId(genesis),
    chain,
    epoch: 0,
    height: 0,
    view: 0,
    timeMs: genesis.timeMs,
    parent: ZERO_HASH,
    coordHeight: 0,
    coordHash,
    transactionsRoot: transactionsRoot([]),
    transactionCount: 0,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: EMPTY_DELIVERIES_ROOT,
    receiptsOutRoot: EMPTY_RECEIPTS_ROOT,
    attendanceRoot: attendanceRoot(EMPTY_BODY.attendance),
    stateRoot: changes.root,
    rewardConsumer: 0n,
    rewardIndustrial: 0n,
    proposer: ZERO_HASH
  }
  return { block: { header, hash: blockHash(header), bodyBytes, body: EMPTY_BODY }, changes }
}
