/** Supply is an equality (invariant 4): what a chain holds and sent, less what it received, is what it held at genesis. */
import { chainName } from '../../../primitives/chain-id.ts'
import type { ChainId } from '../../../primitives/chain-id.ts'
import { issuedBy, readTotals } from '../../../state/supply.ts'
import type { StateView } from '../../../state/ports.ts'

export class Supply {
  readonly #expected = new Map<ChainId, string>()
  readonly #violation: (text: string) => void

  constructor(violation: (text: string) => void) {
    this.#violation = violation
  }

  /** @param state after genesis. */
  expect(chain: ChainId, state: Pick<StateView, 'get'>): void {
    this.#expected.set(chain, heldText(state))
  }

  /** @param state after a final block. */
  check(node: number, chain: ChainId, state: Pick<StateView, 'get'>): void {
    const found = heldText(state)
    const expected = this.#expected.get(chain)
    if (expected !== found) {
      this.#violation(
        `invariant 4: chain ${chainName(chain)} at node ${node} holds ${found}, not ${expected}`
      )
    }
  }
}

function heldText(state: Pick<StateView, 'get'>): string {
  const { consumer, industrial } = issuedBy(readTotals(state))
  return `${consumer}/${industrial}`
}
