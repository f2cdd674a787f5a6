/** A node port whose chains grow when a test says so. */
import type { Block } from '../../src/codec/block.ts'
import { must } from '../../src/primitives/errors.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { NodePort } from '../../src/rpc/port.ts'
import { SHARD, aBlock, bytes32, fakeNodePort } from './fake-node-port.ts'

export class GrowingChain {
  readonly port: NodePort
  readonly #heights = new Map<ChainId, number>([
    [COORD, 0],
    [SHARD, 0]
  ])
  readonly #blocks = new Map<string, Block>()
  readonly #listeners = new Set<() => void>()
  /** Blocks below are not held. */
  earliest = 0

  constructor(overrides: Partial<NodePort> = {}) {
    this.port = fakeNodePort({
      head: (chain) => {
        const height = this.height(chain)
        return { epoch: 0, final: aBlock(chain, height), head: { height: height + 1, hash: bytes32(8) } }
      },
      headers: async (chain, from, limit) => {
        if (from < this.earliest) return []
        const count = Math.max(0, Math.min(limit, this.height(chain) + 1 - from))
        return Array.from({ length: count }, (_, index) => this.#block(chain, from + index))
      },
      ...overrides
    })
  }

  height(chain: ChainId): number {
    return must(this.#heights.get(chain), 'a followed chain')
  }

  /** Made once: many readers ask for the same blocks. */
  #block(chain: ChainId, height: number): Block {
    const key = `${chain} ${height}`
    const block = this.#blocks.get(key) ?? aBlock(chain, height)
    this.#blocks.set(key, block)
    return block
  }

  grow(chain: ChainId, by = 1): void {
    this.#heights.set(chain, this.height(chain) + by)
    for (const listener of this.#listeners) listener()
  }

  get listeners(): number {
    return this.#listeners.size
  }

  readonly onFinal = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** For servers whose WebSockets are not what a test looks at. */
export const SILENT_SOCKETS = {
  socketEvents: {
    counted: () => undefined,
    published: () => undefined,
    ended: () => undefined,
    refused: () => undefined
  },
  onFinal: () => () => undefined
}
