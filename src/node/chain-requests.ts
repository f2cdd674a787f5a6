/** Which chain answers a request (D12): each says which chain it is about, and what is not followed is lacking. */
import type { ChainId } from '../primitives/chain-id.ts'
import { BlocksByHashType, FinalRangeType } from '../codec/messages.ts'
import { decode } from '../codec/ssz.ts'
import type { Type } from '../codec/ssz.ts'
import { EpochsRequestType, SnapshotRequestType } from '../codec/state-snapshot.ts'
import { BodyRangeType, HeaderRangeType } from '../codec/sync-messages.ts'
import { INVALID, LACKS } from '../net/answers.ts'
import type { Network, RequestHandler, Response } from '../net/types.ts'
import type { ChainNode } from './chain/chain-node.ts'
import { serveBlocks, serveRange } from './chain/serve.ts'
import type { Receipts } from './receipts.ts'
import type { ChainSnapshots } from './snapshot/chain-snapshots.ts'
import { serveBodies, serveHeaders } from './sync/serve.ts'

export interface Served {
  readonly node: (chain: ChainId) => ChainNode | undefined
  readonly snapshots: ReadonlyMap<ChainId, ChainSnapshots>
  readonly receipts: Receipts
}

/** Before the network starts. */
export function serveChains(network: Network, { node, snapshots, receipts }: Served): void {
  network.serve(
    'bodies',
    about(BlocksByHashType, node, ({ store, driver }, request) =>
      serveBlocks(store, driver.instance, request)
    )
  )
  network.serve(
    'certificates',
    about(FinalRangeType, node, async ({ store }, request) => serveRange(store, request))
  )
  network.serve(
    'headers',
    about(HeaderRangeType, node, async ({ store }, request) => serveHeaders(store, request))
  )
  network.serve(
    'ranges',
    about(BodyRangeType, node, ({ store }, request) => serveBodies(store, request))
  )
  const ofChain = (chain: ChainId) => snapshots.get(chain)
  network.serve(
    'snapshot',
    about(SnapshotRequestType, ofChain, (own, request) => own.serve(request))
  )
  network.serve(
    'epochs',
    about(EpochsRequestType, ofChain, async (own, request) => own.serveEpochs(request))
  )
  network.serve('receipts', (body) => receipts.serve(body))
}

function about<R extends { readonly chain: ChainId }, T>(
  type: Type<R>,
  of: (chain: ChainId) => T | undefined,
  serve: (from: T, request: R) => Response | Promise<Response>
): RequestHandler {
  return (body) => {
    const request = decode(type, body)
    if (!request.ok) return INVALID
    const from = of(request.value.chain)
    return from === undefined ? LACKS : serve(from, request.value)
  }
}
