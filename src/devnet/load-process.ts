/** The devnet's end of the load generator: a process of its own, so that its work is not the nodes' nor the devnet's. */
import { fileURLToPath } from 'node:url'
import { DevnetError } from './errors.ts'
import type { FromLoad, LoadOrder, LoadProgress, LoadReport, Target, ToLoad } from './load/messages.ts'
import { spawnProcess } from './processes.ts'
import type { Process } from './processes.ts'

const SCRIPT = fileURLToPath(new URL('./load/main.js', import.meta.url))

export class LoadProcess {
  readonly ready: Promise<void>
  readonly offered: Promise<void>
  readonly report: Promise<LoadReport>
  progress: LoadProgress = { offered: 0, submitted: 0, final: 0, refused: 0 }
  readonly #process: Process

  private constructor(started: Process) {
    this.#process = started
    const ready = Promise.withResolvers<void>()
    const offered = Promise.withResolvers<void>()
    const report = Promise.withResolvers<LoadReport>()
    started.onMessage((message) => {
      // Our own build on the other end.
      const said = message as FromLoad
      if (said.type === 'ready') ready.resolve()
      if (said.type === 'offered') offered.resolve()
      if (said.type === 'progress') this.progress = said.progress
      if (said.type === 'report') report.resolve(said.report)
    })
    void started.ended.then(() => {
      const failure = new DevnetError({ code: 'DEVNET_LOAD_FAILED' }, 'the load generator ended early')
      for (const each of [ready, offered, report]) each.reject(failure)
    })
    this.ready = ready.promise
    this.offered = offered.promise
    this.report = report.promise
    // Whoever waits sees the failure; who does not is not interrupted by it.
    for (const each of [this.ready, this.offered, this.report]) each.catch(() => undefined)
  }

  /** @param data names the devnet in the command line, as the nodes' lines do */
  static async start(data: string, order: LoadOrder, targets: readonly Target[]): Promise<LoadProcess> {
    const started = await spawnProcess(['--data', data], { script: SCRIPT })
    const load = new LoadProcess(started)
    load.#tell({ type: 'order', order, targets })
    return load
  }

  go(): void {
    this.#tell({ type: 'go' })
  }

  /** Offer no more; the report follows. */
  finish(): void {
    this.#tell({ type: 'stop' })
  }

  setTargets(targets: readonly Target[]): void {
    this.#tell({ type: 'targets', targets })
  }

  async end(): Promise<void> {
    await this.#process.kill()
  }

  #tell(message: ToLoad): void {
    this.#process.send(message)
  }
}
