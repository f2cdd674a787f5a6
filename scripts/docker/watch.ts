/**
 * Watches the nodes of a network from outside: final blocks and sync state by subscriptions, health by asking once a
 * second. A node that is away is tried again; what it says goes into a `NetworkVerdict`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { TopicName, Topics } from '../../src/client/types.ts'
import { NodeError } from '../../src/primitives/errors.ts'
import type { Endpoint } from './services.ts'
import { NetworkVerdict } from './verdict.ts'

const AGAIN_MS = 500
const HEALTH_MS = 1_000
const HEALTH_TIMEOUT_MS = 2_000
const LOOK_MS = 100
const SILENT_MS = 5_000

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'

export class NetworkWatch {
  readonly verdict: NetworkVerdict
  readonly #services: readonly Endpoint[]
  readonly #stopping = new AbortController()
  #running: Promise<unknown> | undefined

  constructor(services: readonly Endpoint[]) {
    this.#services = services
    this.verdict = new NetworkVerdict(services.map(({ name }) => name))
  }

  start(): void {
    this.#running ??= Promise.all(
      this.#services.flatMap((service) => [
        this.#again(AGAIN_MS, async () => this.#followSync(service)),
        this.#again(AGAIN_MS, async () => this.#followFinal(service)),
        this.#again(HEALTH_MS, async () => this.#askHealth(service))
      ])
    )
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** @returns after how long nothing was missing; throws with what is, when time is up. */
  async untilWhole(what: string, withinMs: number, away: readonly string[] = []): Promise<number> {
    return this.until(what, withinMs, () => this.verdict.missing(away))
  }

  /** @returns after how long `missing` was empty. */
  async until(what: string, withinMs: number, missing: () => readonly string[]): Promise<number> {
    const startedMs = performance.now()
    for (;;) {
      const left = missing()
      const tookMs = performance.now() - startedMs
      if (left.length === 0) return tookMs
      if (tookMs > withinMs)
        throw new RangeError(`${what}: not within ${withinMs / 1_000} s: ${left.join('; ')}`)
      await delay(LOOK_MS)
    }
  }

  async #followSync({ name, url }: Endpoint): Promise<void> {
    for await (const { chains } of this.#lively(url, 'sync')) {
      for (const { chain, final, mode } of chains)
        this.verdict.sync(name, chain, final, mode, performance.now())
    }
  }

  async #followFinal({ name, url }: Endpoint): Promise<void> {
    for await (const { chain, block } of this.#lively(url, 'final')) {
      if (block !== undefined)
        this.verdict.final(name, chain, block.header.height, block.hash, performance.now())
    }
  }

  /** Ends when nothing comes: a pulled cable ends no connection, and a client cannot ping. */
  async *#lively<T extends TopicName>(url: string, topic: T): AsyncGenerator<Topics[T]['event']> {
    const silent = new AbortController()
    const signal = AbortSignal.any([this.#stopping.signal, silent.signal])
    let timer = setTimeout(() => silent.abort(), SILENT_MS)
    try {
      for await (const event of await new Client({ url }).subscribe(topic, {}, { signal })) {
        clearTimeout(timer)
        timer = setTimeout(() => silent.abort(), SILENT_MS)
        yield event
      }
    } finally {
      clearTimeout(timer)
    }
  }

  async #askHealth({ name, url }: Endpoint): Promise<void> {
    let isHealthy = false
    try {
      const timeout = AbortSignal.timeout(HEALTH_TIMEOUT_MS)
      isHealthy = (await fetch(`${url}/health`, { signal: timeout })).status === 200
    } catch {
      // Away, or too busy to answer: not healthy, which is all that is asked here.
    }
    this.verdict.health(name, isHealthy, performance.now())
  }

  async #again(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await work()
      } catch (error) {
        if (!signal.aborted && !(error instanceof NodeError) && !isAbort(error)) throw error
      }
      await delay(everyMs)
    }
  }
}
