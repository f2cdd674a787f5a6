/**
 * Atomic actions, read from outside over the final blocks of honest nodes (R13, ATO): each shard is asked once and told
 * once, all are told the same, nobody is told to commit unless everybody had prepared, and at the end either every leg
 * has arrived or none has. It keeps its own account of votes and decisions; records of states are compared with it.
 */
import { must } from '../../../primitives/errors.ts'
import { equal, toHex } from '../../../primitives/bytes.ts'
import type { Hex } from '../../../primitives/bytes.ts'
import { chainName } from '../../../primitives/chain-id.ts'
import type { ChainId } from '../../../primitives/chain-id.ts'
import {
  ACTION_MULTI_TRANSFER,
  AtomicDecisionType,
  MultiTransferType,
  OUTCOME_ABORT,
  OUTCOME_COMMIT
} from '../../../codec/atomic.ts'
import type { Leg } from '../../../codec/atomic.ts'
import type { Block } from '../../../codec/block.ts'
import { DeliveryType, RECEIPT_CALL, RECEIPT_SYSTEM } from '../../../codec/receipt.ts'
import type { Receipt } from '../../../codec/receipt.ts'
import { refusalNumber } from '../../../codec/refusals.ts'
import { decodeResults } from '../../../codec/results.ts'
import type { StoredReceipt } from '../../../codec/results.ts'
import { MESSAGE_ATOMIC_DECISION } from '../../../codec/system.ts'
import { TransactionType, transactionId } from '../../../codec/transaction.ts'
import type { ChainNode } from '../../../node/chain/chain-node.ts'
import { readAtomic, readEscrow } from '../../../state/atomic/records.ts'
import { placed, shardsOf } from '../../../state/atomic/legs.ts'
import { readAccount, readTotals } from '../../../state/supply.ts'
import type { Coverage } from '../coverage.ts'

interface Seen {
  readonly id: Uint8Array
  readonly coordinator: ChainId
  readonly legs: readonly Leg[]
  /** Shards that have a part, without the coordinator. */
  readonly others: readonly ChainId[]
  readonly prepared: Set<ChainId>
  readonly told: Map<ChainId, number>
}

export interface AtomicInit {
  readonly shards: number
  readonly coverage: Coverage
  readonly violation: (text: string) => void
}

export class AtomicBook {
  readonly #init: AtomicInit
  readonly #actions = new Map<Hex, Seen>()
  /** What arrived of actions whose beginning was not read yet: chains are read each at its own pace. */
  readonly #early = new Map<Hex, Receipt[]>()
  /** How many legs end at an address: whoever is paid once alone shows what became of that leg. */
  readonly #paid = new Map<Hex, number>()

  constructor(init: AtomicInit) {
    this.#init = init
  }

  /** Each final block of each chain once, in order. */
  read({ header, body }: Block, results: Uint8Array): void {
    const { transactions, received } = decodeResults(results)
    for (const [index, bytes] of body.transactions.entries()) {
      if (transactions[index]?.failure === undefined) this.#begun(header.network, bytes)
    }
    const receipts = body.deliveries.flatMap((bytes) =>
      DeliveryType.deserialize(bytes).entries.flatMap(({ entry }) => entry.receipts)
    )
    for (const [index, receipt] of receipts.entries()) {
      this.#read(receipt, must(received[index], 'each receipt has an outcome'))
    }
  }

