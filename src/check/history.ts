/**
 * What is known of the blocks of one chain, over all directories. A block hash commits to its body and its whole past,
 * so a block that was executed once is not executed again for the next directory.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { readDelivery } from '../chain/delivery.ts'
import type { ReadEvidence } from '../chain/evidence.ts'
import { decodeEvidence, judgeEvidence } from '../consensus/evidence.ts'
import type { Block } from '../codec/block.ts'
import type { Verifier } from '../crypto/ports.ts'
import { networkId } from '../params/genesis.ts'
import type { Genesis } from '../params/genesis.ts'
import { checkStateless, signatureJob } from '../state/stateless.ts'
import type { CheckedTransaction, GenesisConstants } from '../state/types.ts'
import { Replay } from './replay.ts'
import type { BlockFacts, Surroundings } from './replay.ts'

export type Prepared = Verdict<readonly CheckedTransaction[]>

/** Blocks of one directory below a height, in order. */
export type Past = () => AsyncIterable<Block>

export class ChainHistory {
  readonly #genesis: Genesis
  readonly #chain: ChainId
  readonly #verifier: Verifier
  readonly #constants: GenesisConstants
  readonly #facts = new Map<Hex, BlockFacts>()
  #replay: Replay

  constructor(genesis: Genesis, chain: ChainId, verifier: Verifier) {
    this.#genesis = genesis
    this.#chain = chain
    this.#verifier = verifier
    const { shards, params } = genesis
    this.#constants = { network: networkId(genesis), shards, payloadBytesMax: params.payloadBytesMax }
    this.#replay = new Replay(genesis, chain)
    const { genesisFacts } = this.#replay
    this.#facts.set(toHex(genesisFacts.hash), genesisFacts)
  }

  get genesisHash(): Uint8Array {
    return this.#replay.genesisFacts.hash
  }

  facts(hash: Uint8Array): BlockFacts | undefined {
    return this.#facts.get(toHex(hash))
  }

  /** The stateless check of every transaction (M2) and all signatures in one batch: may run ahead of execution. */
  async prepare(block: Block): Promise<Prepared> {
    const checked = this.#stateless(block)
    if (!checked.ok) return checked
    const valid = await this.#verifier.verify(checked.value.map(signatureJob))
    const forged = valid.indexOf(false)
    return forged < 0
      ? checked
      : refuse('bad-transaction', `transaction ${forged}: its signature is not valid`)
  }

  #stateless(block: Block): Verdict<CheckedTransaction[]> {
    const checked: CheckedTransaction[] = []
    for (const [index, bytes] of block.body.transactions.entries()) {
      const one = checkStateless(this.#constants, bytes)
      if (!one.ok) return refuse('bad-transaction', `transaction ${index}: ${one.code}: ${one.detail}`)
      checked.push(one.value)
    }
    return accept(checked)
  }

  /** Executes a block that no directory had before; its parent was executed. */
  async execute(block: Block, around: Surroundings, past: Past): Promise<Verdict<BlockFacts>> {
    if (!this.#replay.isAt(block.header.parent)) {
      const rewound = await this.#rewind(block.header.parent, around, past)
      if (!rewound.ok) return rewound
    }
    const verdict = this.#replay.extend(block, around)
    if (verdict.ok) this.#facts.set(toHex(block.hash), verdict.value)
    // The replay may stand on a block that holds the wrong supply: nothing is built on it.
    else if (!this.#replay.isAt(block.header.parent)) this.#replay = new Replay(this.#genesis, this.#chain)
    return verdict
  }

  /** Evidence of a block that was judged before. */
  #reread(bytes: Uint8Array, { epochs }: Surroundings): ReadEvidence {
    const evidence = decodeEvidence(bytes)
    const accused =
      evidence.ok &&
      judgeEvidence(evidence.value, this.#constants.network, (chain, epoch) => epochs.committee(chain, epoch))
    return { bytes, offence: accused !== false && accused.ok ? accused.value.offence : undefined }
  }

  /** Another branch than the one executed so far: directories contradict each other. Again from genesis. */
  async #rewind(parent: Uint8Array, around: Surroundings, past: Past): Promise<Verdict<void>> {
    this.#replay = new Replay(this.#genesis, this.#chain)
    for await (const block of past()) {
      if (this.#replay.isAt(parent)) break
      if (equal(block.hash, this.genesisHash)) continue
      const checked = this.#stateless(block)
      if (!checked.ok) return checked
      // It was judged with its own surroundings before: these parts are known to hold.
      const deliveries = block.body.deliveries.flatMap((bytes) => {
        const read = readDelivery(bytes)
        return read.ok ? [{ bytes, delivery: read.value, certificateValid: true }] : []
      })
      const { coordHash } = block.header
      const again = {
        ...around,
        coordHash,
        deliveries,
        evidence: block.body.evidence.map((bytes) => this.#reread(bytes, around)),
        parentCertificateValid: true,
        lateVotesValid: true
      }
      const verdict = this.#replay.extend(block, { ...again, transactions: checked.value })
      if (!verdict.ok) return verdict
    }
    return this.#replay.isAt(parent)
      ? accept(undefined)
      : refuse('unknown-parent', 'its parent was not executed')
  }
}
