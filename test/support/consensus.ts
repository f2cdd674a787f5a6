/**
 * One consensus instance on a stage: a committee of n whose leader of view v is member (v − 1) mod n, blocks that link,
 * votes and certificates without real signatures, and a clock that the test moves. `feed` behaves as the driver does:
 * own votes come back, and blocks are judged by `judging`.
 */
import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { ZERO_HASH, toHex } from '../../src/primitives/bytes.ts'
import type { Hex } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { BodyType, EMPTY_DELIVERIES_ROOT, blockHash, bodyHash } from '../../src/codec/block.ts'
import type { Block, Header } from '../../src/codec/block.ts'
import { FINALISE, NOTARISE, NULLIFY } from '../../src/codec/statement.ts'
import type { Certificate, StatementKind, Vote } from '../../src/codec/statement.ts'
import { createInstance } from '../../src/consensus/instance.ts'
import type { Instance } from '../../src/consensus/instance.ts'
import { restoreInstance } from '../../src/consensus/restore.ts'
import { nextWakeMs, step } from '../../src/consensus/step.ts'
import type { Effect, Env, Input, InstanceConfig, JournalRecord } from '../../src/consensus/types.ts'
import { sha256Of } from '../../src/crypto/hash.ts'
import type { Params } from '../../src/params/params.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { committeeOf } from '../../src/sharding/committee.ts'
import { quorumOf } from '../../src/sharding/quorum.ts'
import { u64be } from '../../src/primitives/bytes.ts'
import { membersOf } from './genesis.ts'

export const NETWORK: Uint8Array = new Uint8Array(32).fill(7)
export const WALL_MS = 1_700_000_000_000

/** Blocks every 100 ms, 200 when idle; Δ 500 from 50 to 5,000; epochs of 8. */
export const PARAMS: Params = PRESETS.minimal.params

export interface StageInit {
  readonly n?: number
  /** Own index; null for a follower. */
  readonly self?: number | null
  readonly chain?: ChainId
  readonly epoch?: number
  readonly params?: Partial<Params>
  /** Height of the base. */
  readonly baseHeight?: number
  /** Whether the shell lets the member sign from the start. */
  readonly signing?: boolean
  /** What the executor says; undefined: no answer comes. */
  readonly judging?: (block: Block) => boolean | undefined
}

export function configOf(init: StageInit = {}): InstanceConfig {
  const { n = 4, self = 0, chain = COORD, epoch = 0, baseHeight = 0 } = init
  const committee = committeeOf(chain, membersOf(Array.from({ length: n }, (_, index) => index)), false)
  return {
    network: NETWORK,
    chain,
    epoch,
    params: { ...PARAMS, ...init.params },
    committee,
    schedule: { leader: (view) => (view - 1) % n },
    self: self ?? undefined,
    base: { hash: sha256Of(u64be(baseHeight)), height: baseHeight, view: 0, timeMs: WALL_MS - 1_000 }
  }
}

export class Stage {
  readonly config: InstanceConfig
  readonly instance: Instance
  readonly n: number
  /** All effects since the start or the last `clear`, in order. */
  effects: Effect[] = []
  env: Env = { monoMs: 0, wallMs: WALL_MS, coordHeight: 0, work: false }
  judging: (block: Block) => boolean | undefined

  constructor(init: StageInit = {}, records?: readonly JournalRecord[]) {
    this.config = configOf(init)
    this.n = this.config.committee.members.length
    this.judging = init.judging ?? (() => true)
    this.instance =
      records === undefined ? createInstance(this.config, 0) : restoreInstance(this.config, records, this.env)
    // The status that every instance sends at once is not what tests look at.
    if (init.signing !== false) this.feed({ type: 'signing', enabled: true })
    this.clear()
  }

  get quorum(): number {
    return quorumOf(this.n)
  }

  get view(): number {
    return this.instance.view
  }

  leader(view: number): number {
    return this.config.schedule.leader(view)
  }

  /** Moves both clocks to `ms` after the start, without an input. */
  at(ms: number): this {
    this.env = { ...this.env, monoMs: ms, wallMs: WALL_MS + ms }
    return this
  }

  tick(ms?: number): Effect[] {
    if (ms !== undefined) this.at(ms)
    return this.feed({ type: 'tick' })
  }

  wakeMs(): number {
    return nextWakeMs(this.instance, this.env)
  }

  clear(): void {
    this.effects = []
  }

