/**
 * What the network says after the load, asked over RPC: each transfer at a node that did not receive it, hash and
 * state root of every common final height at every node, and where all tokens are.
 */
import type { Client } from '../client/client.ts'
import { SUPPLY_PARTS } from '../client/types.ts'
import type { ChainJson, ChainSupply, HeaderJson } from '../client/types.ts'
import { MAX_SUPPLY } from '../params/supply.ts'
import type { DevnetNode } from './devnet-node.ts'
import { allFinals, common } from './finals.ts'
import { isOver } from './load/finality.ts'
import type { LoadReport } from './load/messages.ts'

const IDS_PER_CALL = 500
const HEADERS_PER_CALL = 100

/** Transfers that are final, and over on other shards, at nodes that did not take them in; and who lacks how many. */
export interface Counted {
  readonly final: number
  readonly lacking: readonly string[]
}

export async function countFinal(nodes: readonly DevnetNode[], ids: LoadReport['ids']): Promise<Counted> {
  let total = 0
  const lacking: string[] = []
  for (const { node: receiver, ids: taken } of ids) {
    const others = nodes.filter(({ plan }) => plan.index !== receiver)
    const asked = others[receiver % Math.max(1, others.length)]
    if (asked === undefined) continue
    let final = 0
    for (let from = 0; from < taken.length; from += IDS_PER_CALL) {
      const params = taken.slice(from, from + IDS_PER_CALL).map((id) => ({ id }))
      const answers = await asked.client.batch('tx_get', params)
      for (const answer of answers)
        if (answer.ok && answer.value.status === 'final' && answer.value.hops.every(isOver)) final++
    }
    total += final
    if (final < taken.length) lacking.push(`${asked.plan.name} lacks ${taken.length - final}`)
  }
  return { final: total, lacking }
}

export interface ChainFacts {
  readonly chain: ChainJson
  /** The highest height that every node has as final. */
  readonly height: number
  readonly hash: string
  readonly stateRoot: string
  readonly epoch: number
  /** Views that the chain went through, over all epochs. */
  readonly views: number
}

export interface Agreement {
  readonly agreement: boolean
  readonly chains: readonly ChainFacts[]
  /** Where two nodes differ. */
  readonly disagreements: readonly string[]
}

/** @throws what the client throws when a node does not answer. */
export async function compareNodes(nodes: readonly DevnetNode[]): Promise<Agreement> {
  const finals = await allFinals(nodes)
  const disagreements: string[] = []
  const chains: ChainFacts[] = []
  for (const [chain, height] of common(finals.values())) {
    let expected: readonly Compared[] | undefined
    for (const { plan, client } of nodes) {
      const found = await headersOf(client, chain, height)
      expected ??= found
      const differs = expected.findIndex((each, index) => !isSame(each, found[index]))
      if (differs >= 0) disagreements.push(`${plan.name}: chain ${chain} height ${differs}`)
    }
    const last = expected?.[height]
    if (expected === undefined || last === undefined) {
      disagreements.push(`chain ${chain}: no block at height ${height}`)
      continue
    }
    const { hash, header } = last
    chains.push({
      chain,
      height,
      hash,
      stateRoot: header.stateRoot,
      epoch: header.epoch,
      views: viewsOf(expected)
    })
  }
  return { agreement: disagreements.length === 0 && chains.length > 0, chains, disagreements }
}

interface Compared {
  readonly hash: string
  readonly header: HeaderJson
}

const isSame = (a: Compared, b: Compared | undefined): boolean =>
  a.hash === b?.hash && a.header.stateRoot === b.header.stateRoot

/** By height, from genesis on. */
async function headersOf(client: Client, chain: ChainJson, to: number): Promise<Compared[]> {
  const headers: Compared[] = []
  while (headers.length <= to) {
    const from = headers.length
    const limit = Math.min(HEADERS_PER_CALL, to - from + 1)
    const { blocks } = await client.call('chain_blocks', { chain, from, limit })
    if (blocks.length === 0) break
    headers.push(...blocks)
  }
  return headers
}

/** Views count from the start of each epoch; the last block of an epoch has its highest. */
function viewsOf(headers: readonly Compared[]): number {
  const perEpoch = new Map<number, number>()
  for (const { header } of headers) {
    if (header.height > 0) perEpoch.set(header.epoch, Math.max(header.view, perEpoch.get(header.epoch) ?? 0))
  }
  return [...perEpoch.values()].reduce((sum, views) => sum + views, 0)
}

export interface TokenSupply {
  readonly expected: string
  readonly actual: string
}
export interface Supply {
  readonly consumer: TokenSupply
  readonly industrial: TokenSupply
}

/** Summed over the state of each chain, as one node has it. */
export async function supplyOf({ client }: DevnetNode): Promise<Supply> {
  const { chains } = await client.call('supply_get', {})
  const sum = (token: 'consumer' | 'industrial'): TokenSupply => ({
    expected: String(MAX_SUPPLY),
    // As the ledger counts: a part of one chain may have wrapped where that of another did.
    actual: String(
      BigInt.asUintN(
        64,
        chains.reduce((total, chain) => total + partsOf(chain, token), 0n)
      )
    )
  })
  return { consumer: sum('consumer'), industrial: sum('industrial') }
}

const partsOf = (chain: ChainSupply, token: 'consumer' | 'industrial'): bigint =>
  SUPPLY_PARTS.reduce((total, part) => {
    const amount = BigInt(chain[token][part])
    return part === 'incoming' ? total - amount : total + amount
  }, 0n)

export const isExact = ({ consumer, industrial }: Supply): boolean =>
  consumer.actual === consumer.expected && industrial.actual === industrial.expected
