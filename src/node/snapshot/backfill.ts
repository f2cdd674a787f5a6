/**
 * History below a snapshot (SNAP-9): headers linked by hash down from the oldest block held, bodies by their hashes,
 * nothing executed. Each step lowers `earliest` by one write, so it goes on after a restart where it was.
 */
import { equal } from '../../primitives/bytes.ts'
import { must } from '../../primitives/errors.ts'
import type { Certificate } from '../../codec/statement.ts'
import { BodyRangeType, HeaderRangeType } from '../../codec/sync-messages.ts'
import { certificateJobs } from '../../consensus/certificate-check.ts'
import type { Verifier } from '../../crypto/ports.ts'
import type { Network, Peer } from '../../net/types.ts'
import type { ChainStore, HistoricalBlock } from '../../store/chain-store.ts'
import { readBodies } from '../../sync/body-list.ts'
import { readHeaderRun } from '../../sync/header-run.ts'
import type { LinkedHeader } from '../../sync/header-run.ts'
import type { EpochBook } from '../chain/epoch-book.ts'
import { earliestOf } from '../held-blocks.ts'
import type { Clock } from '../ports.ts'

export interface BackfillComponents {
  readonly network: Pick<Network, 'peers' | 'request' | 'report'>
  readonly clock: Clock
  readonly verifier: Verifier
  readonly epochs: EpochBook
  readonly store: ChainStore
}

/** Headers of one step, and bodies of one request. */
const STEP_HEADERS = 512
const STEP_BYTES = 8 * 1024 * 1024
const ASK_BYTES = 512 * 1024
const ASKS = 8
const REST_MS = 1_000
/** Genesis comes from the genesis file, and is not asked for. */
export const LOWEST_FETCHED = 1

export class Backfill {
  readonly #c: BackfillComponents
  #span = STEP_HEADERS
  #turn = 0
  #stopped = false
  #running: Promise<void> | undefined
  #wake: () => void = () => undefined

  constructor(components: BackfillComponents) {
    this.#c = components
  }