  #begun(network: Uint8Array, bytes: Uint8Array): void {
    const transaction = TransactionType.deserialize(bytes)
    if (transaction.action !== ACTION_MULTI_TRANSFER) return
    const { legs } = MultiTransferType.deserialize(transaction.payload)
    const id = transactionId(network, transaction)
    const coordinator = transaction.chain
    const others = shardsOf(placed(legs, this.#init.shards)).filter((chain) => chain !== coordinator)
    this.#actions.set(toHex(id), { id, coordinator, legs, others, prepared: new Set(), told: new Map() })
    for (const { to } of legs) this.#paid.set(toHex(to), (this.#paid.get(toHex(to)) ?? 0) + 1)
    const early = this.#early.get(toHex(id)) ?? []
    this.#early.delete(toHex(id))
    for (const receipt of early) this.#arrived(receipt)
  }

  #read(receipt: Receipt, { refusal }: StoredReceipt): void {
    const { kind, origin, payload } = receipt
    const isDecision = kind === RECEIPT_SYSTEM && payload[0] === MESSAGE_ATOMIC_DECISION
    if (refusal !== undefined || (kind !== RECEIPT_CALL && !isDecision)) return
    const id = toHex(origin)
    if (this.#actions.has(id)) this.#arrived(receipt)
    else this.#early.set(id, [...(this.#early.get(id) ?? []), receipt])
  }

  #arrived({ kind, origin, destination, payload }: Receipt): void {
    const action = must(this.#actions.get(toHex(origin)), 'its beginning was read')
    const name = `action ${toHex(origin).slice(0, 8)} on ${chainName(destination)}`
    if (kind === RECEIPT_CALL) {
      if (action.prepared.has(destination)) this.#init.violation(`ATO-5: ${name} prepares twice`)
      action.prepared.add(destination)
    } else {
      this.#told(action, destination, AtomicDecisionType.deserialize(payload.subarray(1)).outcome, name)
    }
  }

  #told({ told }: Seen, chain: ChainId, outcome: number, name: string): void {
    if (told.has(chain)) this.#init.violation(`ATO-8: ${name} obeys two decisions`)
    told.set(chain, outcome)
    if ([...told.values()].some((other) => other !== outcome)) {
      this.#init.violation(`R13: ${name} is told otherwise than another shard`)
    }
  }

  /** When nothing is under way any more: what is not settled, or settled by halves. */
  unsettled(chains: readonly ChainNode[]): string[] {
    const stores = new Map(chains.map(({ chain, store }) => [chain, store]))
    const out = [...this.#early.keys()].map((id) => `action ${id.slice(0, 8)}: nobody began it`)
    for (const action of this.#actions.values()) {
      const wrong = this.#judge(action, stores)
      if (wrong !== undefined) out.push(`action ${toHex(action.id).slice(0, 8)}: ${wrong}`)
    }
    for (const [chain, store] of stores) {
      const { escrowConsumer, escrowIndustrial } = readTotals(store)
      if (escrowConsumer + escrowIndustrial > 0n) out.push(`${chainName(chain)} still holds something`)
    }
    return out
  }

  #judge(action: Seen, stores: ReadonlyMap<ChainId, ChainNode['store']>): string | undefined {
    const { id, coordinator, others, legs, told, prepared } = action
    const home = stores.get(coordinator)
    if (home === undefined) return undefined
    const record = readAtomic(home, id)
    if (record === undefined || record.endedAt === 0) return `outcome ${record?.outcome}, not ended`
    this.#count(record.outcome, record.reason)
    for (const chain of [coordinator, ...others]) {
      const store = stores.get(chain)
      if (store !== undefined && readEscrow(store, id) !== undefined)
        return `${chainName(chain)} holds its part`
    }
    const isCommit = record.outcome === OUTCOME_COMMIT
    if ([...told.values()].some((outcome) => outcome !== record.outcome))
      return 'told otherwise than recorded'
    if (isCommit && told.size !== others.length) return 'committed, and not everybody was told'
    // Only here: a shard may be read after the one that was told what it had prepared for.
    if (isCommit && prepared.size !== others.length) return 'committed, and not everybody had prepared'
    const split = placed(legs, this.#init.shards).find(({ to, destination, consumer, industrial }) => {
      const store = stores.get(destination)
      if (store === undefined || this.#paid.get(toHex(to)) !== 1 || !isFresh(to)) return false
      const account = readAccount(store, to)
      return isCommit
        ? account?.consumer !== consumer || account.industrial !== industrial
        : account !== undefined
    })
    return split === undefined
      ? undefined
      : `leg ${split.index} is otherwise than the outcome ${record.outcome}`
  }

  #count(outcome: number, reason: number): void {
    const { coverage } = this.#init
    if (outcome === OUTCOME_COMMIT) coverage.actionsCommitted++
    if (outcome === OUTCOME_ABORT) coverage.actionsAborted++
    if (reason === refusalNumber('deadline-passed')) coverage.deadlinesPassed++
  }
}

const FRESH_TAG = Uint8Array.of(0xf5, 0xf5)

/** Addresses that only legs of the workload name, and each one leg. */
export const isFresh = (address: Uint8Array): boolean => equal(address.subarray(-2), FRESH_TAG)

/** The same address, marked: nobody has its key. */
export function freshened(address: Uint8Array): Uint8Array {
  const marked = address.slice()
  marked.set(FRESH_TAG, address.length - FRESH_TAG.length)
  return marked
}
