/**
 * Where strangers meet honest nodes: three of four validators run, the key of the fourth is the stranger's. Every row
 * of a table of attacks is one test: it is refused with its reason, counted, and the honest go on as before.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Node } from '../../src/app/node.ts'
import { signerOfSeed } from '../../src/client/transfer.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import type { Params } from '../../src/params/params.ts'
import type { Evidence } from '../../src/codec/evidence.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'
import { Hostile } from './hostile.ts'
import { counter, finalHeight, honestScores } from './swarm.ts'
import { Vantage, validatorKey } from './vantage.ts'

/** Longer than a suite: a stranger that neither votes nor leads would lead ever more rarely in the epochs after. */
const PARAMS: Partial<Params> = { epochLength: 1_000, freezeDistance: 4 }
/** A few seconds, for rows that speak of an epoch that is over. */
const SHORT_EPOCHS: Partial<Params> = { epochLength: 24, freezeDistance: 4 }
const HONEST = 3
/** A row whose moment passed (the view or the epoch moved on meanwhile) is tried again with fresh bytes. */
const ATTEMPTS = 6
const ATTEMPT_MS = 2_000
/** Whether it stays is waited for before some of the facts (REQ-8). */
const JUDGED_MS = 5_000
const PROGRESS_MS = 15_000

export interface ArenaOptions {
  /** Validators that run. @default 3 */
  readonly honest?: number
  /** Validators whose keys strangers have. @default 1 */
  readonly hostile?: number
  readonly overrides?: Partial<Params>
  /** From the start to the first final blocks. @default PROGRESS_MS */
  readonly startMs?: number
  /** In which blocks have to come later. @default PROGRESS_MS */
  readonly progressMs?: number
  /** What attackers sign costs them their seats. @default false: they stay members, and every row finds them so */
  readonly sanctions?: boolean
}

export interface Sides {
  /** Validators that run. @default 3 */
  readonly honest?: number
  /** The stranger's. @default that of the validator after them */
  readonly key?: Signer
  /** In which blocks have to come. @default PROGRESS_MS */
  readonly progressMs?: number
}

export class Arena extends Vantage {
  readonly swarm: Swarm
  readonly evidence: Evidence[] = []

  readonly #progressMs: number

  constructor(swarm: Swarm, sides: Sides = {}) {
    const { honest = HONEST, key = validatorKey(honest), progressMs = PROGRESS_MS } = sides
    super({ genesis: swarm.genesis, honest, key })
    this.swarm = swarm
    this.#progressMs = progressMs
  }

