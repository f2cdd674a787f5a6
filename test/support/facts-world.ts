/** One chain as its facts are counted: blocks with the votes that they record, without signatures and transactions. */
import { BitArray } from '@chainsafe/ssz'
import { endOfBlock } from '../../src/chain/block-end.ts'
import { chooseLateVotes, noteAttendance, LATE_ANCESTORS } from '../../src/chain/attendance.ts'
import type { AttendanceBook } from '../../src/chain/attendance.ts'
import type { Header } from '../../src/codec/block.ts'
import { FinishedFactsType, RunningFactsType, SummaryType } from '../../src/codec/cooperation.ts'
import type { FinishedFacts, MemberFacts } from '../../src/codec/cooperation.ts'
import { OutboxEntryType } from '../../src/codec/receipt.ts'
import { NOTARISE } from '../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../src/codec/statement.ts'
import { sha256 } from '../../src/crypto/hash.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { compare, equal, u64be } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { committeeOf } from '../../src/sharding/committee.ts'
import { isBoundary } from '../../src/sharding/epochs.ts'
import type { LeaderSchedule } from '../../src/sharding/ports.ts'
import { createSchedule } from '../../src/sharding/schedule.ts'
import type { Committee } from '../../src/sharding/types.ts'
import { FINISHED_FACTS_KEY, RUNNING_FACTS_KEY } from '../../src/state/facts.ts'
import { writeValidator } from '../../src/state/coord/validators.ts'
import { Ledger } from '../../src/state/ledger.ts'
import { MemoryState, NETWORK } from './state.ts'
import { buildGenesisState } from '../../src/state/genesis-state.ts'
import { membersOf, someKey } from './genesis.ts'
import { validatorRecord } from './validator-record.ts'

const SHARD = shardId(0)

export interface AddedBlock {
  /** Members in the certificate over the parent. @default all */
  readonly votes?: readonly number[]
  readonly late?: readonly { readonly height: number; readonly member: number }[]
  /** Views without a block before it. @default 0 */
  readonly skip?: number
  readonly reveal?: Uint8Array
}

export class FactsWorld {
  height = 0
  view = 0
  isClosed = false
  readonly committee: Committee
  readonly #chain: ChainId
  readonly #schedule: LeaderSchedule
  readonly #state = new MemoryState()
  readonly #epochLength: number
  readonly #hashes: Uint8Array[] = [someKey(0)]
  readonly #views: number[] = [0]
  readonly #emitted: { destination: number; value: Uint8Array }[] = []
  #book: AttendanceBook = []

