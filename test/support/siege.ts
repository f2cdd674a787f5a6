/** Strangers of every kind around a swarm, all at once: liars, flooders, refusers, and validators whose keys they hold. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Node } from '../../src/app/node.ts'
import { RESULT_CODES, encodeResult } from '../../src/net/request-codes.ts'
import { REQUEST_PROTOCOLS } from '../../src/net/types.ts'
import type { Arena } from './arena.ts'
import { HOSTILE_ACTS, equivocate, floodOnce, lieUntilBanned, offences } from './attacks.ts'
import { Hostile } from './hostile.ts'
import { finalHeights } from './swarm.ts'
import { validatorKey } from './vantage.ts'

export interface Besiegers {
  /** Followers that lie until nobody lets them in. */
  readonly liars: number
  readonly flooders: number
  /** Peers that answer every request with a refusal. */
  readonly refusers: number
  /** Validators whose keys are the strangers': they state whatever they like. */
  readonly validators: readonly number[]
  /** Of the swarm. @default 'tcp' */
  readonly transport?: 'tcp' | 'memory'
  /** A lie is charged within. @default 1_000 */
  readonly patienceMs?: number
}

export interface SiegeOutcome {
  readonly liarsBanned: number
  /** Costly facts against those that proved nothing against themselves. */
  readonly chargesOfPeaceful: number
  /** That the slowest chain of the slowest node gained meanwhile. */
  readonly blocks: number
}

const ENTRIES_MAX = 20
const ENTRY_EVERY_MS = 500

class Siege {
  readonly #arena: Arena
  readonly #force: Besiegers
  readonly #hosts: Hostile[] = []
  readonly #peaceful: Hostile[] = []
  readonly #stopping = new AbortController()
  readonly #going: Promise<void>[] = []

  constructor(arena: Arena, force: Besiegers) {
    this.#arena = arena
    this.#force = force
  }

  async surround(): Promise<void> {
    const { flooders, refusers, validators } = this.#force
    for (let index = 0; index < flooders; index++) {
      const hostile = await this.#recruit(this.#peaceful)
      const target = this.#node(index)
      await this.#enter(hostile, target)
      this.#keepOn(hostile, target, async () => floodOnce(this.#arena, hostile))
    }
    for (let index = 0; index < refusers; index++) {
      const hostile = await this.#recruit(this.#peaceful)
      const result = encodeResult(RESULT_CODES[1 + (index % 2)]!)
      for (const protocol of REQUEST_PROTOCOLS) await hostile.answer(protocol, () => [result])
      const target = this.#node(flooders + index)
      await this.#enter(hostile, target)
      this.#keepOn(hostile, target, async () => undefined)
    }
    for (const [index, validator] of validators.entries()) {
      const hostile = await this.#recruit([])
      const asValidator = this.#arena.as(validatorKey(validator))
      const target = this.#node(flooders + refusers + index)
      await this.#enter(hostile, target)
      this.#keepOn(hostile, target, async () => equivocate(asValidator, hostile))
    }
  }

  /** @returns how many of the liars nobody lets in any more */
  async lie(): Promise<number> {
    const acts = HOSTILE_ACTS.filter(({ isLie, needsKey }) => isLie && needsKey !== true)
    const liars = await Promise.all(Array.from({ length: this.#force.liars }, async () => this.#recruit([])))
    const banned = await Promise.all(
      liars.map(async (hostile, index) => {
        const act = acts[index % acts.length]!
        return lieUntilBanned(this.#arena, act, hostile, this.#node(index), this.#force.patienceMs)
      })
    )
    return banned.filter(Boolean).length
  }

  charges(): number {
    const { running } = this.#arena.swarm
    return this.#peaceful
      .flatMap((hostile) => running.map((node) => offences(node, hostile)))
      .reduce((sum, each) => sum + each, 0)
  }

  async lift(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#going)
    await Promise.all(this.#hosts.map(async (host) => host.stop()))
  }

  /** A node that has peers enough lets some go, strangers among them: they come back. */
  async #enter(hostile: Hostile, target: Node): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await hostile.join(target)
        return
      } catch (error) {
        if (attempt === ENTRIES_MAX) throw error
        await delay(ENTRY_EVERY_MS)
      }
    }
  }

  /** Goes on until all is over; what it does is at the wrong moment now and then, and whom it does it to lets it go. */
  #keepOn(hostile: Hostile, target: Node, act: () => Promise<void>): void {
    const going = async (): Promise<void> => {
      while (!this.#stopping.signal.aborted) {
        if (!hostile.isConnected) await hostile.join(target).catch(() => undefined)
        await act().catch(() => undefined)
        await this.#arena.progress(1).catch(() => undefined)
      }
    }
    this.#going.push(going())
  }

  async #recruit(into: Hostile[]): Promise<Hostile> {
    const hostile = await Hostile.create(this.#arena.network, this.#force.transport)
    this.#hosts.push(hostile)
    into.push(hostile)
    return hostile
  }

  #node(index: number): Node {
    const { running } = this.#arena.swarm
    return running[index % running.length]!
  }
}

/** Until all liars are banned and every chain has gained so many blocks, or has not in the time that `progress` has. */
export async function besiege(arena: Arena, force: Besiegers, blocks: number): Promise<SiegeOutcome> {
  const siege = new Siege(arena, force)
  try {
    await siege.surround()
    const before = finalHeights(arena.swarm)
    const liarsBanned = await siege.lie()
    // What was not reached in time is seen in what was gained.
    await arena.progress(blocks).catch(() => undefined)
    const after = finalHeights(arena.swarm)
    const gained = Math.min(...after.map((height, index) => height - (before[index] ?? 0)))
    return { liarsBanned, chargesOfPeaceful: siege.charges(), blocks: gained }
  } finally {
    await siege.lift()
  }
}
