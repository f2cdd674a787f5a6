import { deepEqual, equal } from 'node:assert/strict'
import { judgeEvidenceOf, judgeOffence, OFFENCES_MAX, selectEvidence } from '../../../src/chain/evidence.ts'
import type { ReadEvidence } from '../../../src/chain/evidence.ts'
import type { Offence } from '../../../src/codec/evidence.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { commit } from '../../../src/state/commit.ts'
import { recordOffence } from '../../../src/state/conduct/evidence.ts'
import { recordSummary } from '../../../src/state/facts.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import type { MemoryState } from '../../support/state.ts'
import { genesisState } from '../../support/state.ts'

const EPOCH = 20
const params = { unbondingEpochs: 8 }
const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const offence = (fields: Partial<Offence> = {}): Offence => ({
  publicKey: key(1),
  chain: 0 as ChainId,
  epoch: EPOCH,
  view: 3,
  kind: 1,
  ...fields
})
const read = (fields: Partial<Offence> = {}, size = 100): ReadEvidence => ({
  bytes: new Uint8Array(size),
  offence: offence(fields)
})
const place = (view: MemoryState, chain = COORD as ChainId) => ({ chain, epoch: EPOCH, params, view })

function after(...offences: Offence[]): MemoryState {
  const state = genesisState([])
  const ledger = new Ledger(state)
  for (const one of offences)
    recordOffence(ledger, one, { epoch: EPOCH, height: 1, params }, () => ({ consumer: 0n, industrial: 0n }))
  return state.apply(commit(state, ledger.changedValues()))
}

/** The last summary of shard 0 is of this epoch. */
function heard(epoch: number): MemoryState {
  const state = genesisState([])
  const ledger = new Ledger(state)
  recordSummary(ledger, shardId(0), { epoch, height: 1, blocks: 9, members: [] })
  return state.apply(commit(state, ledger.changedValues()))
}

describe('C30: evidence in a block', () => {
  const clean = genesisState([])
  const codeOf = (items: ReadEvidence[], view = clean, chain?: ChainId): string => {
    const judged = judgeEvidenceOf(items, place(view, chain))
    return judged.ok ? 'taken' : judged.code
  }

  it('C30: what proves an offence is taken, none is fine, what proves nothing is not', () => {
    equal(codeOf([]), 'taken')
    equal(codeOf([read(), read({ view: 4 }), read({ kind: 2 })]), 'taken')
    equal(codeOf([read(), { bytes: key(1), offence: undefined }]), 'evidence-proves-nothing')
  })

  it('C30: a shard carries none', () => {
    equal(codeOf([read()], clean, 0 as ChainId), 'evidence-chain')
    equal(codeOf([], clean, 0 as ChainId), 'taken')
  })

  it('C30: of the block’s epoch at the latest, and of `unbondingEpochs` before at the earliest', () => {
    equal(codeOf([read({ epoch: EPOCH })]), 'taken')
    equal(codeOf([read({ epoch: EPOCH + 1 })]), 'evidence-too-early')
    equal(codeOf([read({ epoch: EPOCH - 8 })]), 'taken')
    equal(codeOf([read({ epoch: EPOCH - 9 })], heard(EPOCH - 8)), 'evidence-too-old')
  })

  it('C26, C30: older than that as long as its chain has ended no later epoch: its committee may still serve', () => {
    const old = read({ epoch: EPOCH - 19 })
    equal(codeOf([old]), 'taken', 'nothing was ever heard of the chain')
    equal(codeOf([old], heard(EPOCH - 19)), 'taken')
    equal(codeOf([old], heard(EPOCH - 18)), 'evidence-too-old')
    equal(codeOf([read({ epoch: EPOCH - 19, chain: 1 as ChainId })], heard(EPOCH)), 'taken', 'of another one')
  })

  it('C30: an offence counts once, in the state and within a block, whatever proves it', () => {
    equal(codeOf([read()], after(offence())), 'evidence-known')
    equal(codeOf([read({ view: 4 })], after(offence())), 'taken')
    equal(codeOf([read(), read({}, 200)]), 'evidence-known')
  })

  const known = (count: number) =>
    after(...Array.from({ length: count }, (_, view) => offence({ view: view + 10 })))

  it('C30, SAN-3: who filled its room in one epoch is punished for another one all the same, up to level 3', () => {
    const full = known(OFFENCES_MAX)
    const again = [read({ epoch: EPOCH - 1 }), read({ epoch: EPOCH - 2 })]
    equal(codeOf(again, full), 'taken')
    const more = again.flatMap((one) => one.offence ?? [])
    const lost = Array.from({ length: OFFENCES_MAX }, (_, view) => offence({ view: view + 10 }))
    equal(codeOf([read({ epoch: EPOCH - 3 })], after(...lost, ...more)), 'evidence-surplus')
    equal(codeOf([read({ epoch: EPOCH - 1, view: 9 })], after(...lost, more[0]!)), 'evidence-surplus')
  })

  it('C30: at most 64 offences of a key that raise no level are recorded', () => {
    equal(codeOf([read()], known(OFFENCES_MAX - 1)), 'taken')
    equal(codeOf([read()], known(OFFENCES_MAX)), 'evidence-surplus')
    equal(codeOf([read({ publicKey: key(2) })], known(OFFENCES_MAX)), 'taken')
  })

  it('C30: a leader takes what may be there, within 16 and its room, and leaves the rest', () => {
    const many = Array.from({ length: 20 }, (_, view) => read({ view: view + 10 }))
    equal(selectEvidence(many, place(clean), 10_000).length, 16)
    equal(selectEvidence(many, place(clean), 450).length, 4)
    const mixed = [
      { bytes: key(1), offence: undefined },
      read(),
      read(),
      read({ epoch: EPOCH + 1 }),
      read({ view: 9 })
    ]
    deepEqual(selectEvidence(mixed, place(clean), 1_000), [mixed[1], mixed[4]])
    deepEqual(selectEvidence(many, place(clean, 0 as ChainId), 1_000), [])
    equal(judgeOffence(offence(), place(after(offence()))).ok, false)
  })
})
