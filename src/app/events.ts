/** What a node tells whoever runs it in their own process: typed events beside metrics and logs (SYSTEM 6, Library). */
import type { Evidence } from '../codec/evidence.ts'
import type { Block } from '../codec/block.ts'
import type { ChainEvents, FinalEvent } from '../node/ports.ts'
import type { ChainId } from '../primitives/chain-id.ts'

export interface NodeEventMap {
  readonly final: FinalEvent
  readonly entered: { readonly chain: ChainId; readonly epoch: number; readonly view: number }
  readonly nullified: { readonly chain: ChainId; readonly view: number }
  readonly invalidBlock: { readonly chain: ChainId; readonly block: Block; readonly reason: string }
  readonly evidence: Evidence
  readonly halted: { readonly chain: ChainId; readonly reason: string }
  readonly signingStopped: { readonly reason: string }
}
export type NodeEventName = keyof NodeEventMap
export type NodeListener<K extends NodeEventName> = (event: NodeEventMap[K]) => void

export class NodeEvents {
  readonly #listeners: { readonly [K in NodeEventName]: Set<NodeListener<K>> } = {
    final: new Set(),
    entered: new Set(),
    nullified: new Set(),
    invalidBlock: new Set(),
    evidence: new Set(),
    halted: new Set(),
    signingStopped: new Set()
  }

  /** @returns a function that ends the subscription. */
  on<K extends NodeEventName>(name: K, listener: NodeListener<K>): () => void {
    this.#listeners[name].add(listener)
    return () => void this.#listeners[name].delete(listener)
  }

  /** The same port with the listeners behind it: they hear of an event after metrics and log did. */
  behind(first: ChainEvents): ChainEvents {
    return {
      ...first,
      final: (event) => {
        first.final(event)
        this.#emit('final', event)
      },
      entered: (chain, epoch, view) => {
        first.entered(chain, epoch, view)
        this.#emit('entered', { chain, epoch, view })
      },
      nullified: (chain, view) => {
        first.nullified(chain, view)
        this.#emit('nullified', { chain, view })
      },
      invalidBlock: (chain, block, reason) => {
        first.invalidBlock(chain, block, reason)
        this.#emit('invalidBlock', { chain, block, reason })
      },
      evidence: (evidence) => {
        first.evidence(evidence)
        this.#emit('evidence', evidence)
      },
      halted: (chain, reason, proof) => {
        first.halted(chain, reason, proof)
        this.#emit('halted', { chain, reason })
      },
      signingStopped: (reason) => {
        first.signingStopped(reason)
        this.#emit('signingStopped', { reason })
      }
    }
  }

  /** A listener that throws is its owner's failure, not the node's: it surfaces as an uncaught exception. */
  #emit<K extends NodeEventName>(name: K, event: NodeEventMap[K]): void {
    for (const listener of this.#listeners[name]) {
      try {
        listener(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
