/**
 * A validator stops, the others go on for 5,000 blocks and three ends of epochs, and it starts again: it catches up
 * unaided, signs nothing on a chain meanwhile, and votes again. Four validators in this process, blocks as fast as they
 * come. `ICN_BLOCKS` makes it shorter.
 */
import type { Node } from '../../src/app/node.ts'
import { must } from '../../src/primitives/errors.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { createSwarm } from '../../src/testing/index.ts'
import { say } from './bars.ts'
import type { Scenario } from './bars.ts'

const ALL_BLOCKS = 5_000
const AWAY = 3
const BEFORE = 20
const LONG_MS = 1_800_000
const seconds = (fromMs: number): number => Math.round((performance.now() - fromMs) / 100) / 10

const coordOf = (node: Node) => must(node.chains, 'a running node has chains').coord

export const away: Scenario = async (_, bars) => {
  const blocks = Number(process.env['ICN_BLOCKS'] ?? ALL_BLOCKS)
  const epochLength = Math.floor((2 * blocks) / 7)
  const quick = { minBlockIntervalMs: 1, idleIntervalMs: 10, epochLength, freezeDistance: 8 }
  const swarm = await createSwarm({ nodes: 4, shards: 1, transport: 'memory', overrides: quick })
  try {
    await swarm.start()
    await swarm.reached(COORD, BEFORE, { timeoutMs: LONG_MS })
    await swarm.stopNode(AWAY)
    const from = coordOf(swarm.node(0)).store.final.height
    const goneMs = performance.now()
    await swarm.reached(COORD, from + blocks, { timeoutMs: LONG_MS })
    const { height, epoch } = coordOf(swarm.node(0)).store.final
    say(`  ${height - from} blocks without it in ${seconds(goneMs)} s, now in epoch ${epoch}`)
    bars.atLeast('ends of epochs crossed', epoch, 3)
    const backMs = performance.now()
    await swarm.restart(AWAY)
    const node = swarm.node(AWAY)
    let hasSynced = false
    let hasTaken = false
    const caughtUp = () => {
      const { sync, driver, store } = coordOf(node)
      hasSynced ||= sync.active
      hasTaken ||= sync.paused && driver.queued > 0
      return !sync.active && store.final.height >= height
    }
    await swarm.until(caughtUp, { timeoutMs: LONG_MS, what: 'it is at the head' })
    bars.atMost('seconds until it is at the head', seconds(backMs), 60)
    bars.check('it synchronised, and consensus took nothing meanwhile', hasSynced && !hasTaken, 'ok')
    await swarm.until(() => isHeard(node, coordOf(swarm.node(0))), {
      timeoutMs: LONG_MS,
      what: 'its vote stands in a certificate'
    })
    bars.check('it votes again, after seconds', true, seconds(backMs))
    const { failures } = must(swarm.members[AWAY], 'it is a member')
    bars.check('nothing failed in it', failures.length === 0, failures.length)
  } finally {
    await swarm.stop()
  }
}

function isHeard({ validator, chains }: Node, { certificate }: ReturnType<typeof coordOf>): boolean {
  if (certificate === undefined || validator === undefined || chains === undefined) return false
  const own = chains.epochs.memberIndex(COORD, certificate.epoch, validator.publicKey)
  return own !== undefined && certificate.signers.get(own)
}