  /** Runs in the background until nothing is missing. */
  start(onFailed: (error: unknown) => void): void {
    if (this.#running !== undefined || this.#stopped) return
    this.#running = this.#run()
      .catch(onFailed)
      .finally(() => (this.#running = undefined))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running
  }

  get isBusy(): boolean {
    return this.#running !== undefined
  }

  /** Ends when nothing is written any more; `start` goes on. */
  async pause(): Promise<void> {
    const wasStopped = this.#stopped
    await this.stop()
    this.#stopped = wasStopped
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.#c.store.earliest > LOWEST_FETCHED) {
      const peer = this.#nextPeer()
      if (peer === undefined || !(await this.step(peer))) await this.#rest()
    }
  }

  /** @returns whether `earliest` went down. */
  async step(peer: Peer): Promise<boolean> {
    const { store } = this.#c
    const oldest = must(store.header(store.earliest), 'the oldest block is held')
    const from = Math.max(LOWEST_FETCHED, oldest.height - this.#span)
    const headers = await this.#headers(peer, from, oldest.height, oldest.parent)
    if (headers === undefined || this.#stopped) return false
    const bodies = await this.#bodies(headers.linked)
    // Something else may have moved the oldest block meanwhile.
    if (bodies === undefined || this.#stopped || store.earliest !== oldest.height) return false
    const blocks = headers.linked.map(({ header, hash }, index): HistoricalBlock => {
      const bodyBytes = must(bodies[index], 'every body is here')
      const certificate = headers.certificates.get(header.height)
      return certificate === undefined
        ? { header, hash, bodyBytes }
        : { header, hash, bodyBytes, certificate }
    })
    await store.prepend(blocks.toReversed())
    return true
  }

  /** Everything between `from` and the oldest block, proven by being its ancestors. */
  async #headers(
    peer: Peer,
    from: number,
    oldest: number,
    parent: Uint8Array
  ): Promise<{ linked: LinkedHeader[]; certificates: Map<number, Certificate> } | undefined> {
    const { network, store } = this.#c
    const { chain } = store
    const body = HeaderRangeType.serialize({ chain, from, limit: oldest - from })
    const { result, frames } = await network.request(peer, 'headers', body)
    if (result !== 'ok') return undefined
    const run = readHeaderRun(frames, { network: store.network, chain, from })
    if (!run.ok) {
      network.report(peer, 'invalid', `headers: ${run.detail}`)
      return undefined
    }
    const linked = run.value.headers.slice(0, oldest - from)
    if (linked.length < oldest - from) {
      // An answer ends where its bodies are too many: a shorter one begins nearer.
      this.#span = Math.max(1, Math.min(linked.length, this.#span >> 1))
      return undefined
    }
    if (!equal(must(linked.at(-1), 'a run has headers').hash, parent)) {
      network.report(peer, 'invalid', 'headers: not the ancestors of a final block')
      return undefined
    }
    const bytes = linked.reduce((sum, { header }) => sum + header.bodyBytes, 0)
    this.#span = bytes * 2 < STEP_BYTES ? Math.min(STEP_HEADERS, this.#span * 2) : this.#span
    return { linked, certificates: await this.#certificates(run.value.parts, oldest) }
  }

  /** Those that hold; without them the blocks are final all the same, but cannot be proven to others. */
  async #certificates(
    parts: readonly { readonly to: number; readonly certificate: Certificate }[],
    oldest: number
  ): Promise<Map<number, Certificate>> {
    const { epochs, store, verifier } = this.#c
    const held = new Map<number, Certificate>()
    for (const { to, certificate } of parts) {
      const committee = epochs.committee(certificate.chain, certificate.epoch)
      if (to >= oldest || committee === undefined) continue
      const jobs = certificateJobs(store.network, committee, certificate)
      if (jobs.ok && (await verifier.verify(jobs.value)).every(Boolean)) held.set(to, certificate)
    }
    return held
  }

  async #bodies(linked: readonly LinkedHeader[]): Promise<Uint8Array[] | undefined> {
    const bodies: (Uint8Array | undefined)[] = linked.map(() => undefined)
    const groups = groupsOf(linked)
    const worker = async (): Promise<boolean> => {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        const got = await this.#askBodies(linked, group)
        if (got === undefined) return false
        for (const [index, body] of got.entries()) bodies[group.from + index] = body
        const rest = { from: group.from + got.length, to: group.to }
        if (rest.from < rest.to) groups.unshift(rest)
      }
      return true
    }
    const done = await Promise.all(Array.from({ length: ASKS }, async () => worker()))
    if (!done.some(Boolean)) return undefined
    return bodies.every((body) => body !== undefined) ? bodies : undefined
  }

  async #askBodies(
    linked: readonly LinkedHeader[],
    { from, to }: { readonly from: number; readonly to: number }
  ): Promise<Uint8Array[] | undefined> {
    const { network, store } = this.#c
    const peer = this.#nextPeer()
    const first = linked[from]?.header.height ?? 0
    if (peer === undefined || this.#stopped) return undefined
    const body = BodyRangeType.serialize({ chain: store.chain, from: first, limit: to - from })
    const { result, frames } = await network.request(peer, 'ranges', body)
    if (result !== 'ok') return undefined
    const read = readBodies(frames, linked.slice(from, to))
    if (read.ok) return read.value
    network.report(peer, 'invalid', `bodies: ${read.detail}`)
    return undefined
  }

  /** In turn, so that no peer carries it alone. */
  #nextPeer(): Peer | undefined {
    const { network, store } = this.#c
    // Below what we hold: who began where we did has nothing for us.
    const peers = network.peers(store.chain).filter((view) => earliestOf(view, store.chain) < store.earliest)
    return peers[this.#turn++ % Math.max(1, peers.length)]?.peer
  }

  async #rest(): Promise<void> {
    const { clock } = this.#c
    const over = Promise.withResolvers<void>()
    const cancel = clock.at(clock.monoMs() + REST_MS, over.resolve)
    this.#wake = () => {
      cancel()
      over.resolve()
    }
    if (this.#stopped) this.#wake()
    await over.promise
  }
}

/** Places of headers whose bodies together are a request's worth. */
function groupsOf(linked: readonly LinkedHeader[]): { readonly from: number; readonly to: number }[] {
  const groups: { from: number; to: number }[] = []
  let from = 0
  let bytes = 0
  for (const [index, { header }] of linked.entries()) {
    if (index > from && bytes + header.bodyBytes > ASK_BYTES) {
      groups.push({ from, to: index })
      from = index
      bytes = 0
    }
    bytes += header.bodyBytes
  }
  groups.push({ from, to: linked.length })
  return groups
}
