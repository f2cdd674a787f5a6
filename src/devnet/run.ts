/**
 * One run of a devnet, from the empty directory to the summary:
 *
 *   validators answer ─▶ second 0: load begins, perturbations and late followers at their seconds ─▶ load ends 10 s
 *   before the end ─▶ transfers settle ─▶ read back over RPC ─▶ nodes stop ─▶ icn check ─▶ summary
 *
 * Whatever ends it, no process is left behind.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CheckReport, Finding } from '../check/index.ts'
import { devnetAddress, DEVNET_USERS } from '../params/devnet-keys.ts'
import { homeShard } from '../crypto/address.ts'
import { toHex } from '../primitives/bytes.ts'
import { Devnet } from './devnet.ts'
import type { DevnetInit } from './devnet.ts'
import { DevnetError } from './errors.ts'
import { allFinals, highest, isCaughtUp } from './finals.ts'
import { firstPair, guideLines, guideOf } from './guide.ts'
import type { Target } from './load/messages.ts'
import { LoadProcess } from './load-process.ts'
import { verificationUs } from './machine.ts'
import { Perturber } from './perturber.ts'
import type { Plan } from './plan.ts'
import { runCommand } from './processes.ts'
import type { Screen } from './screen.ts'
import { conclude, readRun } from './summary.ts'
import type { Summary } from './summary.ts'
import { ChainTable, drawTable, loadLine, progressLine } from './table.ts'

/** Of the run's duration, without new load: transfers become final. */
const SETTLE_S = 10
/** After it, for nodes that are not at the heads yet, before they are asked about transfers. */
const CATCH_UP_MS = 15_000
const CATCH_UP_LOOK_MS = 200
const SHOW_MS = 2_000
const SAMPLE_MS = 500
/** Followers get load from when they have caught up: how often that is looked at. */
const TARGETS_MS = 1_000

export interface RunOptions extends DevnetInit {
  readonly plan: Plan
  readonly screen: Screen
  /** Ends the run at once, without a summary. */
  readonly signal: AbortSignal
}

/** @returns undefined for a run that was ended by the signal. @throws DevnetError */
export async function runDevnet({ plan, screen, signal, ...init }: RunOptions): Promise<Summary | undefined> {
  screen.line(
    `devnet in ${plan.data}: ${plan.options.validators} validators, ${plan.options.followers} followers`
  )
  const devnet = await Devnet.start(plan, signal, init)
  const run = new Run(devnet, screen, signal)
  try {
    const facts = await run.follow()
    if (facts === undefined) return undefined
    screen.line('stopping the nodes')
    // First: a late follower whose second has come would start behind the stop, and be in use when it is checked.
    await run.settle()
    await devnet.stop()
    screen.line('icn check over all directories')
    return conclude(facts, await checkAll(plan, signal))
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  } finally {
    await run.end()
    await devnet.stop()
  }
}

class Run {
  readonly #devnet: Devnet
  readonly #screen: Screen
  /** Ends with the run, however it ends. */
  readonly #ended = new AbortController()
  readonly #signal: AbortSignal
  readonly #over: AbortSignal
  readonly #table: ChainTable
  readonly #caughtUp = new Set<number>()
  readonly #background: Promise<unknown>[] = []
  #load: LoadProcess | undefined
  #isReadBack = false

  constructor(devnet: Devnet, screen: Screen, signal: AbortSignal) {
    this.#devnet = devnet
    this.#screen = screen
    this.#signal = signal
    this.#over = AbortSignal.any([signal, this.#ended.signal])
    this.#table = new ChainTable(devnet)
    for (const { plan } of devnet.nodes) if (plan.role === 'validator') this.#caughtUp.add(plan.index)
  }

