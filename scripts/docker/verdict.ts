/**
 * What is wrong with a network, from what its RPC says. Pure: observations go in with their time, findings come out.
 * A node that says it is healthy is held to it: its chains have to become final at least every ten seconds.
 */
import type { ChainJson, SyncMode } from '../../src/client/types.ts'

/** A healthy node's final height may stand still so long. */
export const STILL_MS_MAX = 10_000
/** Blocks that a node in sync may be behind the highest one: what becomes final while its answer travels. */
export const BEHIND_MAX = 5
/** Heights whose hashes are compared, per chain: older ones are forgotten. */
const HASHES_MAX = 1_000

interface Chain {
  final: number
  movedMs: number
  mode: SyncMode | undefined
}
interface Observed {
  /** Since when it says so without interruption; undefined while it does not. */
  healthyMs: number | undefined
  readonly chains: Map<ChainJson, Chain>
}

export class NetworkVerdict {
  readonly #nodes = new Map<string, Observed>()
  readonly #hashes = new Map<ChainJson, Map<number, { readonly hash: string; readonly node: string }>>()
  /** What was found once stays found, in the order of finding. */
  readonly #findings = new Set<string>()

  constructor(nodes: readonly string[]) {
    for (const name of nodes) this.#nodes.set(name, { healthyMs: undefined, chains: new Map() })
  }

  health(name: string, isHealthy: boolean, nowMs: number): void {
    const node = this.#node(name)
    node.healthyMs = isHealthy ? (node.healthyMs ?? nowMs) : undefined
    this.#judgeStill(name, nowMs)
  }

  /** Where a chain is, as `node_sync` says. */
  sync(name: string, chain: ChainJson, final: number, mode: SyncMode, nowMs: number): void {
    this.#moved(name, chain, final, nowMs).mode = mode
    this.#judgeStill(name, nowMs)
  }

  /** A final block. */
  final(name: string, chain: ChainJson, height: number, hash: string, nowMs: number): void {
    this.#moved(name, chain, height, nowMs)
    const hashes = this.#hashes.get(chain) ?? new Map<number, { hash: string; node: string }>()
    this.#hashes.set(chain, hashes)
    const first = hashes.get(height)
    if (first === undefined) hashes.set(height, { hash, node: name })
    else if (first.hash !== hash)
      this.#findings.add(`chain ${chain} has two final blocks at ${height}: ${first.node} and ${name} differ`)
    for (const old of hashes.keys()) {
      if (hashes.size <= HASHES_MAX) break
      hashes.delete(old)
    }
  }

  /** What was wrong at any time: forks, and healthy nodes that stood still. */
  get findings(): readonly string[] {
    return [...this.#findings]
  }

  /** What is missing at this moment for the network to be whole, leaving out nodes that are `away`. */
  missing(away: readonly string[] = []): readonly string[] {
    const here = [...this.#nodes].filter(([name]) => !away.includes(name))
    const chains = new Set(here.flatMap(([, node]) => [...node.chains.keys()]))
    if (chains.size === 0) return ['no node says how far its chains are']
    return here.flatMap(([name, node]) => {
      if (node.healthyMs === undefined) return [`${name} is not healthy`]
      return [...chains].flatMap((chain) => this.#missingOf(name, node.chains.get(chain), chain))
    })
  }

  /** Whether a node has said how far its chains are. */
  isHeard(name: string): boolean {
    return this.#node(name).chains.size > 0
  }

  /** Highest final height of a chain at any node. */
  highest(chain: ChainJson): number {
    return Math.max(0, ...[...this.#nodes.values()].map(({ chains }) => chains.get(chain)?.final ?? 0))
  }

  get chains(): readonly ChainJson[] {
    return [...new Set([...this.#nodes.values()].flatMap(({ chains }) => [...chains.keys()]))]
  }

  #missingOf(name: string, at: Chain | undefined, chain: ChainJson): readonly string[] {
    if (at === undefined) return [`${name} does not have chain ${chain}`]
    if (at.final === 0) return [`${name} has no final block of chain ${chain}`]
    const highest = this.highest(chain)
    if (at.final + BEHIND_MAX < highest)
      return [`${name} has chain ${chain} final at ${at.final}, others at ${highest}`]
    return at.mode === undefined || at.mode === 'live'
      ? []
      : [`${name} has chain ${chain} in mode ${at.mode}`]
  }

  #moved(name: string, chain: ChainJson, final: number, nowMs: number): Chain {
    const { chains } = this.#node(name)
    const known = chains.get(chain)
    if (known === undefined) {
      const fresh: Chain = { final, movedMs: nowMs, mode: undefined }
      chains.set(chain, fresh)
      return fresh
    }
    if (final > known.final) {
      known.final = final
      known.movedMs = nowMs
    }
    return known
  }

  #judgeStill(name: string, nowMs: number): void {
    const { healthyMs, chains } = this.#node(name)
    if (healthyMs === undefined) return
    for (const [chain, { final, movedMs }] of chains) {
      if (nowMs - Math.max(movedMs, healthyMs) > STILL_MS_MAX)
        this.#findings.add(
          `${name} is healthy, but its chain ${chain} stands still at ${final} for ${STILL_MS_MAX / 1_000} s`
        )
    }
    if (chains.size === 0 && nowMs - healthyMs > STILL_MS_MAX)
      this.#findings.add(`${name} is healthy, but does not say how far its chains are`)
  }

  #node(name: string): Observed {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new RangeError(`no node ${name}`)
    return node
  }
}
