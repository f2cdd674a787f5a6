/** The vectors of evidence and sanctions (protocols/vectors/evidence.json), judged by the node's own code. */
import assert from 'node:assert/strict'
import { judgeEvidenceOf } from '../../../src/chain/evidence.ts'
import { offenceId } from '../../../src/codec/evidence.ts'
import type { EvidenceKind, Offence } from '../../../src/codec/evidence.ts'
import { decodeEvidence, isGuilty, judgeEvidence } from '../../../src/consensus/evidence.ts'
import { verify } from '../../../src/crypto/ed25519.ts'
import { fromHex, toHex } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { committeeOf } from '../../../src/sharding/committee.ts'
import { commit } from '../../../src/state/commit.ts'
import { recordOffence } from '../../../src/state/conduct/evidence.ts'
import { sanctionsOf } from '../../../src/state/conduct/sanctions.ts'
import { recordSummary } from '../../../src/state/facts.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { readJson } from '../../support/repository.ts'
import { genesisState } from '../../support/state.ts'
import type { MemoryState } from '../../support/state.ts'

interface OffenceVector {
  readonly publicKey: string
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
  readonly kind: EvidenceKind
  readonly id: string
}

interface EvidenceVectors {
  readonly network: string
  readonly chain: ChainId
  readonly latestEpoch: number
  readonly committee: readonly string[]
  readonly evidence: readonly {
    readonly name: string
    readonly bytes: string
    readonly refused?: string
    readonly offence?: OffenceVector
  }[]
  readonly blocks: readonly {
    readonly name: string
    readonly chain: ChainId
    readonly epoch: number
    readonly unbondingEpochs: number
    readonly known: readonly OffenceVector[]
    readonly heard: number
    readonly items: readonly (OffenceVector | 'nothing')[]
    readonly verdict: string
  }[]
  readonly sanctions: readonly {
    readonly name: string
    readonly period: number
    readonly offences: readonly { readonly epoch: number; readonly provenIn: number }[]
    readonly reads: readonly {
      readonly epoch: number
      readonly level: number
      readonly penalty: string
      readonly bonus: string
      readonly offences: number
    }[]
  }[]
}

const file = readJson('protocols/vectors/evidence.json') as unknown as EvidenceVectors
const network = fromHex(file.network, 32)
const members = file.committee.map((key, index) => ({ key: fromHex(key, 32), cooperative: index, weight: 1 }))

function found(bytes: Uint8Array): Offence | string {
  const evidence = decodeEvidence(bytes)
  if (!evidence.ok) return evidence.code
  const judged = judgeEvidence(evidence.value, network, (chain, epoch) =>
    chain === file.chain && epoch <= file.latestEpoch ? committeeOf(chain, members, false) : undefined
  )
  if (!judged.ok) return judged.code
  const { holds, fails, offence } = judged.value
  const results = [...holds, ...fails].map(({ signature, message, publicKey }) =>
    verify(signature, message, publicKey)
  )
  return isGuilty(judged.value, results) ? offence : 'evidence-proves-nothing'
}

const offenceOf = ({ id, publicKey, ...rest }: OffenceVector): Offence => {
  const offence = { ...rest, publicKey: fromHex(publicKey, 32) }
  assert.equal(toHex(offenceId(offence)), id)
  return offence
}

/** The last summary of shard 0 is of this epoch. */
function hear(state: MemoryState, epoch: number): void {
  const ledger = new Ledger(state)
  recordSummary(ledger, shardId(0), { epoch, height: 1, blocks: 9, members: [] })
  state.apply(commit(state, ledger.changedValues()))
}

function prove(state: MemoryState, offence: Offence, epoch: number, unbondingEpochs: number): void {
  const ledger = new Ledger(state)
  const at = { epoch, height: 1, params: { unbondingEpochs } }
  recordOffence(ledger, offence, at, () => ({ consumer: 0n, industrial: 0n }))
  state.apply(commit(state, ledger.changedValues()))
}

describe('vectors of evidence', () => {
  for (const { name, bytes, refused, offence } of file.evidence) {
    it(`C30: ${name}`, () => {
      const verdict = found(fromHex(bytes))
      if (offence === undefined) assert.equal(verdict, refused)
      else assert.deepEqual(verdict, offenceOf(offence))
    })
  }

  for (const { name, chain, epoch, unbondingEpochs, known, heard, items, verdict } of file.blocks) {
    it(`C30: a block with ${name}: ${verdict}`, () => {
      const view = genesisState([])
      for (const one of known) prove(view, offenceOf(one), epoch, unbondingEpochs)
      if (heard >= 0) hear(view, heard)
      const read = items.map((item) => ({
        bytes: new Uint8Array(0),
        offence: item === 'nothing' ? undefined : offenceOf(item)
      }))
      const judged = judgeEvidenceOf(read, { chain, epoch, params: { unbondingEpochs }, view })
      assert.equal(judged.ok ? 'taken' : judged.code, verdict)
    })
  }

  for (const { name, period, offences, reads } of file.sanctions) {
    it(`SAN-2, SAN-3, SAN-4: ${name}`, () => {
      const state = genesisState([])
      const publicKey = new Uint8Array(32).fill(3)
      for (const [view, { epoch, provenIn }] of offences.entries())
        prove(state, { publicKey, chain: file.chain, epoch, view, kind: 1 }, provenIn, period)
      for (const expected of reads) {
        const standing = sanctionsOf(state, publicKey, {
          epoch: expected.epoch,
          params: { unbondingEpochs: period }
        })
        const { level, penalty, bonus, offences: count } = standing
        const read = { level, penalty: penalty.toString(), bonus: bonus.toString(), offences: count }
        assert.deepEqual({ epoch: expected.epoch, ...read }, expected)
      }
    })
  }
})