  async follow() {
    const { options } = this.#devnet.plan
    this.#guide()
    this.#load = options.load === undefined ? undefined : await this.#startLoad(options.load)
    await this.#devnet.moves(this.#signal)
    this.#devnet.begin()
    const perturber = new Perturber(this.#devnet, this.#over, (line) => {
      this.#screen.line(`${this.#devnet.elapsedS.toFixed(1)} s: ${line}`)
      this.#tellTargets()
    })
    const verifyUs = this.#load === undefined ? null : verificationUs()
    const cpuBefore = this.#validatorsCpuUs()
    this.#load?.go()
    this.#background.push(this.#every(SAMPLE_MS, () => this.#sample()))
    this.#background.push(this.#every(SHOW_MS, () => this.#show()))
    this.#background.push(this.#every(TARGETS_MS, () => this.#lookForTargets()))
    this.#background.push(this.#startLate())
    const perturbing = perturber.run()
    this.#background.push(perturbing)
    await this.#wait(options.duration)
    this.#signal.throwIfAborted()
    const load = await this.#load?.report
    const validatorsCpuUs = this.#validatorsCpuUs() - cpuBefore
    this.#isReadBack = true
    await this.#catchUp()
    this.#screen.line('reading back')
    if (load !== undefined) writeFileSync(join(this.#devnet.plan.data, 'load.json'), JSON.stringify(load))
    return readRun(this.#devnet, { load, validatorsCpuUs, verifyUs, perturbations: perturber.reports })
  }

  /** Nothing is started any more when this is done. */
  async settle(): Promise<void> {
    this.#ended.abort()
    await this.#load?.end()
    await Promise.allSettled(this.#background)
  }

  async end(): Promise<void> {
    await this.settle()
    this.#screen.close()
  }

  /** A transfer is looked for at nodes that did not take it in, so all have to be there; who does not come is named. */
  async #catchUp(): Promise<void> {
    const untilMs = performance.now() + CATCH_UP_MS
    for (;;) {
      this.#signal.throwIfAborted()
      const all = await allFinals(this.#devnet.up)
      const heights = highest(all.values())
      const behind = [...all].filter(([, finals]) => !isCaughtUp(finals, heights))
      if (behind.length === 0) return
      const names = behind.map(([{ plan }]) => plan.name).join(', ')
      if (performance.now() > untilMs) return this.#screen.line(`still behind: ${names}`)
      await delay(CATCH_UP_LOOK_MS)
    }
  }

  #guide(): void {
    const { shards } = this.#devnet.genesis
    const users = Array.from({ length: DEVNET_USERS }, (_, index) => devnetAddress(`user${index}`))
    const pair = firstPair(users.map((address) => homeShard(address, shards)))
    for (const line of guideLines(guideOf(this.#devnet, pair))) this.#screen.line(line)
  }

  async #startLoad(rate: number | 'max'): Promise<LoadProcess> {
    const { plan, genesis, network } = this.#devnet
    const { duration } = plan.options
    const order = {
      rate,
      // A run too short for that settles for half of it.
      forMs: duration === undefined ? undefined : Math.max(duration - SETTLE_S, duration / 2) * 1_000,
      network,
      shares: {
        cross: plan.options.cross,
        atomic: plan.options.atomic ?? 0,
        orders: plan.options.orders ?? 0
      },
      validators: genesis.validators.map(({ key }) => toHex(key)),
      shards: genesis.shards,
      params: genesis.params
    }
    this.#screen.line('signing transfers ahead')
    const load = await LoadProcess.start(plan.data, order, this.#targets())
    await load.ready
    return load
  }

  /** The whole duration, however early everything else is done. A load that fails ends the run. */
  async #wait(durationS: number | undefined): Promise<void> {
    const failed = Promise.race([
      new Promise<never>((_resolve, reject) => {
        this.#over.addEventListener('abort', () => reject(new DevnetError({ code: 'DEVNET_LOAD_FAILED' })))
      }),
      ...(this.#load === undefined
        ? []
        : [this.#load.offered.then(() => new Promise<never>(() => undefined))])
    ])
    const time =
      durationS === undefined
        ? new Promise<void>(() => undefined)
        : delay(Math.max(0, durationS - this.#devnet.elapsedS) * 1_000, undefined, { signal: this.#over })
    // An endless run has nothing else that keeps the process alive between two looks.
    await Promise.race([time, failed])
  }

  /** The summary's own questions are not the nodes' load. */
  #sample(): void {
    if (!this.#isReadBack) this.#devnet.sampleUsage()
  }

  #validatorsCpuUs(): number {
    this.#devnet.sampleUsage()
    return this.#devnet.nodes
      .filter(({ plan }) => plan.role === 'validator')
      .reduce((sum, { usage }) => sum + usage.cpuUs, 0)
  }

  async #startLate(): Promise<void> {
    const { late } = this.#devnet.plan.options
    const waitMs = Math.max(0, late - this.#devnet.elapsedS) * 1_000
    const inTime = await delay(waitMs, true, { signal: this.#over }).catch(() => false)
    if (!inTime) return
    for (const { plan } of this.#devnet.nodes) {
      if (plan.role === 'validator') continue
      await this.#devnet.startNode(plan.index)
      this.#screen.line(`${this.#devnet.elapsedS.toFixed(1)} s: start ${plan.name}`)
    }
  }

  /** A follower, and a node that was away, takes transfers when it has caught up. */
  async #lookForTargets(): Promise<void> {
    const { up } = this.#devnet
    if (up.every(({ plan }) => this.#caughtUp.has(plan.index))) return
    const all = await allFinals(up)
    const heights = highest(all.values())
    let changed = false
    for (const [node, finals] of all) {
      if (this.#caughtUp.has(node.plan.index) || !isCaughtUp(finals, heights)) continue
      this.#caughtUp.add(node.plan.index)
      changed = true
    }
    if (changed) this.#tellTargets()
  }

  #tellTargets(): void {
    for (const { plan, isReachable } of this.#devnet.nodes)
      if (!isReachable) this.#caughtUp.delete(plan.index)
    this.#load?.setTargets(this.#targets())
  }

  #targets(): Target[] {
    return this.#devnet.nodes
      .filter(({ isReachable, plan }) => isReachable && this.#caughtUp.has(plan.index))
      .map(({ plan }) => ({ node: plan.index, rpc: plan.rpc }))
  }

  async #show(): Promise<void> {
    const rows = await this.#table.read()
    if (rows === undefined) return
    const seconds = `${this.#devnet.elapsedS.toFixed(0)} s`
    const load = this.#load === undefined ? [] : [loadLine(this.#load.progress)]
    this.#screen.show(
      [seconds, ...drawTable(rows), ...load],
      [seconds, progressLine(rows), ...load].join(' | ')
    )
  }

  async #every(ms: number, work: () => void | Promise<void>): Promise<void> {
    while (!this.#over.aborted) {
      await work()
      await delay(ms, undefined, { signal: this.#over }).catch(() => undefined)
    }
  }
}

/** In a process of its own: the check needs its memory, the devnet its ease. */
async function checkAll(plan: Plan, signal: AbortSignal): Promise<readonly Finding[]> {
  const directories = plan.nodes.flatMap(({ data }) => ['--data', data])
  const { stdout, stderr, code } = await runCommand(['check', '--json', ...directories], signal)
  if (code === 0 || code === 1) return (JSON.parse(stdout) as CheckReport).findings
  const line = stderr.trim().split('\n').at(-1) ?? ''
  throw new DevnetError({ code: 'DEVNET_COMMAND_FAILED', command: 'check' }, line.replace(/^icn: /, ''))
}
