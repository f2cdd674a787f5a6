/** What several directories say of one chain (invariants 1 and 3): at one height one block, and so one state root. */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Report } from './findings.ts'
import type { PlacedBlock, WalkedChain } from './walk.ts'

interface Held {
  readonly block: PlacedBlock
  readonly directory: string
}

export class ChainAgreement {
  readonly #held: Held[] = []

  /** Only the first height of a branch is reported: all above differ with it. */
  compare(directory: string, { blocks }: WalkedChain, report: Report): void {
    let isReported = false
    for (const [height, block] of blocks.entries()) {
      if (block === undefined) continue
      const held = this.#held[height]
      if (held === undefined) this.#held[height] = { block, directory }
      else if (!isReported && !equal(held.block.hash, block.hash)) {
        isReported = true
        const other = `${toHex(held.block.hash)} in ${held.directory}`
        report('header', height, `invariant 1: ${toHex(block.hash)} is final here, ${other}`)
        if (!equal(held.block.stateRoot, block.stateRoot)) {
          const roots = `${toHex(block.stateRoot)} here, ${toHex(held.block.stateRoot)} in ${held.directory}`
          report('header', height, `invariant 3: the state root is ${roots}`)
        }
      }
    }
  }
}
