/**
 * Does to the nodes what `--perturb` says, when it says so, and measures recovery: after a kill, until every chain has
 * a new final block somewhere; after a start, a pause or a cut, until that is so and the node has caught up.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ChainJson } from '../client/types.ts'
import type { Devnet } from './devnet.ts'
import { allFinals, hasAdvanced, highest, isCaughtUp } from './finals.ts'
import type { Finals } from './finals.ts'
import { perturbationText } from './perturb.ts'
import type { Perturbation } from './perturb.ts'

const LOOK_MS = 100

export interface PerturbationReport {
  /** Second of the run. */
  readonly at: number
  readonly what: string
  /** Null: not before the run ended. For `pause` and `cut` counted from their end. */
  readonly recoveredMs: number | null
}

export class Perturber {
  readonly #devnet: Devnet
  readonly #signal: AbortSignal
  readonly #onChange: (line: string) => void
  readonly #reports = new Map<Perturbation, PerturbationReport>()

  /** @param onChange which nodes are up may have changed */
  constructor(devnet: Devnet, signal: AbortSignal, onChange: (line: string) => void) {
    this.#devnet = devnet
    this.#signal = signal
    this.#onChange = onChange
  }

  /** Of what happened so far, in the order of the plan. */
  get reports(): readonly PerturbationReport[] {
    const { perturbations } = this.#devnet.plan
    return perturbations.flatMap((each) => this.#reports.get(each) ?? [])
  }

  /** Resolves when all are done and recovered, or the signal fires. */
  async run(): Promise<void> {
    const { perturbations } = this.#devnet.plan
    await Promise.all(perturbations.map((each) => this.#one(each)))
  }

  async #one(perturbation: Perturbation): Promise<void> {
    const what = perturbationText(perturbation)
    if (!(await this.#until(perturbation.atS))) return
    const at = Math.round(this.#devnet.elapsedS * 10) / 10
    this.#reports.set(perturbation, { at, what, recoveredMs: null })
    if (!(await this.#act(perturbation))) return
    const before = highest((await allFinals(this.#devnet.up)).values())
    const fromMs = performance.now()
    if (!(await this.#recovered(perturbation, before))) return
    this.#reports.set(perturbation, { at, what, recoveredMs: Math.round(performance.now() - fromMs) })
  }

  /** @returns false when the run ended meanwhile. */
  async #act(perturbation: Perturbation): Promise<boolean> {
    const { node: index } = perturbation
    const node = this.#devnet.node(index)
    switch (perturbation.kind) {
      case 'kill':
        await node.kill()
        break
      case 'start':
        await this.#devnet.startNode(index)
        break
      case 'pause':
      case 'cut':
        return this.#forAWhile(perturbation)
    }
    this.#onChange(perturbationText(perturbation))
    return true
  }

  async #forAWhile(perturbation: Perturbation & { readonly kind: 'pause' | 'cut' }): Promise<boolean> {
    const { kind, atS, forS } = perturbation
    const node = this.#devnet.node(perturbation.node)
    if (kind === 'pause') node.pause()
    else node.cut()
    this.#onChange(perturbationText(perturbation))
    const inTime = await this.#until(atS + forS)
    if (kind === 'pause') node.resume()
    else node.heal()
    this.#onChange(`${kind === 'pause' ? 'resume' : 'heal'}:${perturbation.node}`)
    return inTime
  }

  async #recovered({ kind, node: index }: Perturbation, before: Finals): Promise<boolean> {
    const node = this.#devnet.node(index)
    // With every node down, the heights to beat are those of the first answer.
    let toBeat: ReadonlyMap<ChainJson, number> = before
    while (!this.#signal.aborted) {
      const all = await allFinals(this.#devnet.up)
      const heights = highest(all.values())
      if (toBeat.size === 0) toBeat = heights
      const own = all.get(node)
      const isBack = kind === 'kill' || (own !== undefined && isCaughtUp(own, heights))
      if (isBack && hasAdvanced(heights, toBeat)) return true
      await delay(LOOK_MS)
    }
    return false
  }

  async #until(atS: number): Promise<boolean> {
    const waitMs = Math.max(0, (atS - this.#devnet.elapsedS) * 1_000)
    return delay(waitMs, true, { signal: this.#signal }).catch(() => false)
  }
}