  /** The same swarm for a stranger with another key. */
  as(key: Signer): Arena {
    return new Arena(this.swarm, { honest: this.honest, key, progressMs: this.#progressMs })
  }

  static async open(options: ArenaOptions = {}): Promise<Arena> {
    const { honest = HONEST, hostile = 1, overrides = PARAMS, startMs = PROGRESS_MS, progressMs } = options
    const { sanctions = false } = options
    const swarm = await createSwarm({ nodes: honest, validators: honest + hostile, overrides })
    const key = hostile === 0 ? signerOfSeed(randomBytes(32)) : validatorKey(honest)
    const arena = new Arena(swarm, { honest, key, ...(progressMs === undefined ? {} : { progressMs }) })
    try {
      await arena.swarm.start()
      if (!sanctions) for (const { chains } of swarm.running) await chains!.evidence.stop()
      arena.target.events.on('evidence', (evidence) => arena.evidence.push(evidence))
      await arena.progress(2, startMs)
    } catch (error) {
      await swarm.stop()
      throw error
    }
    return arena
  }

  override get target(): Node {
    return this.swarm.node(0)
  }

  /** Every chain of every honest node has so many more final blocks. */
  async progress(blocks: number, timeoutMs = this.#progressMs): Promise<void> {
    const chains = this.target.chains!.list.map(({ chain }) => chain)
    const from = chains.map((chain) => finalHeight(this.target, chain))
    await this.swarm.until(
      () =>
        this.swarm.running.every((node) =>
          chains.every((chain, index) => finalHeight(node, chain) >= from[index]! + blocks)
        ),
      { what: `${blocks} more final blocks on every chain`, timeoutMs }
    )
  }

  /** What must hold whatever strangers did. */
  assertUnharmed(): void {
    const { ledger, gossip } = honestScores(this.swarm)
    assert(Math.min(0, ...ledger) === 0, `an honest peer's score is ${Math.min(...ledger)}`)
    assert(Math.min(0, ...gossip) === 0, `an honest peer's gossip score is ${Math.min(...gossip)}`)
    assert.equal(
      ledger.length,
      this.honest * (this.honest - 1),
      'every honest node is connected to every other'
    )
    for (const { node, failures } of this.swarm.members) {
      assert.deepEqual(failures, [])
      for (const { halted } of node!.chains!.list) assert.equal(halted, undefined)
      assert.equal(node!.validator!.state, 'active')
    }
  }
}

export interface Attack {
  /** Rule ids and what the stranger does. */
  readonly title: string
  /** The counter that rises: its name and labels. */
  readonly counted: readonly [name: string, labels: Readonly<Record<string, string>>]
  /** Whether it is proof against the peer: score below zero, and disconnected. */
  readonly fault: boolean
  /** Set where the stranger does not begin as a peer in good standing. */
  readonly stranger?: boolean
  readonly act: (arena: Arena, hostile: Hostile) => Promise<void>
  /** Further consequences, after the count rose. */
  readonly after?: (arena: Arena, hostile: Hostile) => Promise<void>
}

export function describeAttacks(title: string, attacks: readonly Attack[]): void {
  const isOfOldEpoch = ({ counted: [, labels] }: Attack): boolean => labels['rule'] === 'older-epoch'
  const old = attacks.filter(isOfOldEpoch)
  describeUnder(
    PARAMS,
    title,
    attacks.filter((each) => !isOfOldEpoch(each))
  )
  if (old.length > 0) describeUnder(SHORT_EPOCHS, `${title} of old epochs`, old)
}

function describeUnder(overrides: Partial<Params>, title: string, attacks: readonly Attack[]): void {
  describe(title, function () {
    this.timeout(40_000)
    let arena: Arena
    before(async () => {
      arena = await Arena.open({ overrides })
    })
    after(async () => arena?.swarm.stop())

    for (const attack of attacks) it(attack.title, async () => run(arena, attack))
  })
}

async function run(arena: Arena, attack: Attack): Promise<void> {
  const [name, labels] = attack.counted
  const before = await counter(arena.target, name, labels)
  const rose = async (): Promise<boolean> => (await counter(arena.target, name, labels)) > before
  for (let attempt = 1; ; attempt++) {
    const hostile = await Hostile.create(arena.network)
    try {
      if (attack.stranger === true) await hostile.dial(arena.target)
      else await hostile.join(arena.target)
      await attack.act(arena, hostile)
      const what = `${name} ${JSON.stringify(labels)} counts it`
      await arena.swarm.until(rose, { what, timeoutMs: ATTEMPT_MS })
      await judged(arena, attack, hostile)
      await attack.after?.(arena, hostile)
      break
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    } finally {
      await hostile.stop()
    }
  }
  await arena.progress(1)
  arena.assertUnharmed()
}

async function judged({ target, swarm }: Arena, attack: Attack, hostile: Hostile): Promise<void> {
  const costly = (): boolean =>
    target.network!.why(hostile.peer).some(({ fact }) => fact === 'invalid' || fact === 'broken-promise')
  if (attack.fault) await swarm.until(costly, { what: 'a fact against the stranger', timeoutMs: JUDGED_MS })
  else assert(!costly(), `no fault of the peer: ${JSON.stringify(target.network!.why(hostile.peer))}`)
}
