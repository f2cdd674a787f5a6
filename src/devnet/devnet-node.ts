/** One node of a devnet over all its processes: started, killed, paused, cut, stopped; and how much it used. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../client/client.ts'
import { DevnetError } from './errors.ts'
import { startArguments } from './plan.ts'
import type { PlannedNode } from './plan.ts'
import { spawnProcess } from './processes.ts'
import type { Exit, Process } from './processes.ts'
import { UsageMeter } from './usage.ts'

const ANSWER_MS = 60_000
const ASK_EVERY_MS = 50

export class DevnetNode {
  readonly plan: PlannedNode
  readonly client: Client
  readonly usage = new UsageMeter()
  /** Everything that changes the record of the devnet. */
  readonly #onChange: () => void
  readonly #nodeOptions: readonly string[]
  #process: Process | undefined
  #exit: Exit | undefined
  #starts = 0
  #startedAtS: number | undefined
  #isCut = false
  /** A process ended that nobody ended. */
  #died = false

  constructor(plan: PlannedNode, init: { onChange: () => void; nodeOptions: readonly string[] }) {
    this.plan = plan
    this.#onChange = init.onChange
    this.#nodeOptions = init.nodeOptions
    this.client = new Client({ url: plan.rpc })
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get exit(): Exit | undefined {
    return this.#exit
  }

  get died(): boolean {
    return this.#died
  }

  get restarts(): number {
    return Math.max(0, this.#starts - 1)
  }

  /** Second of the run at which its first process started. */
  get startedAtS(): number | undefined {
    return this.#startedAtS
  }

  /** Runs and can be asked. */
  get isUp(): boolean {
    return this.#process !== undefined && !this.#process.isPaused
  }

  /** Up, and its network too. */
  get isReachable(): boolean {
    return this.isUp && !this.#isCut
  }

  async start(bootstrap: string | undefined, atS: number): Promise<void> {
    if (this.#process !== undefined) return
    const started = await spawnProcess(startArguments(this.plan, bootstrap), {
      log: this.plan.log,
      nodeOptions: this.#nodeOptions
    })
    // The node ends with this process (src/app/parent.ts).
    started.send({ icn: 'attach' })
    this.#process = started
    this.#exit = undefined
    this.#starts += 1
    this.#isCut = false
    this.#startedAtS ??= atS
    void started.ended.then((exit) => this.#onEnded(started, exit))
    this.#onChange()
  }

  #onEnded(ended: Process, exit: Exit): void {
    if (this.#process !== ended) return
    this.#process = undefined
    this.#exit = exit
    this.#died = true
    this.#onChange()
  }

  /** @throws DevnetError when it ends or does not answer in time. */
  async answers(signal: AbortSignal): Promise<void> {
    const untilMs = performance.now() + ANSWER_MS
    while (this.#process !== undefined && performance.now() < untilMs) {
      signal.throwIfAborted()
      try {
        await this.client.call('node_info', {}, { signal: AbortSignal.timeout(2_000) })
        return
      } catch (error) {
        if (!(error instanceof Error)) throw error
        await delay(ASK_EVERY_MS)
      }
    }
    const { name, log } = this.plan
    const said = lastLine(log)
    const message = `${name} does not answer${said === '' ? '' : ` (${said})`}: see ${log}`
    throw new DevnetError({ code: 'DEVNET_NODE_FAILED', node: name, log }, message)
  }

  /** As a power cut: SIGKILL. */
  async kill(): Promise<void> {
    await this.#end((running) => running.kill())
  }

  async stop(): Promise<void> {
    await this.#end((running) => running.stop())
  }

  async #end(how: (running: Process) => Promise<Exit>): Promise<void> {
    const running = this.#process
    if (running === undefined) return
    this.usage.sample(running.pid)
    this.#process = undefined
    this.#onChange()
    this.#exit = await how(running)
    this.#onChange()
  }

  pause(): void {
    this.#process?.pause()
  }

  resume(): void {
    this.#process?.resume()
  }

  cut(): void {
    this.#isCut = true
    this.#process?.send({ icn: 'cut' })
  }

  heal(): void {
    this.#isCut = false
    this.#process?.send({ icn: 'heal' })
  }
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
  } catch (error) {
    if (errnoIsMissing(error)) return ''
    throw error
  }
}

const errnoIsMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
