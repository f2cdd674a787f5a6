/**
 * Pulling blocks: one by hash that a certificate or a leader's vote names, or the range of final blocks up to a proven
 * one when this node fell behind. A peer's word only says whom to ask; every range ends in a finality certificate that
 * is verified here, and its blocks go through the same machine as live ones.
 */
import { equal, toHex } from '../../primitives/bytes.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import { receiveBlock } from '../../chain/receive.ts'
import type { Block } from '../../codec/block.ts'
import {
  BlockEnvelopeType,
  BlocksByHashType,
  FinalRangeType,
  MAX_RANGE_BLOCKS
} from '../../codec/messages.ts'
import { decode } from '../../codec/ssz.ts'
import { CertificateType, FINALISE } from '../../codec/statement.ts'
import type { Certificate } from '../../codec/statement.ts'
import type { Instance } from '../../consensus/instance.ts'
import { VerifyPoolError } from '../../crypto/errors.ts'
import type { Network, Peer } from '../../net/types.ts'
import type { Executor } from './executor.ts'

export interface PullComponents {
  readonly network: Network
  readonly executor: Executor
  readonly instance: () => Instance
  readonly onBlock: (block: Block) => void
  readonly onCertificate: (certificate: Certificate) => void
  /** False while the chain syncs (SYN-8). */
  readonly mayPull: () => boolean
}

/** Peers asked for one block before waiting for the next request of the machine. */
const PEERS_PER_FETCH = 3
/** A range longer than this, or that ends farther below what is proven to be final, means that we are far behind. */
const FAR_BLOCKS = 2

export interface Range {
  readonly blocks: readonly Block[]
  readonly certificate: Certificate
}

export class Pull {
  readonly #c: PullComponents
  readonly #chain: ChainId
  readonly #fetching = new Set<string>()
  readonly #askNext = new Set<Peer>()
  #turn = 0
  #ranging = false
  #farBehind = false
  #stopped = false
  #waiting: { readonly height: number; readonly resolve: (reached: boolean) => void } | undefined

  constructor(components: PullComponents, chain: ChainId) {
    this.#c = components
    this.#chain = chain
  }

  get active(): boolean {
    return this.#ranging
  }

  /**
   * More than what gossip may have in flight was missing: transactions that arrive meanwhile would be judged against a
   * state that is long past, and wait in memory for nothing.
   */
  get isFarBehind(): boolean {
    return this.#farBehind
  }

  stop(): void {
    this.#stopped = true
    this.progressed(true)
  }

