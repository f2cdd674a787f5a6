/** Kills with −9 at times that a seed draws, over all processes of a devnet, each started again. */
import { randomInt } from 'node:crypto'
import { Prng } from '../../src/testing/sim/prng.ts'

export interface Kill {
  readonly node: number
  readonly atMs: number
  readonly backMs: number
}

const FIRST_MS = 6_000
/** Down for so long; one that is up again may be killed while it still starts. */
const DOWN_MIN_MS = 300
const DOWN_MAX_MS = 1_800

export const seedOf = (text: string | undefined): string => text ?? String(randomInt(2 ** 31))

/** Uniform over time and nodes; a node that is down is not killed again. In the order of time. */
export function drawKills(
  seed: string,
  { nodes, count, untilMs }: { readonly nodes: number; readonly count: number; readonly untilMs: number }
): Kill[] {
  const prng = new Prng(seed, 'kills')
  const kills: Kill[] = []
  while (kills.length < count) {
    const atMs = prng.between(FIRST_MS, untilMs)
    const kill = { node: prng.below(nodes), atMs, backMs: atMs + prng.between(DOWN_MIN_MS, DOWN_MAX_MS) }
    const isFree = kills.every(
      (other) => other.node !== kill.node || other.backMs < kill.atMs || kill.backMs < other.atMs
    )
    if (isFree) kills.push(kill)
  }
  return kills.sort((a, b) => a.atMs - b.atMs)
}

/** For `icn devnet --perturb`. */
export const perturbOf = (kills: readonly Kill[]): string =>
  kills
    .flatMap(({ node, atMs, backMs }) => [
      `kill:${node}@${(atMs / 1_000).toFixed(3)}`,
      `start:${node}@${(backMs / 1_000).toFixed(3)}`
    ])
    .join(',')
