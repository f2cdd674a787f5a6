/** Methods about one chain's blocks, certificates and running view. */
import type { BlockJson } from '../../client/types.ts'
import { HeaderType } from '../../codec/block.ts'
import type { Block } from '../../codec/block.ts'
import { decode } from '../../codec/ssz.ts'
import { TransactionType, transactionId } from '../../codec/transaction.ts'
import { toHex } from '../../primitives/bytes.ts'
import { COORD, chainToJson, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { assert } from '../../primitives/errors.ts'
import { accept } from '../../primitives/result.ts'
import { blockId, blockSummary, certificateJson, placeJson } from '../json.ts'
import { invalidParams, method } from '../method.ts'
import type { Method } from '../method.ts'
import { booleanParam, chainParam, hexParam, integerParam, optional } from '../params.ts'
import type { NodePort } from '../port.ts'
import { chainRefusal, refused } from '../refusals.ts'

/** Headers in one `chain_blocks` answer. */
const BLOCKS_MAX = 200
/** Views in one `chain_leaders` answer. */
const LEADERS_MAX = 256
/** An answer may have megabytes; 20 of them make a full batch. */
const BLOCK_WEIGHT = 50
/** An answer may have 300 KiB. */
const BLOCKS_WEIGHT = 10

const height = integerParam('height', 0)

export const finalPlace = (
  port: NodePort,
  chain: ChainId
): { chain: ChainId; height: number; hash: Uint8Array } => {
  const { final } = port.head(chain)
  return { chain, height: final.header.height, hash: final.hash }
}

const chainList = method('chain_list', {
  summary: 'All chains of the network and which of them this node follows',
  params: {},
  call(port) {
    const followed = new Set(port.chains())
    const all = [COORD, ...Array.from({ length: port.info().shards }, (_, index) => shardId(index))]
    return accept({
      chains: all.map((chain) => {
        if (!followed.has(chain)) return { chain: chainToJson(chain), follows: false }
        const { epoch, final } = port.head(chain)
        const id = blockId({ height: final.header.height, hash: final.hash })
        return { chain: chainToJson(chain), follows: true, epoch, final: id }
      })
    })
  }
})

const chainHead = method('chain_head', {
  summary: 'Newest final block of a chain, and the newest notarised one above it',
  params: { chain: chainParam },
  call(port, { chain }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const { epoch, final, head } = port.head(chain)
    return accept({
      chain: chainToJson(chain),
      epoch,
      final: blockSummary(final),
      head: blockId(head),
      asOf: placeJson({ chain, height: final.header.height, hash: final.hash })
    })
  }
})

function blockJson(port: NodePort, block: Block, raw: boolean): BlockJson {
  const { header } = block
  const asOf = finalPlace(port, header.chain)
  return {
    ...blockSummary(block),
    final: header.height <= asOf.height,
    transactions: block.body.transactions.map((bytes) => {
      const transaction = decode(TransactionType, bytes)
      assert(transaction.ok, 'a stored block has canonical transactions')
      return toHex(transactionId(header.network, transaction.value))
    }),
    ...(raw ? { raw: { header: toHex(HeaderType.serialize(header)), body: toHex(block.bodyBytes) } } : {}),
    asOf: placeJson(asOf)
  }
}

const chainBlock = method('chain_block', {
  summary: 'One block by height (final) or hash, with its transaction ids and, if asked, its canonical bytes',
  weight: BLOCK_WEIGHT,
  params: {
    chain: chainParam,
    height: optional(height),
    hash: optional(hexParam('block hash', { length: 32 })),
    raw: optional(booleanParam('add canonical header and body bytes'))
  },
  async call(port, { chain, height: at, hash, raw }) {
    if ((at === undefined) === (hash === undefined)) return invalidParams('give either height or hash')
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const block = await port.block(chain, at ?? hash ?? 0)
    if (block === undefined) {
      return refused('BLOCK_UNKNOWN', 'no such block here', { final: finalPlace(port, chain).height })
    }
    return accept(blockJson(port, block, raw ?? false))
  }
})

const chainBlocks = method('chain_blocks', {
  summary: 'Headers of final blocks from a height upwards',
  weight: BLOCKS_WEIGHT,
  params: { chain: chainParam, from: height, limit: integerParam('most headers', 1, BLOCKS_MAX) },
  async call(port, { chain, from, limit }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const headers = await port.headers(chain, from, limit)
    return accept({
      chain: chainToJson(chain),
      blocks: headers.map(blockSummary),
      asOf: placeJson(finalPlace(port, chain))
    })
  }
})

const chainCertificate = method('chain_certificate', {
  summary: 'Finality certificate of the block at a height, or of the first certified block above it',
  params: { chain: chainParam, height },
  async call(port, { chain, height: at }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const found = await port.certificate(chain, at)
    const asOf = finalPlace(port, chain)
    if (found === undefined) {
      return refused('CERTIFICATE_UNKNOWN', 'not final here', { final: asOf.height })
    }
    return accept({
      height: found.height,
      certificate: certificateJson(found.certificate),
      asOf: placeJson(asOf)
    })
  }
})

const chainView = method('chain_view', {
  summary: 'Running epoch and view: leader, votes seen, timer',
  params: { chain: chainParam },
  call(port, { chain }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const { leader, timer, ...facts } = port.view(chain)
    return accept({
      chain: chainToJson(chain),
      ...facts,
      leader: toHex(leader),
      timer: timer ?? null,
      asOf: placeJson(finalPlace(port, chain))
    })
  }
})

const chainLeaders = method('chain_leaders', {
  summary: 'Leaders of the next views of the running epoch, the current view first',
  params: { chain: chainParam, count: integerParam('views', 1, LEADERS_MAX) },
  call(port, { chain, count }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const { epoch, leaders } = port.leaders(chain, count)
    return accept({
      chain: chainToJson(chain),
      epoch,
      leaders: leaders.map(({ view, key }) => ({ view, validator: toHex(key) }))
    })
  }
})

export const chainMethods: readonly Method[] = [
  chainList,
  chainHead,
  chainBlock,
  chainBlocks,
  chainCertificate,
  chainView,
  chainLeaders
]
