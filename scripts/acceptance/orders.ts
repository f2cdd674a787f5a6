/**
 * A script in a process of its own that takes orders: what hostile peers do, and what they need for it, is to take no time
 * of the event loop that is measured.
 */
import { fileURLToPath } from 'node:url'
import { spawnProcess } from '../../src/devnet/processes.ts'
import type { Process } from '../../src/devnet/processes.ts'

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

export class Crew {
  readonly #process: Process
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #next = 0

  private constructor(process: Process) {
    this.#process = process
    process.onMessage((message) => this.#hear(message as Answer))
    void process.ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new RangeError('the process ended'))
      this.#waiting.clear()
    })
  }

  /** @param script beside this one */
  static async start(script: string): Promise<Crew> {
    const path = fileURLToPath(new URL(script, import.meta.url))
    return new Crew(await spawnProcess([], { script: path }))
  }

  /** @throws what the process answered in place of a result */
  async order<T>(name: string, order: object = {}): Promise<T> {
    const id = this.#next++
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#process.send({ id, name, order })
    return (await waiting.promise) as T
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  #hear({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new RangeError(error))
  }
}

export type Handlers = Readonly<Record<string, (order: never) => Promise<unknown>>>

/** The other side: runs until the process that gave the orders is gone or says stop. */
export function takeOrders(handlers: Handlers, stop: () => Promise<void>): void {
  const end = (): void => void stop().finally(() => process.exit())
  process.once('SIGTERM', end)
  process.once('disconnect', end)
  process.on('message', ({ id, name, order }: { id: number; name: string; order: never }) => {
    const handler = handlers[name]
    const running =
      handler === undefined ? Promise.reject(new RangeError(`no order ${name}`)) : handler(order)
    running.then(
      (result) => process.send?.({ id, result }),
      (error: unknown) => process.send?.({ id, error: String(error) })
    )
  })
}
