/** Transfers at a steady rate through the honest nodes of a swarm, each timed from sending to finality at its node. */
import { setTimeout as delay } from 'node:timers/promises'
import { percentile } from '../../src/devnet/summary.ts'
import { toHex } from '../../src/primitives/bytes.ts'
import type { Swarm } from '../../src/testing/index.ts'

export interface Phase {
  readonly sent: number
  readonly final: number
  readonly refused: number
  readonly p50: number
  readonly p99: number
}

const ACCOUNTS = 6
/** What was sent last may become final after the phase. */
const DRAIN_MS = 5_000

/** Sends for so many seconds; a node that is behind by a beat catches up, so that none is left out. */
export async function offerTransfers(swarm: Swarm, seconds: number, perS: number): Promise<Phase> {
  const nodes = swarm.running
  const waiting = new Map<string, number>()
  const took: number[] = []
  const endings = nodes.map(({ events }) =>
    events.on('final', ({ transactionIds }) => {
      for (const id of transactionIds) {
        const sentMs = waiting.get(toHex(id))
        if (sentMs === undefined) continue
        waiting.delete(toHex(id))
        took.push(performance.now() - sentMs)
      }
    })
  )
  const fromMs = performance.now()
  let refused = 0
  let sent = 0
  for (; sent < seconds * perS; sent++) {
    await delay(Math.max(0, fromMs + (1_000 * sent) / perS - performance.now()))
    const account = sent % ACCOUNTS
    const sentMs = performance.now()
    try {
      // One node for each account: its pool knows the nonces.
      const { id } = await swarm.submitTransfer(account % nodes.length, {
        from: `user${account}`,
        to: 'user9',
        amount: 1n
      })
      waiting.set(id, sentMs)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      refused++
    }
  }
  const untilMs = performance.now() + DRAIN_MS
  while (waiting.size > 0 && performance.now() < untilMs) await delay(10)
  for (const end of endings) end()
  took.sort((a, b) => a - b)
  const ms = (q: number): number => Math.round(10 * (percentile(took, q) ?? Number.POSITIVE_INFINITY)) / 10
  return { sent, final: took.length, refused, p50: ms(0.5), p99: ms(0.99) }
}
