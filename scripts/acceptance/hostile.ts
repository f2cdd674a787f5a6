/**
 * Finality of honest nodes among hostile peers: the same swarm, quiet and attacked in turns, so that whatever else the
 * machine does falls on both alike. Three of four validators run; the key of the fourth is the attackers'.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Arena } from '../../test/support/arena.ts'
import { HOSTILE_ACTS, attackOnce } from '../../test/support/attacks.ts'
import { finalHeights } from '../../test/support/swarm.ts'
import type { Bars } from './bars.ts'
import { ratio, say } from './bars.ts'
import { offerTransfers } from './swarm-load.ts'
import type { Phase } from './swarm-load.ts'

const PAIRS = 5
const PHASE_S = 15
const TRANSFERS_PER_S = 20
const ATTACKERS = 3
/** Of one attacker. Every attack is a new host, whose keys and handshakes take the same event loop's time. */
const PAUSE_MS = 500

interface Tally {
  tried: number
  counted: number
}

/** Attackers that go through all acts until told to stop. */
async function attack(arena: Arena, tallies: Map<string, Tally>, signal: AbortSignal): Promise<void> {
  let next = 0
  const attacker = async (): Promise<void> => {
    while (!signal.aborted) {
      const act = HOSTILE_ACTS[next % HOSTILE_ACTS.length]
      const at = arena.swarm.running[next % arena.swarm.running.length]
      next++
      if (act === undefined || at === undefined) throw new RangeError('a swarm has nodes and acts')
      const tally = tallies.get(act.title) ?? { tried: 0, counted: 0 }
      tallies.set(act.title, tally)
      tally.tried++
      if (await attackOnce(arena, act, at)) tally.counted++
      await delay(PAUSE_MS)
    }
  }
  await Promise.all(Array.from({ length: ATTACKERS }, attacker))
}

async function measure(arena: Arena, name: string): Promise<Phase> {
  const phase = await offerTransfers(arena.swarm, PHASE_S, TRANSFERS_PER_S)
  say(`  ${name}: p50 ${phase.p50} ms, p99 ${phase.p99} ms, ${phase.final} of ${phase.sent} final`)
  return phase
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.POSITIVE_INFINITY

export async function hostile(_data: string, bars: Bars): Promise<void> {
  const arena = await Arena.open()
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  const tallies = new Map<string, Tally>()
  const quiet: Phase[] = []
  const attacked: Phase[] = []
  try {
    // A nonce that is used: what is replayed of it is stale.
    await arena.swarm.submitTransfer(0, { from: 'user7', to: 'user8' })
    await measure(arena, 'warm-up')
    for (let pair = 0; pair < PAIRS; pair++) {
      quiet.push(await measure(arena, 'quiet'))
      const stopping = new AbortController()
      const attackers = attack(arena, tallies, stopping.signal)
      attacked.push(await measure(arena, 'attacked'))
      stopping.abort()
      await attackers
    }
    const before = Math.min(...finalHeights(arena.swarm))
    await arena.progress(2)
    bars.atLeast('final blocks after it all', Math.min(...finalHeights(arena.swarm)) - before, 2)
    bars.check('no honest peer below zero, none cut off, none halted', isUnharmed(arena), 'ok')
  } finally {
    process.off('unhandledRejection', onUnhandled)
    await arena.swarm.stop()
  }
  for (const [title, { tried, counted }] of tallies) {
    bars.check(`refused with its reason and counted: ${title}`, counted > 0, `${counted} of ${tried}`)
  }
  bars.atLeast('kinds of attack', tallies.size, HOSTILE_ACTS.length)
  bars.check('no unhandled rejection', unhandled.length === 0, unhandled.length)
  const final = [...quiet, ...attacked].reduce((sum, phase) => sum + phase.final, 0)
  const sent = [...quiet, ...attacked].reduce((sum, phase) => sum + phase.sent, 0)
  bars.atLeast('share of transfers that is final', ratio(final, sent), 0.99)
  const [p50, p50Attacked] = [quiet, attacked].map((phases) => median(phases.map((phase) => phase.p50)))
  bars.atMost(
    `finality p50 under attack (${p50Attacked} ms) of quiet (${p50} ms)`,
    ratio(p50Attacked ?? 0, p50 ?? 0),
    1.5
  )
}

function isUnharmed(arena: Arena): boolean {
  try {
    arena.assertUnharmed()
    return true
  } catch (error) {
    say(`  ${String(error)}`)
    return false
  }
}
