/**
 * What became of the actions over several shards (R13): decided and ended everywhere, or refused when they began, which
 * leaves no record (ATO-2). What was begun and does not end in time is a failure of the run; what never became final was
 * not begun, and counts as any other transfer that is not final.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { AtomicAnswerJson, Client, TransactionJson } from '../client/index.ts'

const IDS_PER_CALL = 200
/** Prepare, answer, decision and its answer each wait for a final block, and blocks are slow on a busy machine. */
const SETTLE_MS = 60_000
const ASK_MS = 1_000

export interface ActionFacts {
  readonly submitted: number
  readonly committed: number
  readonly aborted: number
  /** Their transaction failed: nothing was begun. */
  readonly failed: number
  readonly open: number
  /** Their transaction is not final. */
  readonly unbegun: number
}

export const NO_ACTIONS: ActionFacts = {
  submitted: 0,
  committed: 0,
  aborted: 0,
  failed: 0,
  open: 0,
  unbegun: 0
}

type Fate = Exclude<keyof ActionFacts, 'submitted'>

export async function settleActions(client: Client, ids: readonly string[]): Promise<ActionFacts> {
  const untilMs = performance.now() + SETTLE_MS
  const facts = { ...NO_ACTIONS, submitted: ids.length }
  for (let waiting = ids; waiting.length > 0;) {
    const isLast = performance.now() > untilMs
    const still: string[] = []
    for (let from = 0; from < waiting.length; from += IDS_PER_CALL) {
      const asked = waiting.slice(from, from + IDS_PER_CALL)
      for (const [index, fate] of (await fatesOf(client, asked)).entries()) {
        if (isOver(fate) || isLast) facts[fate] += 1
        else still.push(...asked.slice(index, index + 1))
      }
    }
    waiting = still
    if (waiting.length > 0) await delay(ASK_MS)
  }
  return facts
}

const isOver = (fate: Fate): boolean => fate !== 'open' && fate !== 'unbegun'

async function fatesOf(client: Client, ids: readonly string[]): Promise<Fate[]> {
  const params = ids.map((id) => ({ id }))
  const transactions = await client.batch('tx_get', params)
  const actions = await client.batch('atomic_get', params)
  return ids.map((_, index) => {
    const [transaction, action] = [transactions[index], actions[index]]
    return transaction?.ok === true && action?.ok === true
      ? fateOf(transaction.value, action.value)
      : 'unbegun'
  })
}

export function fateOf({ status, result }: TransactionJson, { record, held }: AtomicAnswerJson): Fate {
  if (status !== 'final') return 'unbegun'
  if (result !== undefined && result.code !== 'ok') return 'failed'
  if (record?.endedAt === undefined || held.length > 0) return 'open'
  return record.outcome === 'commit' ? 'committed' : 'aborted'
}
