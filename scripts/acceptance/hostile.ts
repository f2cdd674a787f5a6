/**
 * Finality of honest nodes among hostile peers: the same swarm, quiet and attacked in turns, so that whatever else the
 * machine does falls on both alike. Three of four validators run here; the key of the fourth is the attackers', who are a
 * process of their own.
 */
import { must } from '../../src/primitives/errors.ts'
import { addressText } from '../../src/rpc/server.ts'
import { genesisToJson } from '../../src/params/genesis-json.ts'
import { Arena } from '../../test/support/arena.ts'
import { HOSTILE_ACTS } from '../../test/support/attacks.ts'
import { finalHeights } from '../../test/support/swarm.ts'
import type { Place, Tallies } from './attackers.ts'
import type { Bars } from './bars.ts'
import { median, ratio, say } from './bars.ts'
import { Crew } from './orders.ts'
import { offerTransfers } from './swarm-load.ts'
import type { Phase } from './swarm-load.ts'

const PAIRS = 5
const PHASE_S = 15
const TRANSFERS_PER_S = 20

async function measure(arena: Arena, name: string): Promise<Phase> {
  const [before, fromMs] = [process.cpuUsage(), performance.now()]
  const phase = await offerTransfers(arena.swarm, PHASE_S, TRANSFERS_PER_S)
  const { user, system } = process.cpuUsage(before)
  const cpu = Math.round((user + system) / 10 / (performance.now() - fromMs))
  say(
    `  ${name}: p50 ${phase.p50} ms, p99 ${phase.p99} ms, ${phase.final} of ${phase.sent} final, ${cpu} % of a core`
  )
  return phase
}

const placeOf = ({ swarm, honest }: Arena): Place => ({
  genesis: genesisToJson(swarm.genesis),
  honest,
  victims: swarm.running.map(({ network, rpcAddress }) => ({
    address: must(network?.addresses()[0], 'a running node listens'),
    rpc: `http://${addressText(must(rpcAddress, 'a running node answers'))}`
  }))
})

export async function hostile(_data: string, bars: Bars): Promise<void> {
  const arena = await Arena.open()
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  let tallies: Tallies = {}
  const crew = await Crew.start('attackers.js')
  const quiet: Phase[] = []
  const attacked: Phase[] = []
  try {
    // A nonce that is used: what is replayed of it is stale.
    await arena.swarm.submitTransfer(0, { from: 'user7', to: 'user8' })
    await crew.order('settle', placeOf(arena))
    await measure(arena, 'warm-up')
    for (let pair = 0; pair < PAIRS; pair++) {
      quiet.push(await measure(arena, 'quiet'))
      await crew.order('attack')
      attacked.push(await measure(arena, 'attacked'))
      tallies = await crew.order<Tallies>('rest')
    }
    const before = Math.min(...finalHeights(arena.swarm))
    await arena.progress(2)
    bars.atLeast('final blocks after it all', Math.min(...finalHeights(arena.swarm)) - before, 2)
    bars.check('no honest peer below zero, none cut off, none halted', isUnharmed(arena), 'ok')
  } finally {
    process.off('unhandledRejection', onUnhandled)
    await crew.stop()
    await arena.swarm.stop()
  }
  for (const [title, { tried, counted }] of Object.entries(tallies)) {
    bars.check(`refused with its reason and counted: ${title}`, counted > 0, `${counted} of ${tried}`)
  }
  bars.atLeast('kinds of attack', Object.keys(tallies).length, HOSTILE_ACTS.length)
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
