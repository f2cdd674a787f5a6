/**
 * What a devnet shows while it runs: per chain height, final height, transactions, finality and peers, from the
 * metrics of one node. On a terminal the table is drawn over itself; elsewhere it is a line every few seconds.
 */
import type { Devnet } from './devnet.ts'
import type { LoadProgress } from './load/messages.ts'
import { bucketsOf, metricSum, parseMetrics, quantile, sinceBuckets } from './prometheus.ts'
import type { Buckets } from './prometheus.ts'

export interface ChainRow {
  readonly chain: string
  readonly height: number
  readonly final: number
  readonly transactions: number
  /** Of the last half minute, from block time to finality at the node asked. */
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly peers: number
}

/** One every two seconds. */
const WINDOW_READINGS = 15
const ASK_MS = 2_000

export class ChainTable {
  readonly #devnet: Devnet
  /** Histograms of the last readings, by node and chain: a node's counters begin anew with its process. */
  readonly #history = new Map<string, Buckets[]>()

  constructor(devnet: Devnet) {
    this.#devnet = devnet
  }

  /** @returns undefined while no node answers. */
  async read(): Promise<ChainRow[] | undefined> {
    const [node] = this.#devnet.up
    if (node === undefined) return undefined
    let text: string
    try {
      const reply = await fetch(`${node.plan.rpc}/metrics`, { signal: AbortSignal.timeout(ASK_MS) })
      text = await reply.text()
    } catch (error) {
      if (error instanceof Error) return undefined
      throw error
    }
    const samples = parseMetrics(text)
    const names = [
      'coord',
      ...Array.from({ length: this.#devnet.genesis.shards }, (_, index) => String(index))
    ]
    return names.map((chain) => {
      const recent = this.#recent(
        `${node.pid ?? 0}/${chain}`,
        bucketsOf(samples, 'icn_finality_seconds', { chain })
      )
      const ms = (q: number): number | undefined => {
        const seconds = quantile(recent, q)
        return seconds === undefined ? undefined : Math.round(seconds * 1_000)
      }
      return {
        chain,
        height: metricSum(samples, 'icn_chain_height', { chain }),
        final: metricSum(samples, 'icn_chain_final_height', { chain }),
        transactions: metricSum(samples, 'icn_transactions_final_total', { chain }),
        p50Ms: ms(0.5),
        p99Ms: ms(0.99),
        peers: metricSum(samples, 'icn_peers', { chain })
      }
    })
  }

  #recent(key: string, now: Buckets): Buckets {
    const history = this.#history.get(key) ?? []
    const [oldest = []] = history
    history.push(now)
    if (history.length > WINDOW_READINGS) history.shift()
    this.#history.set(key, history)
    return sinceBuckets(now, oldest)
  }
}

const HEAD = ['chain', 'height', 'final', 'transactions', 'p50 ms', 'p99 ms', 'peers']

export function drawTable(rows: readonly ChainRow[]): string[] {
  const cells = rows.map(({ chain, height, final, transactions, p50Ms, p99Ms, peers }) => [
    chain,
    ...[height, final, transactions, p50Ms ?? '–', p99Ms ?? '–', peers].map(String)
  ])
  const all = [HEAD, ...cells]
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
}

export const progressLine = (rows: readonly ChainRow[]): string =>
  rows
    .map(
      ({ chain, final, transactions, p50Ms }) =>
        `${chain}: final ${final}, ${transactions} tx, p50 ${p50Ms ?? '–'} ms`
    )
    .join(' | ')

export const loadLine = ({ offered, submitted, final, refused }: LoadProgress): string =>
  `load: ${offered} offered, ${submitted} submitted, ${final} final, ${refused} refused`
