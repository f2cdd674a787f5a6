/**
 * The coordination chain without a network: its blocks are built by leaders with the node's own code, judged again on a
 * second state, and certified by whoever is up. So thousands of views of large committees fit into a test.
 */
import { BitArray } from '@chainsafe/ssz'
import { buildRegistryOrder } from '../../client/registry-orders.ts'
import type { RegistryOrder } from '../../client/registry-orders.ts'
import { TransactionType } from '../../codec/transaction.ts'
import { addressOfKey } from '../../crypto/address.ts'
import { checkStateless } from '../../state/stateless.ts'
import { readAccount } from '../../state/supply.ts'
import { chooseLateVotes, recordAttendance } from '../../chain/attendance.ts'
import type { AttendanceBook } from '../../chain/attendance.ts'
import { NO_COORD_REFERENCE, buildBlock } from '../../chain/build.ts'
import type { ReadEvidence } from '../../chain/evidence.ts'
import { buildChainGenesis } from '../../chain/genesis-block.ts'
import { judgeBlock } from '../../chain/judge.ts'
import type { Block, Header } from '../../codec/block.ts'
import { EvidenceType } from '../../codec/evidence.ts'
import { FINALISE, NOTARISE, signedBytes } from '../../codec/statement.ts'
import type { Certificate, StatementKind, Vote } from '../../codec/statement.ts'
import { evidenceOfVotes, isGuilty, judgeEvidence } from '../../consensus/evidence.ts'
import type { Signer } from '../../crypto/ports.ts'
import { networkId } from '../../params/genesis.ts'
import type { Genesis } from '../../params/genesis.ts'
import { equal, toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import { must } from '../../primitives/errors.ts'
import { epochFrozenAt, isBoundary } from '../../sharding/epochs.ts'
import type { LeaderSchedule } from '../../sharding/ports.ts'
import { createSchedule } from '../../sharding/schedule.ts'
import { computeSnapshot } from '../../sharding/snapshot.ts'
import type { Committee, EpochSnapshot, Member } from '../../sharding/types.ts'
import { EMPTY_VIEW } from '../../state/commit.ts'
import { WorkingState } from '../history/working-state.ts'
import type { CheckedTransaction } from '../../state/types.ts'
import { keyedCrypto } from './crypto.ts'

/** What became of a view. */
export type ViewOutcome = 'block' | 'nullified'

export interface ViewPlan {
  /** The leader does not propose. */
  readonly isLeaderMute: boolean
  /** Members whose vote is missing at first, by key. */
  readonly late: ReadonlySet<Hex>
  /** Members without a vote, by key. */
  readonly down: ReadonlySet<Hex>
  readonly transactions: readonly CheckedTransaction[]
}

export class CoordinationChain {
  readonly genesis: Genesis
  readonly violations: string[] = []
  readonly snapshots = new Map<number, EpochSnapshot>()
  /** Frozen last, in which order they were. */
  onFrozen: (snapshot: EpochSnapshot) => void = () => undefined
  lateVotes = 0
  readonly #network: Uint8Array
  readonly #signers: ReadonlyMap<Hex, Signer>
  readonly #genesisHash: Uint8Array
  readonly #state = new WorkingState(EMPTY_VIEW)
  /** Of a node that judges every block and builds none. */
  readonly #follower = new WorkingState(EMPTY_VIEW)
  #evidence: ReadEvidence[] = []
  #parent: { readonly header: Header; readonly hash: Uint8Array }
  #certificate: Certificate | undefined
  #attendance: AttendanceBook = []
  /** Votes that came after the certificate, by block. */
  readonly #votes = new Map<Hex, Vote[]>()
  #epoch = 0
  #view = 1
  #schedule: LeaderSchedule

  constructor(genesis: Genesis, signers: readonly Signer[]) {
    this.genesis = genesis
    this.#network = networkId(genesis)
    this.#signers = new Map(signers.map((signer) => [toHex(signer.publicKey), signer]))
    const { block, changes } = buildChainGenesis(genesis, COORD)
    this.#genesisHash = block.hash
    this.#parent = block
    this.#state.apply(changes)
    this.#follower.apply(changes)
    const snapshot = computeSnapshot(this.#state, 0, block.hash, genesis.shards)
    this.snapshots.set(0, snapshot)
    this.#schedule = createSchedule(snapshot, COORD)
  }

  get state(): Pick<WorkingState, 'get' | 'root'> {
    return this.#state
  }

  get epoch(): number {
    return this.#epoch
  }

  get height(): number {
    return this.#parent.header.height
  }

  get snapshot(): EpochSnapshot {
    return must(this.snapshots.get(this.#epoch), 'the running epoch was frozen')
  }

  get committee(): Committee {
    return must(this.snapshot.committees.get(COORD), 'a snapshot has a committee of every chain')
  }

  /** C8: whoever leads the running view. */
  leader(): Member | undefined {
    return this.committee.members[this.#schedule.leader(this.#view)]
  }

  /** What a validator says about itself or a newcomer; undefined: it has no account, or the block could not hold it. */
  order(key: Uint8Array, order: RegistryOrder): CheckedTransaction | undefined {
    const account = readAccount(this.#state, addressOfKey(key))
    if (account === undefined) return undefined
    const validUntil = this.height + ORDER_LIFETIME
    const content = buildRegistryOrder({ order, nonce: account.nonce, validUntil }, key)
    const { params, shards } = this.genesis
    const constants = { network: this.#network, shards, payloadBytesMax: params.payloadBytesMax }
    const bytes = TransactionType.serialize({ ...content, signature: new Uint8Array(64) })
    const checked = checkStateless(constants, bytes)
    if (!checked.ok) this.#violate(`TX-3: ${checked.code}`)
    return checked.ok ? checked.value : undefined
  }

  /** A member signs two blocks in the running view: everybody who sees it can prove it. */
  async equivocate(member: Member): Promise<void> {
    const index = this.committee.members.indexOf(member)
    const votes = [1, 2].map((byte) => this.#vote(index, NOTARISE, new Uint8Array(32).fill(byte)))
    const [first, second] = votes
    if (first === undefined || second === undefined) return
    const evidence = evidenceOfVotes(this.#network, member.key, first, second)
    const judged = judgeEvidence(evidence, this.#network, (_chain, epoch) =>
      this.snapshots.get(epoch)?.committees.get(COORD)
    )
    if (!judged.ok) return this.#violate(judged.detail)
    const { holds, fails, offence } = judged.value
    const results = await keyedCrypto.verifier.verify([...holds, ...fails])
    if (!isGuilty(judged.value, results)) this.#violate('C30: two votes prove nothing')
    this.#evidence.push({ bytes: EvidenceType.serialize(evidence), offence })
  }

  run(plan: ViewPlan): ViewOutcome {
    const leader = this.leader()
    if (leader === undefined) this.#violate(`C8: epoch ${this.#epoch} view ${this.#view} has no leader`)
    const isUp = leader !== undefined && !plan.isLeaderMute && !plan.down.has(toHex(leader.key))
    if (leader !== undefined && isUp) this.#propose(leader, plan)
    else this.#view += 1
    return isUp ? 'block' : 'nullified'
  }

  #propose(leader: Member, plan: ViewPlan): void {
    const { epoch, params } = this.snapshot
    const lateVotes = chooseLateVotes(
      this.#attendance,
      { epoch, certificate: this.#certificate },
      ({ hash }) => this.#votes.get(toHex(hash)) ?? []
    )
    const { block, execution, transactions } = buildBlock({
      network: this.#network,
      chain: COORD,
      epoch,
      view: this.#view,
      shards: this.genesis.shards,
      params,
      committee: this.committee,
      schedule: this.#schedule,
      parent: this.#parent,
      ancestors: this.#attendance,
      state: this.#state,
      parentCertificate: this.#certificate,
      lateVotes,
      nowMs: 0,
      coord: NO_COORD_REFERENCE,
      proposer: leader.key,
      evidence: this.#evidence,
      deliveries: [],
      candidates: plan.transactions
    })
    this.#judge(block, transactions)
    this.#state.apply(execution.changes)
    this.lateVotes += lateVotes.length
    const taken = new Set(block.body.evidence.map(toHex))
    this.#evidence = this.#evidence.filter(({ bytes }) => !taken.has(toHex(bytes)))
    this.#attendance = recordAttendance(this.#attendance, block)
    this.#parent = block
    this.#certify(block, plan)
    this.#freeze()
    this.#view += 1
    if (isBoundary(block.header, epoch, params.epochLength)) this.#enter(epoch + 1)
  }

  /** Whoever else executes the block comes to the same state (C7). */
  #judge(block: Block, transactions: readonly CheckedTransaction[]): void {
    const { header, hash } = this.#parent
    const verdict = judgeBlock(block, {
      network: this.#network,
      epoch: this.#epoch,
      shards: this.genesis.shards,
      params: this.snapshot.params,
      committee: this.committee,
      schedule: this.#schedule,
      parent: { header, hash, isBase: header.height === 0 || header.epoch < this.#epoch },
      view: this.#follower,
      coordHash: NO_COORD_REFERENCE.hash,
      parentCertificateValid: true,
      lateVotesValid: true,
      attendance: this.#attendance,
      deliveries: [],
      evidence: this.#evidence.filter(({ bytes }) => block.body.evidence.some((one) => equal(one, bytes))),
      transactions
    })
    if (verdict.ok) this.#follower.apply(verdict.value.changes)
    else this.#violate(`C7: block ${block.header.height}: ${verdict.code}: ${verdict.detail}`)
  }

  #certify({ header, hash }: Block, { down, late }: ViewPlan): void {
    const { members, quorum } = this.committee
    const up = members.flatMap(({ key }, index) => (down.has(toHex(key)) ? [] : [index]))
    const early = up.filter((index) => !late.has(toHex(members[index]?.key ?? hash)))
    const signing = (early.length >= quorum ? early : up).toSorted((a, b) => a - b)
    const kind = isBoundary(header, this.#epoch, this.snapshot.params.epochLength) ? FINALISE : NOTARISE
    const votes = signing.map((index) => this.#vote(index, kind, hash))
    const signers = BitArray.fromBitLen(members.length)
    for (const index of signing) signers.set(index, true)
    const { epoch, view } = header
    const signatures = votes.map(({ signature }) => signature)
    this.#certificate = { chain: COORD, epoch, view, kind, hash, signers, signatures }
    this.#votes.set(
      toHex(hash),
      up.filter((index) => !signing.includes(index)).map((index) => this.#vote(index, NOTARISE, hash))
    )
    for (const key of this.#votes.keys()) if (this.#votes.size > VOTES_KEPT) this.#votes.delete(key)
  }

  #vote(signer: number, kind: StatementKind, hash: Uint8Array): Vote {
    const key = must(this.committee.members[signer], 'a member signs').key
    const unsigned = {
      chain: COORD,
      epoch: this.#epoch,
      view: this.#view,
      kind,
      hash,
      signer,
      signature: new Uint8Array(64)
    }
    const own = must(this.#signers.get(toHex(key)), 'every validator has a key')
    return { ...unsigned, signature: own.sign(signedBytes(this.#network, unsigned)) }
  }

  #freeze(): void {
    const epoch = epochFrozenAt(this.height, this.snapshot.params)
    if (epoch === undefined) return
    const snapshot = computeSnapshot(this.#state, epoch, this.#genesisHash, this.genesis.shards)
    const again = computeSnapshot(this.#follower, epoch, this.#genesisHash, this.genesis.shards)
    for (const [chain, { members }] of snapshot.committees) {
      const other = again.committees.get(chain)?.members ?? []
      const isSame = members.every(({ key }, index) => equal(key, other[index]?.key ?? this.#genesisHash))
      if (!isSame || members.length !== other.length)
        this.#violate(`C2: two nodes freeze other committees of epoch ${epoch}`)
    }
    this.snapshots.set(epoch, snapshot)
    this.onFrozen(snapshot)
  }

  #enter(epoch: number): void {
    this.#epoch = epoch
    this.#view = 1
    this.#votes.clear()
    if (!this.snapshots.has(epoch)) this.#violate(`C2: epoch ${epoch} begins before it was frozen`)
    this.#schedule = createSchedule(this.snapshot, COORD)
  }

  #violate(text: string): void {
    this.violations.push(`height ${this.height}: ${text}`)
  }
}

/** Heights that an order may wait for its block. */
const ORDER_LIFETIME = 10
/** Blocks that a late vote may still be for. */
const VOTES_KEPT = 16
