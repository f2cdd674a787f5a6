/**
 * An action is one module (D9): what it takes, when it is refused without state, what it costs and what it does.
 * The registry next to this file lists them all; nothing else knows them by name.
 */
import type { ExecutionCode, StatelessCode } from '../../codec/refusals.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import type { Type } from '../../codec/ssz.ts'
import type { Ledger } from '../ledger.ts'
import type {
  ActionPayload,
  Amounts,
  BlockContext,
  CheckedTransaction,
  GenesisConstants,
  ReceiptPlace
} from '../types.ts'

export interface Action<P extends ActionPayload = ActionPayload> {
  readonly number: number
  readonly name: string
  /** Where it runs: on its sender's home shard or on the coordination chain. */
  readonly place: 'home' | 'coord'
  /** No fee is demanded: mana bounds it, and only who is in the registry has any on `coord` (REG-6). */
  readonly isFree?: true
  readonly payloadType: Type<P>
  /** M2: reads the payload, the sender's address and the genesis; nothing else. */
  stateless(payload: P, sender: Uint8Array, constants: GenesisConstants): StatelessCode | undefined
  /** Other chains that it sends a receipt to, each once. `place`: where it runs, if that is known. */
  destinations(
    payload: P,
    sender: Uint8Array,
    constants: GenesisConstants,
    place?: ChainId
  ): readonly ChainId[]
  /** Mana of a transaction of `bytes` bytes that touches so many other chains, known before it runs. */
  cost(bytes: number, otherChains: number): bigint
  /** What it takes from the sender at least, besides the fee: what a pool reserves (M7). */
  spends(payload: P, sender: Uint8Array): Amounts
  /** Runs it after fee, mana and nonce were charged. A refusal comes before the first change. */
  apply(
    checked: CheckedTransaction<P>,
    ledger: Ledger,
    context: BlockContext
  ): ExecutionCode | undefined | readonly ReceiptPlace[]
}