  /** The effects of this input alone and of the answers to them. */
  feed(...inputs: Input[]): Effect[] {
    const out: Effect[] = []
    const queue = [...inputs]
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      for (const effect of step(this.instance, input, this.env)) {
        out.push(effect)
        if (effect.type === 'sign') queue.unshift({ type: 'vote', vote: this.own(effect) })
        if (effect.type === 'judge') {
          const valid = this.judging(effect.block)
          if (valid !== undefined) {
            queue.push({ type: 'verdict', hash: toHex(effect.block.hash), valid, reason: '' })
          }
        }
      }
    }
    this.effects.push(...out)
    return out
  }

  own({ view, kind, hash }: Extract<Effect, { type: 'sign' }>): Vote {
    return this.vote(this.config.self ?? 0, kind, view, hash)
  }

  block(fields: { view: number; on?: Block } & Partial<Header>, transactions: Uint8Array[] = []): Block {
    const { on, ...rest } = fields
    const { base, chain, epoch, committee } = this.config
    const above = on?.header ?? { height: base.height, timeMs: base.timeMs, coordHeight: epoch * 8 }
    return aBlock(
      {
        chain,
        epoch,
        height: above.height + 1,
        timeMs: above.timeMs + 100,
        parent: on?.hash ?? base.hash,
        coordHeight: chain === COORD ? 0 : above.coordHeight,
        proposer: committee.members[this.leader(fields.view)]!.key,
        ...rest
      },
      transactions
    )
  }

  vote(signer: number, kind: StatementKind, view: number, hash: Uint8Array = ZERO_HASH): Vote {
    const { chain, epoch } = this.config
    return { chain, epoch, view, kind, hash, signer, signature: fakeSignature(signer) }
  }

  certificate(kind: StatementKind, view: number, hash: Uint8Array = ZERO_HASH): Certificate {
    const { chain, epoch } = this.config
    const signers = BitArray.fromBoolArray(Array.from({ length: this.n }, (_, i) => i < this.quorum))
    const signatures = Array.from({ length: this.quorum }, (_, i) => fakeSignature(i))
    return { chain, epoch, view, kind, hash, signers, signatures }
  }

  votes(signers: readonly number[], kind: StatementKind, view: number, hash?: Uint8Array): Effect[] {
    return this.feed(
      ...signers.map((signer): Input => {
        return { type: 'vote', vote: this.vote(signer, kind, view, hash) }
      })
    )
  }

  /** A certificate from a peer over `consensus/1`; by gossip when told. */
  certify(kind: StatementKind, view: number, hash?: Uint8Array, byGossip = true): Effect[] {
    return this.feed({ type: 'certificate', certificate: this.certificate(kind, view, hash), byGossip })
  }

  notarised = (view: number, block: Block): Effect[] => this.certify(NOTARISE, view, block.hash)
  nullified = (view: number): Effect[] => this.certify(NULLIFY, view)
  finalised = (view: number, block: Block): Effect[] => this.certify(FINALISE, view, block.hash)

  take(block: Block): Effect[] {
    return this.feed({ type: 'block', block })
  }

  /** Block and leader's vote, as a proposal brings them. */
  proposal(view: number, block: Block): Effect[] {
    return this.feed(
      { type: 'block', block },
      { type: 'vote', vote: this.vote(this.leader(view), NOTARISE, view, block.hash) }
    )
  }

  /** Takes a block and its notarisation for the header's view. */
  extend(fields: { view: number; on?: Block } & Partial<Header>): Block {
    const block = this.block(fields)
    this.take(block)
    this.notarised(fields.view, block)
    return block
  }

  signed(effects: readonly Effect[] = this.effects): string[] {
    return effects
      .filter((effect) => effect.type === 'sign')
      .map(({ kind, view, hash }) => said(kind, view, hash))
  }

  ofType<T extends Effect['type']>(
    type: T,
    effects: readonly Effect[] = this.effects
  ): Extract<Effect, { type: T }>[] {
    return effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type)
  }

  single<T extends Effect['type']>(
    type: T,
    effects: readonly Effect[] = this.effects
  ): Extract<Effect, { type: T }> {
    const found = this.ofType(type, effects)
    assert.equal(found.length, 1, `${found.length} effects of type ${type} among ${kindsOf(effects).join()}`)
    return found[0]!
  }
}

export const kindsOf = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type)

const NAMES = { [NOTARISE]: 'notarise', [NULLIFY]: 'nullify', [FINALISE]: 'finalise' } as const

/** A statement as assertions name it. */
export const said = (kind: StatementKind, view: number, hash: Uint8Array = ZERO_HASH): string =>
  `${NAMES[kind]} ${view}${kind === NULLIFY ? '' : ` ${toHex(hash).slice(0, 8)}`}`

export const fakeSignature = (signer: number): Uint8Array => new Uint8Array(64).fill(signer + 1)

export function aBlock(fields: Partial<Header>, transactions: Uint8Array[] = []): Block {
  const body = {
    attendance: { parentCertificate: [], lateVotes: [] },
    deliveries: [],
    transactions,
    evidence: [],
    reveal: []
  }
  const bodyBytes = BodyType.serialize(body)
  const header: Header = {
    version: 1,
    network: NETWORK,
    chain: COORD,
    epoch: 0,
    height: 1,
    view: 1,
    timeMs: WALL_MS,
    parent: ZERO_HASH,
    coordHeight: 0,
    coordHash: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    transactionCount: transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: EMPTY_DELIVERIES_ROOT,
    receiptsOutRoot: ZERO_HASH,
    attendanceRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    rewardConsumer: 0n,
    rewardIndustrial: 0n,
    proposer: ZERO_HASH,
    ...fields
  }
  return { header, hash: blockHash(header), bodyBytes, body }
}

/** A journal record as text, so that lists of them can be compared. */
export function recordName(record: JournalRecord): string {
  switch (record.type) {
    case 'vote':
      return `vote ${said(record.vote.kind as StatementKind, record.vote.view, record.vote.hash)}`
    case 'certificate': {
      const { kind, view, hash } = record.certificate
      return `certificate ${said(kind as StatementKind, view, hash)}`
    }
    case 'block':
      return `block ${record.block.header.height}`
    case 'proposal':
      return `proposal ${record.view}`
  }
}

export const recordNames = (records: readonly JournalRecord[]): string[] => records.map(recordName)
export const hexOf = (block: Block): Hex => toHex(block.hash)
export { FINALISE, NOTARISE, NULLIFY }
