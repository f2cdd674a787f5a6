/**
 * The suite `sync`: a member is away until it is far behind on every chain, and comes back beside a peer that lies to
 * whoever syncs, over bad links, and is killed on the way a few times. It has to reach the head, sign nothing before, and
 * take part again.
 */
import { COORD, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { SYNC_LIMITS } from '../../sync/limits.ts'
import { LINKS, MEMBERS } from './blows.ts'
import { Liveness } from './checkers/liveness.ts'
import { untilSeen } from './consensus-suite.ts'
import type { RunInit, RunResult } from './consensus-suite.ts'
import { CLEAN_LINK } from './network.ts'
import type { SimNode } from './node.ts'
import { Prng } from './prng.ts'
import { ANSWER_LIES, lieInAnswers } from './sync-lies.ts'
import type { AnswerLie } from './sync-lies.ts'
import { World } from './world.ts'

/** What a peer gives to others; its own chain is in order, and it votes like any other. */
const LIES = ['none', 'lacks', 'certificates', 'loris', 'heights', ...ANSWER_LIES] as const
type Lie = (typeof LIES)[number]

const CHAINS: readonly ChainId[] = [COORD, shardId(0)]
const AWAY_MS = 600_000
const BACK_MS = 300_000
/** So long it tries over bad links. */
const BAD_LINK_MS = 60_000
const HEIGHTS = 4
const FAR_AWAY = 1_000_000

export async function runSyncSeed(init: RunInit): Promise<RunResult> {
  const prng = new Prng(init.seed, 'sync')
  const order = prng.shuffled([...Array(MEMBERS).keys()])
  const [victim = 0, liar = 1] = order
  const lie = prng.pick(LIES)
  const world = new World(init)
  world.start()
  for (const index of order) world.timeline.after(1_000, () => world.submitAt(index))
  await world.until(() => CHAINS.every((chain) => world.height(chain) >= 3), AWAY_MS)
  world.crash(victim)
  const others = order.filter((index) => index !== victim)
  const goal = SYNC_LIMITS.nearBlocks + prng.between(4, 60)
  const left = new Map(CHAINS.map((chain) => [chain, world.height(chain, others)]))
  const isAway = (): boolean =>
    CHAINS.every((chain) => world.height(chain, others) >= (left.get(chain) ?? 0) + goal)
  if (!(await world.until(isAway, AWAY_MS))) world.violate('invariant 10: three of four stand still')
  if (lie !== 'none') world.liars.add(liar)
  if (isAnswerLie(lie)) lieInAnswers(world, liar, lie)
  else tellLies(world.node(liar), lie)
  world.network.link = prng.pick(LINKS)
  await comeBack(world, prng, victim)
  world.network.link = CLEAN_LINK
  await world.run(100)
  const liveness = new Liveness(HEIGHTS)
  liveness.mark(world.present)
  const alive = await untilSeen(world, () => liveness.missing(world.present).length === 0, BACK_MS)
  if (!alive) for (const text of liveness.missing(world.present)) world.violate(`invariant 10: ${text}`)
  return {
    seed: init.seed,
    coverage: world.finish(),
    hash: world.trace.digest(),
    violations: world.violations,
    tail: world.trace.tail,
    simulatedMs: world.timeline.nowMs
  }
}

async function comeBack(world: World, prng: Prng, victim: number): Promise<void> {
  const others = [...Array(MEMBERS).keys()].filter((index) => index !== victim)
  for (let deaths = prng.below(4); ; deaths--) {
    world.start(victim)
    await world.until(() => world.node(victim).chains !== undefined, BACK_MS)
    watchSigning(world, world.node(victim))
    if (deaths === 0) break
    await world.run(prng.between(20, 4_000))
    world.crash(victim, (bound) => prng.below(bound + 1))
  }
  const isBack = (): boolean =>
    CHAINS.every((chain) => {
      const node = world.node(victim).chains?.get(chain)
      return node?.sync.active === false && node.store.final.height + 2 >= world.height(chain, others)
    })
  if (await world.until(isBack, BAD_LINK_MS)) return
  world.network.link = CLEAN_LINK
  if (!(await world.until(isBack, BACK_MS))) world.violate(`SYN-5: member ${victim} does not reach the head`)
}

/** SYN-8: nothing is signed on a chain that syncs. */
function watchSigning(world: World, node: SimNode): void {
  const { validator, chains } = node
  if (validator === undefined || chains === undefined) return
  const sign = validator.sign.bind(validator)
  validator.sign = (statement) => {
    if (chains.get(statement.chain)?.sync.paused === true) {
      world.violate(`SYN-8: member ${node.index} signs on chain ${statement.chain} while it syncs`)
    }
    return sign(statement)
  }
}

const isAnswerLie = (lie: Lie): lie is AnswerLie => ANSWER_LIES.some((one) => one === lie)

function tellLies(node: SimNode, lie: Exclude<Lie, AnswerLie>): void {
  const { chains } = node
  if (chains === undefined) return
  const status = chains.status.bind(chains)
  if (lie === 'heights') {
    chains.status = () => {
      const told = status()
      return {
        ...told,
        chains: told.chains.map((one) => ({ ...one, finalHeight: one.finalHeight + FAR_AWAY }))
      }
    }
  }
  for (const { store } of chains.list) {
    const certificateAtOrAbove = store.certificateAtOrAbove.bind(store)
    if (lie === 'lacks') store.header = () => undefined
    if (lie === 'loris') store.certificateAtOrAbove = async () => new Promise(() => undefined)
    // One of an earlier block: whoever asked for more is given less and told that it is all.
    if (lie === 'certificates')
      store.certificateAtOrAbove = async (height) => certificateAtOrAbove(height - 1)
  }
}
