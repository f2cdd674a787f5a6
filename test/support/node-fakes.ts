/** The doors of a chain's parts with nothing behind them but lists: network, clock, events; a committee that really signs. */
import { utf8 } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import type { Block } from '../../src/codec/block.ts'
import type { Status } from '../../src/codec/messages.ts'
import { signedBytes } from '../../src/codec/statement.ts'
import type { Certificate, StatementKind, Vote } from '../../src/codec/statement.ts'
import { BitArray } from '@chainsafe/ssz'
import type { Signer, Verifier } from '../../src/crypto/ports.ts'
import type {
  Network,
  NetworkEvents,
  Peer,
  PeerView,
  RequestProtocol,
  Response
} from '../../src/net/types.ts'
import type { ChainEvents, Clock, FinalEvent } from '../../src/node/ports.ts'
import { EpochBook } from '../../src/node/chain/epoch-book.ts'
import type { Params } from '../../src/params/params.ts'
import { committeeOf } from '../../src/sharding/committee.ts'
import type { Committee, EpochSnapshot } from '../../src/sharding/types.ts'
import { quorumOf } from '../../src/sharding/quorum.ts'
import { keyedCrypto } from '../../src/testing/sim/crypto.ts'
import { NETWORK, PARAMS, WALL_MS } from './consensus.ts'

export const peer = (name: string): Peer => name as Peer

export interface Published {
  readonly chain: ChainId
  readonly kind: string
  readonly data: Uint8Array
}

export class FakeNetwork implements Network {
  readonly self = peer('self')
  readonly published: Published[] = []
  readonly frames: { readonly to: Peer; readonly frame: Uint8Array }[] = []
  readonly reports: string[] = []
  readonly requests: { readonly to: Peer; readonly protocol: RequestProtocol; readonly body: Uint8Array }[] =
    []
  connected: Peer[] = []
  /** What a peer answers. */
  answer: (to: Peer, protocol: RequestProtocol, body: Uint8Array) => Response | Promise<Response> = () => ({
    result: 'lacks',
    frames: []
  })
  events: NetworkEvents | undefined

  join(): void {
    this.published.length = 0
  }
  serve(): void {
    this.requests.length = 0
  }
  listen(events: NetworkEvents): void {
    this.events = events
  }
  publish(chain: ChainId, kind: string, data: Uint8Array): Promise<number> {
    this.published.push({ chain, kind, data })
    return Promise.resolve(this.connected.length)
  }
  listeners(): number {
    return this.connected.length
  }
  sendConsensus(to: Peer, frame: Uint8Array): boolean {
    this.frames.push({ to, frame })
    return true
  }
  async request(to: Peer, protocol: RequestProtocol, body: Uint8Array): Promise<Response> {
    this.requests.push({ to, protocol, body })
    return this.answer(to, protocol, body)
  }
  peers(): readonly PeerView[] {
    const status: Status = { network: NETWORK, features: 0n, required: 0n, role: 0, chains: [] }
    return this.connected.map((one) => ({
      peer: one,
      address: '',
      direction: 'inbound',
      agent: '',
      score: 0,
      status
    }))
  }
  report(from: Peer, fact: string, why: string): void {
    this.reports.push(`${from} ${fact} ${why}`)
  }
}

/** Time stands still until `advance`. */
export class FakeClock implements Clock {
  #monoMs = 0
  readonly #due: { readonly atMs: number; readonly run: () => void }[] = []

  monoMs(): number {
    return this.#monoMs
  }
  wallMs(): number {
    return WALL_MS + this.#monoMs
  }
  at(monoMs: number, run: () => void): () => void {
    const entry = { atMs: monoMs, run }
    this.#due.push(entry)
    return () => {
      const place = this.#due.indexOf(entry)
      if (place >= 0) this.#due.splice(place, 1)
    }
  }
  advance(ms: number): void {
    this.#monoMs += ms
    const now = this.#due.filter(({ atMs }) => atMs <= this.#monoMs)
    for (const entry of now) {
      const place = this.#due.indexOf(entry)
      if (place < 0) continue
      this.#due.splice(place, 1)
      entry.run()
    }
  }
  get waiting(): number {
    return this.#due.length
  }
}

