/** What the chains report, as metrics and log lines. Nothing is decided here; a fatal failure is passed on. */
import type { Logger } from 'pino'
import { COORD, chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { toHex } from '../primitives/bytes.ts'
import { refusalNumber } from '../codec/refusals.ts'
import type { RefusalCode } from '../codec/refusals.ts'
import { EvidenceType } from '../codec/evidence.ts'
import { CertificateType, VoteType } from '../codec/statement.ts'
import type { Dropped } from '../mempool/pool.ts'
import type { NodeMetrics } from '../metrics/registry.ts'
import type { BundleCounts } from '../node/chain/transactions.ts'
import type { ChainEvents, FastStartProgress, FinalEvent } from '../node/ports.ts'
import type { Genesis } from '../params/genesis.ts'
import { evidenceCount } from '../state/conduct/evidence.ts'
import { Auditor } from './auditor.ts'
import { LaneFigures } from './lane-figures.ts'
import { ValidatorFigures } from './validator-figures.ts'
import { syncLog } from './sync-report.ts'

/** When each chain last moved, for /health. */
export interface Progress {
  readonly finalAtMs: Map<ChainId, number>
  /** Blocks made final per chain since the start, for rates. */
  readonly blocks: Map<ChainId, number>
}

/** Kept in memory for whoever runs the node in a process of their own; the pool keeps what coordination lacks. */
const EVIDENCE_MAX = 256

export class Observer {
  readonly progress: Progress = { finalAtMs: new Map(), blocks: new Map() }
  readonly evidence: Uint8Array[] = []
  readonly #metrics: NodeMetrics
  readonly #log: Logger
  readonly #onFailed: (error: unknown) => void
  readonly #auditor: Auditor
  readonly #lanes: LaneFigures
  readonly #validators: ValidatorFigures
  readonly #looked = new WeakSet<FinalEvent['state']>()

  constructor(metrics: NodeMetrics, log: Logger, genesis: Genesis, onFailed: (error: unknown) => void) {
    this.#metrics = metrics
    this.#log = log
    this.#onFailed = onFailed
    this.#lanes = new LaneFigures(metrics.receipts, genesis.shards)
    this.#validators = new ValidatorFigures(metrics.chain)
    this.#auditor = new Auditor(genesis, (invariant, detail) => {
      metrics.node.invariantViolations.inc({ invariant })
      log.error({ invariant, detail }, 'an invariant is broken')
    })
  }

  readonly events: ChainEvents = {
    final: ({ chain, header, hash, transactionIds, state, tookMs }) => {
      this.#look(chain, header.height, state, tookMs)
      const label = { chain: chainName(chain) }
      const { finalHeight, height, epoch, finalitySeconds, transactionsFinal } = this.#metrics.chain
      finalHeight.set(label, header.height)
      height.set(label, header.height)
      epoch.set(label, header.epoch)
      if (chain === COORD) {
        this.#metrics.chain.offencesProven.set(evidenceCount(state))
        this.#validators.finalBlock(header, state)
      }
      if (tookMs !== undefined) finalitySeconds.observe(label, tookMs / 1_000)
      transactionsFinal.inc(label, transactionIds.length)
      this.progress.finalAtMs.set(chain, performance.now())
      this.progress.blocks.set(chain, (this.progress.blocks.get(chain) ?? 0) + 1)
      if (!this.#log.isLevelEnabled('debug')) return
      const { height: at, epoch: of, view } = header
      const facts = { ...label, height: at, epoch: of, view, hash: toHex(hash) }
      this.#log.debug({ ...facts, transactions: transactionIds.length, tookMs }, 'final block')
    },
    entered: (chain, epoch, view) => {
      this.#metrics.chain.view.set({ chain: chainName(chain) }, view)
      this.#log.trace({ chain: chainName(chain), epoch, view }, 'entered view')
    },
    nullified: (chain, view) => {
      this.#metrics.chain.viewsNullified.inc({ chain: chainName(chain) })
      this.#log.debug({ chain: chainName(chain), view }, 'view nullified')
    },
    invalidBlock: (chain, { header, hash }, reason) => {
      this.#metrics.chain.blocksInvalid.inc({
        chain: chainName(chain),
        code: reason.split(':', 1)[0] ?? reason
      })
      const facts = {
        chain: chainName(chain),
        height: header.height,
        view: header.view,
        hash: toHex(hash),
        reason
      }
      this.#log.warn(facts, 'invalid block')
    },
    evidence: (evidence) => {
      if (this.evidence.length < EVIDENCE_MAX) this.evidence.push(EvidenceType.serialize(evidence))
      const [{ chain, epoch, view } = VoteType.defaultValue()] = evidence.votes
      const key = toHex(evidence.publicKey)
      this.#metrics.chain.evidenceFound.inc({ chain: chainName(chain) })
      this.#log.warn(
        { chain: chainName(chain), epoch, view, key },
        'evidence: this key signed what no honest validator signs'
      )
    },
    halted: (chain, reason, proof = []) => {
      this.#metrics.node.invariantViolations.inc({ invariant: 'halted' })
      // C27: whoever looks into it needs both certificates, whatever becomes of this directory.
      const certificates = proof.map((each) => toHex(CertificateType.serialize(each)))
      this.#log.error(
        { chain: chainName(chain), reason, certificates },
        'chain halted here: it is no longer followed'
      )
    },
    guardRefusal: (chain, reason) => {
      this.#metrics.node.signGuardRefusals.inc()
      this.#log.error({ chain: chainName(chain), reason }, 'the sign guard refused a statement')
    },
    signingStopped: (reason) => {
      this.#metrics.node.signGuardRefusals.inc()
      this.#log.error({ reason }, 'this validator signs nothing any more')
    },
    snapshotMade: ({ chain, height, chunks, bytes, tookMs }) => {
      const label = { chain: chainName(chain) }
      this.#metrics.chain.snapshotHeight.set(label, height)
      this.#metrics.chain.snapshotBytes.set(label, bytes)
      this.#metrics.chain.snapshotsMade.inc({ ...label, outcome: 'made' })
      this.#log.info({ ...label, height, chunks, bytes, tookMs: Math.round(tookMs) }, 'state snapshot made')
    },
    snapshotFailed: (chain, error) => {
      this.#metrics.chain.snapshotsMade.inc({ chain: chainName(chain), outcome: 'failed' })
      this.#log.warn({ chain: chainName(chain), err: error }, 'no state snapshot could be made')
    },
    fastStart: (chain, progress) => this.#fastStart(chain, progress),
    historyNeeded: (chain, earliest) => {
      this.#log.warn(
        { chain: chainName(chain), earliest },
        'a shard has no snapshot that fits: its blocks are executed from genesis, and older blocks are fetched for it'
      )
    },
    ...syncLog(() => this.#log),
    failed: (error) => this.#onFailed(error)
  }

  /** Blocks that are synchronised are told part by part, all of a part with the state after its last one. */
  #look(chain: ChainId, height: number, state: FinalEvent['state'], tookMs: number | undefined): void {
    const isKnown = tookMs === undefined && this.#looked.has(state)
    if (isKnown) return this.#auditor.finalHeight(chain, height)
    this.#looked.add(state)
    this.#auditor.finalBlock(chain, height, state)
    this.#lanes.finalBlock(chain, state)
  }

  /** At most ten lines for a snapshot, however many chunks it has. */
  #fastStart(chain: ChainId, { stage, height, chunks, done, bytes }: FastStartProgress): void {
    const label = { chain: chainName(chain) }
    this.#metrics.chain.fastStartChunks.set({ ...label, kind: 'all' }, chunks)
    this.#metrics.chain.fastStartChunks.set({ ...label, kind: 'done' }, done)
    if (stage === 'switch') this.#auditor.begun(chain)
    const isTenth = Math.floor((done * 10) / chunks) > Math.floor(((done - 1) * 10) / chunks)
    if (stage === 'chunks' && !isTenth) return
    this.#log.info({ ...label, stage, height, chunks, done, bytes }, 'fast start')
  }

  refused(code: RefusalCode): void {
    this.#metrics.pool.refusals.inc({ code })
    this.#log.trace({ code, number: refusalNumber(code) }, 'transaction refused')
  }

  readonly bundle = (chain: ChainId, counts: BundleCounts): void => {
    for (const outcome of ['known', 'admitted', 'refused'] as const) {
      if (counts[outcome] > 0)
        this.#metrics.pool.gossiped.inc({ chain: chainName(chain), outcome }, counts[outcome])
    }
  }

  readonly dropped = (chain: ChainId, dropped: readonly Dropped[]): void => {
    for (const { reason, local, entry } of dropped) {
      if (reason === 'included') continue
      this.#metrics.pool.refusals.inc({ code: reason })
      if (local)
        this.#log.info({ chain: chainName(chain), id: entry.id, reason }, 'own transaction left the pool')
    }
  }
}