  fetch(hash: Uint8Array): void {
    const key = toHex(hash)
    if (this.#fetching.has(key) || this.#stopped) return
    this.#fetching.add(key)
    void this.#fetchFrom(hash).finally(() => this.#fetching.delete(key))
  }

  async #fetchFrom(hash: Uint8Array): Promise<void> {
    const body = BlocksByHashType.serialize({ chain: this.#chain, hashes: [hash] })
    for (const peer of this.#peersInTurn().slice(0, PEERS_PER_FETCH)) {
      const { result, frames } = await this.#c.network.request(peer, 'bodies', body)
      const [frame] = frames
      if (this.#stopped) return
      if (result !== 'ok' || frame === undefined) continue
      const block = readBlock(frame)
      if (!block.ok || !equal(block.value.hash, hash)) {
        this.#c.network.report(peer, 'invalid', 'bodies: not the block that was asked for')
        continue
      }
      this.#c.onBlock(block.value)
      return
    }
  }

  /** Runs until no peer has a final block above ours. Calls while it runs only add a peer to ask. */
  catchUp(first?: Peer): void {
    if (first !== undefined) this.#askNext.add(first)
    if (this.#ranging || this.#stopped || !this.#c.mayPull()) return
    this.#ranging = true
    void this.#rangeLoop().finally(() => {
      this.#ranging = false
      this.#farBehind = false
      this.#askNext.clear()
    })
  }

  async #rangeLoop(): Promise<void> {
    for (let progress = true; progress && !this.#stopped && this.#c.mayPull();) {
      progress = false
      const peers = [...this.#askNext, ...this.#peersInTurn()]
      for (const peer of new Set(peers)) {
        if (this.#stopped || !this.#c.mayPull()) return
        if (await this.#askRange(peer)) {
          progress = true
          break
        }
        this.#askNext.delete(peer)
      }
    }
  }

  /** @returns whether the peer gave a proven range that moves the final block forward. */
  async #askRange(peer: Peer): Promise<boolean> {
    const { final, config } = this.#c.instance()
    const body = FinalRangeType.serialize({
      chain: this.#chain,
      from: final.height + 1,
      limit: MAX_RANGE_BLOCKS
    })
    const { result, frames } = await this.#c.network.request(peer, 'certificates', body)
    if (result !== 'ok' || this.#stopped) return false
    const range = readRange(frames, this.#chain, final.hash, config.epoch)
    if (!range.ok) {
      // The final block may have moved while the answer was on its way; then it fits nothing and nobody is at fault.
      if (this.#c.instance().final === final)
        this.#c.network.report(peer, 'invalid', `certificates: ${range.detail}`)
      return false
    }
    const holds = await this.#certificateHolds(range.value.certificate)
    if (holds === undefined || this.#stopped) return false
    if (!holds) {
      this.#c.network.report(peer, 'invalid', 'certificates: the certificate does not hold')
      return false
    }
    this.#farBehind = this.#isFar(range.value.blocks)
    for (const block of range.value.blocks) this.#c.onBlock(block)
    this.#c.onCertificate(range.value.certificate)
    return this.#reached(range.value.blocks.at(-1)?.header.height ?? 0)
  }

  /** Full blocks come in ranges of one or two, however many there are. */
  #isFar(blocks: readonly Block[]): boolean {
    const { target } = this.#c.instance()
    const reached = blocks.at(-1)?.header.view ?? 0
    return blocks.length > FAR_BLOCKS || (target !== undefined && target.view > reached + FAR_BLOCKS)
  }

  /** undefined: our own verifier is busy or restarting, which says nothing about the peer; the machine asks again. */
  async #certificateHolds(certificate: Certificate): Promise<boolean | undefined> {
    try {
      return await this.#c.executor.certificateHolds(certificate)
    } catch (error) {
      if (error instanceof VerifyPoolError) return undefined
      throw error
    }
  }

  /** Waits for the machine to execute and store the range; false when it does not get there. */
  async #reached(height: number): Promise<boolean> {
    const { final, ended } = this.#c.instance()
    if (final.height >= height && !ended) return true
    const arrived = Promise.withResolvers<boolean>()
    this.#waiting = { height, resolve: arrived.resolve }
    return arrived.promise
  }

  /** Called when the driver has performed the effects of a step, and when the chain halts or stops. */
  progressed(halted = false): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const { final, ended } = this.#c.instance()
    if (final.height >= waiting.height && !ended) waiting.resolve(true)
    else if (halted || this.#stopped) waiting.resolve(false)
    else return
    this.#waiting = undefined
  }

  /** Round robin, so that one slow or lying peer is not asked first for ever. */
  #peersInTurn(): Peer[] {
    const peers = this.#c.network.peers(this.#chain).map(({ peer }) => peer)
    this.#turn = (this.#turn + 1) % Math.max(1, peers.length)
    return [...peers.slice(this.#turn), ...peers.slice(0, this.#turn)]
  }
}

export function readBlock(frame: Uint8Array): Verdict<Block> {
  const envelope = decode(BlockEnvelopeType, frame)
  return envelope.ok ? receiveBlock(envelope.value.header, envelope.value.body) : envelope
}

/** Blocks in height order on top of `after`, all of one epoch, and the finality certificate of the last one. */
export function readRange(
  frames: readonly Uint8Array[],
  chain: ChainId,
  after: Uint8Array,
  epoch: number
): Verdict<Range> {
  const last = frames.at(-1)
  if (last === undefined || frames.length < 2)
    return refuse('malformed', 'a range has blocks and a certificate')
  const blocks: Block[] = []
  let parent = after
  for (const frame of frames.slice(0, -1)) {
    const block = readBlock(frame)
    if (!block.ok) return block
    const { header, hash } = block.value
    if (header.chain !== chain || header.epoch !== epoch)
      return refuse('malformed', 'a block of another instance')
    if (!equal(header.parent, parent)) return refuse('malformed', `block ${header.height} does not link`)
    blocks.push(block.value)
    parent = hash
  }
  const certificate = decode(CertificateType, last)
  if (!certificate.ok) return certificate
  const proves = certificate.value.kind === FINALISE && equal(certificate.value.hash, parent)
  if (!proves || certificate.value.epoch !== epoch || certificate.value.chain !== chain) {
    return refuse('malformed', 'the certificate is not the finality of the last block')
  }
  return accept({ blocks, certificate: certificate.value })
}