  constructor(members: number, cooperatives?: readonly number[], epochLength = 1_000, chain = SHARD) {
    this.#chain = chain
    const list = membersOf(cooperatives ?? Array.from({ length: members }, (_, index) => index + 1))
    const ordered = list.map(({ key }) => key).sort(compare)
    this.committee = committeeOf(
      chain,
      list.map((member, index) => ({ ...member, key: ordered[index]! })),
      false
    )
    this.#epochLength = epochLength
    this.#schedule = createSchedule(
      {
        epoch: 0,
        seed: sha256(u64be(1)),
        params: PRESETS.devnet.params,
        committees: new Map([[chain, this.committee]])
      },
      chain
    )
    this.#state.apply(
      buildGenesisState({
        accounts: [],
        reserve: { consumer: 0n, industrial: 0n },
        extra: [],
        params: { manaCap: 0 },
        timeMs: 0
      })
    )
  }

  leaderOf(view: number): number {
    return this.#schedule.leader(view)
  }

  /** A member registers the tip of a hash chain, which counts from a height on. */
  setTip(member: number, tip: Uint8Array, from: number): void {
    const ledger = new Ledger(this.#state)
    const { key, cooperative } = this.committee.members[member]!
    writeValidator(ledger, key, validatorRecord({ cooperative, pendingTip: [{ tip, from }] }))
    this.#keep(ledger)
  }

  /** The next block records what it is told to. */
  add({ votes, late = [], skip = 0, reveal }: AddedBlock): void {
    const signers = votes ?? this.committee.members.map((_, index) => index)
    const lateVotes = late.map(({ height, member }) => this.#vote(height, member))
    this.#append(skip, this.#certificate(signers), lateVotes, reveal)
  }

  /**
   * Everybody votes for everything. Those who collude name themselves and the fewest others, the same ones each time,
   * and record no late votes; all others record all they have.
   */
  addAttacked(colluding: ReadonlySet<number>): void {
    const { members, quorum } = this.committee
    const leader = this.leaderOf(this.view + 1)
    const all = members.map((_, index) => index)
    if (colluding.has(leader)) {
      const favoured = [...all].sort((a, b) => Number(colluding.has(b)) - Number(colluding.has(a)) || a - b)
      this.#append(0, this.#certificate(favoured.slice(0, quorum)), [])
      return
    }
    const certificate = this.#certificate(all)
    const lateVotes = chooseLateVotes(this.#book, { epoch: 0, certificate }, ({ hash }) => {
      const height = this.#hashes.findIndex((one) => equal(one, hash))
      return all.map((member) => this.#vote(height, member))
    })
    this.#append(0, certificate, lateVotes)
  }

  running(): readonly MemberFacts[] {
    return RunningFactsType.deserialize(this.#state.get(RUNNING_FACTS_KEY)!).members
  }

  hasRunning(): boolean {
    return this.#state.get(RUNNING_FACTS_KEY) !== undefined
  }

  finished(): FinishedFacts {
    return FinishedFactsType.deserialize(this.#state.get(FINISHED_FACTS_KEY)!)
  }

  /** Of the finished epoch, by member. */
  inOrder(): readonly MemberFacts[] {
    return this.finished().members.map(({ facts }) => facts)
  }

  told(): { destination: number; members: number; epoch: number }[] {
    return this.#emitted.flatMap(({ destination, value }) =>
      OutboxEntryType.deserialize(value).receipts.map(({ payload }) => {
        const { members, epoch } = SummaryType.deserialize(payload.subarray(1))
        return { destination, members: members.length, epoch }
      })
    )
  }

  #vote(height: number, signer: number): Vote {
    return {
      kind: NOTARISE,
      chain: this.#chain,
      epoch: 0,
      view: this.#views[height]!,
      hash: this.#hashes[height]!,
      signer,
      signature: new Uint8Array(64)
    }
  }

  #certificate(signers: readonly number[]): Certificate {
    const bits = this.committee.members.map((_, index) => signers.includes(index))
    return {
      kind: NOTARISE,
      chain: this.#chain,
      epoch: 0,
      view: this.view,
      hash: this.#hashes[this.height]!,
      signers: BitArray.fromBoolArray(bits),
      signatures: signers.map(() => new Uint8Array(64))
    }
  }

  #append(skip: number, certificate: Certificate, lateVotes: Vote[], reveal?: Uint8Array): void {
    const isBase = this.height === 0
    const attendance = { parentCertificate: isBase ? [] : [certificate], lateVotes }
    const parentView = this.view
    this.height += 1
    this.view += skip + 1
    const params = { ...PRESETS.devnet.params, epochLength: this.#epochLength }
    const ledger = new Ledger(this.#state)
    endOfBlock({
      network: NETWORK,
      chain: this.#chain,
      shards: 1,
      height: this.height,
      timeMs: this.height,
      proposer: this.committee.members[this.leaderOf(this.view)]!.key,
      params,
      epoch: 0,
      view: this.view,
      coordHeight: this.height,
      parent: { header: { view: parentView } as Header, isBase },
      attendance,
      ancestors: this.#book,
      committee: this.committee,
      schedule: this.#schedule,
      offences: [],
      reveal
    })(ledger)
    const emitted = ledger.lanes.seal(this.height, 8_192)
    this.#emitted.push(...emitted.filter(({ destination }) => destination === COORD))
    this.#keep(ledger)
    const hash = sha256(u64be(this.height))
    const noted = noteAttendance(this.#book, 0, attendance)
    const own = { hash, epoch: 0, view: this.view, recorded: new Set<number>() }
    this.#book = [...noted, own].slice(-LATE_ANCESTORS)
    this.#hashes.push(hash)
    this.#views.push(this.view)
    const place = { chain: this.#chain, height: this.height, coordHeight: this.height }
    this.isClosed = isBoundary(place, 0, this.#epochLength)
  }
  #keep(ledger: Ledger): void {
    for (const [key, value] of ledger.changedValues()) {
      if (value === undefined) this.#state.values.delete(key)
      else this.#state.values.set(key, value)
    }
  }
}