export class RecordedEvents implements ChainEvents {
  readonly said: string[] = []
  readonly errors: unknown[] = []
  readonly finals: FinalEvent[] = []

  readonly final = (event: FinalEvent): void => void this.finals.push(event)
  readonly entered = (_: ChainId, epoch: number, view: number): void =>
    void this.said.push(`entered ${epoch}/${view}`)
  readonly nullified = (_: ChainId, view: number): void => void this.said.push(`nullified ${view}`)
  readonly invalidBlock = (_: ChainId, block: Block, reason: string): void =>
    void this.said.push(`invalid ${block.header.height} ${reason}`)
  readonly evidence = (): void => void this.said.push('evidence')
  readonly halted = (_: ChainId, reason: string): void => void this.said.push(`halted ${reason}`)
  readonly guardRefusal = (_: ChainId, reason: string): void => void this.said.push(`refused ${reason}`)
  readonly signingStopped = (reason: string): void => void this.said.push(`stopped ${reason}`)
  readonly failed = (error: unknown): void => void this.errors.push(error)
}

/** n members that sign for themselves (`keyed`), in committee order. */
export class Signers {
  readonly list: readonly Signer[]
  readonly committee: Committee
  readonly chain: ChainId

  constructor(n = 4, chain: ChainId = COORD) {
    const signers = Array.from({ length: n }, (_, index) => keyedCrypto.signer(utf8(`member ${index}`)))
    const members = signers.map(({ publicKey }, index) => ({
      key: publicKey,
      cooperative: index,
      weight: 1_000_000
    }))
    this.chain = chain
    this.committee = committeeOf(chain, members, false)
    this.list = this.committee.members.map(({ key }) => signers.find(({ publicKey }) => publicKey === key)!)
  }

  vote(
    signer: number,
    kind: StatementKind,
    view: number,
    hash: Uint8Array = new Uint8Array(32),
    epoch = 0
  ): Vote {
    const unsigned: Vote = {
      chain: this.chain,
      epoch,
      view,
      kind,
      hash,
      signer,
      signature: new Uint8Array(64)
    }
    return { ...unsigned, signature: this.list[signer]!.sign(signedBytes(NETWORK, unsigned)) }
  }

  certificate(
    kind: StatementKind,
    view: number,
    hash: Uint8Array = new Uint8Array(32),
    epoch = 0
  ): Certificate {
    const n = this.list.length
    const signing = Array.from({ length: quorumOf(n) }, (_, index) => index)
    return {
      chain: this.chain,
      epoch,
      view,
      kind,
      hash,
      signers: BitArray.fromBoolArray(this.list.map((_, index) => index < signing.length)),
      signatures: signing.map((index) => this.vote(index, kind, view, hash, epoch).signature)
    }
  }

  snapshot(epoch: number, params: Params = PARAMS): EpochSnapshot {
    return {
      epoch,
      seed: new Uint8Array(32).fill(epoch),
      params,
      committees: new Map([[this.chain, this.committee]])
    }
  }

  /** Knows the epochs given. */
  book(...epochs: number[]): EpochBook {
    const book = new EpochBook(() => undefined)
    for (const epoch of epochs) book.add(this.snapshot(epoch))
    return book
  }
}

/** Counts what it is asked, and fails while `failing` is set. */
export class CountingVerifier implements Verifier {
  jobs = 0
  failing: Error | undefined

  async verify(jobs: Parameters<Verifier['verify']>[0]): Promise<boolean[]> {
    this.jobs += jobs.length
    if (this.failing !== undefined) throw this.failing
    return keyedCrypto.verifier.verify(jobs)
  }
}

/** Lets everything run that waits for nothing but earlier promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
