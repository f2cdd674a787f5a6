/** What a block's end changes (STA-16), as execution and selection run it alike. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { fromHex, toHex } from '../../../src/primitives/bytes.ts'
import { applyBlock } from '../../../src/state/apply-block.ts'
import { selectWork } from '../../../src/state/build.ts'
import type { Ledger } from '../../../src/state/ledger.ts'
import { readTotals, recount, wrongCounters } from '../../../src/state/supply.ts'
import { aContext, genesisState, party } from '../../support/state.ts'

const KEY = Uint8Array.of(0x7f, 1)
const OTHER = Uint8Array.of(0x7f, 2)
const VALUE = Uint8Array.of(1, 2, 3)
const NO_WORK = { deliveries: [], transactions: [] }
const LIMITS = { count: 10, bytes: 10_000, deliveryBytes: 5_000 }

const aState = () => genesisState([{ address: party(1).address, consumer: 5n, industrial: 5n }])
const write = (ledger: Ledger): void => ledger.setRecord(KEY, VALUE)

describe('the end of a block', () => {
  it('STA-16: runs for a block without any work, and builder and judge find the same', () => {
    const state = aState()
    const applied = applyBlock(state, aContext(), NO_WORK, write)
    ok(applied.ok)
    deepEqual(applied.value.changes.values.get(toHex(KEY)), VALUE)
    const selected = selectWork(state, aContext(), { deliveries: [], candidates: [] }, LIMITS, write)
    deepEqual(selected, { ...applied.value, ...NO_WORK })
  })

  it('STA-16: an end that does nothing leaves keys, values and root', () => {
    const state = aState()
    const applied = applyBlock(state, aContext(), NO_WORK, (ledger) => void ledger.record(KEY))
    ok(applied.ok)
    equal(applied.value.changes.values.size, 0)
    deepEqual(applied.value.changes.root, state.root)
  })

  it('STA-3, STA-16: records that are written, replaced and taken away are counted', () => {
    const state = aState()
    const step = (end: (ledger: Ledger) => void): void => {
      const applied = applyBlock(state, aContext(), NO_WORK, end)
      ok(applied.ok)
      state.apply(applied.value.changes)
      const flat = [...state.values].map(([key, value]) => [fromHex(key), value] as const)
      deepEqual(wrongCounters(readTotals(state), recount(flat)), [])
    }
    step((ledger) => {
      ledger.setRecord(KEY, VALUE)
      ledger.setRecord(OTHER, VALUE)
    })
    step((ledger) => {
      deepEqual(ledger.record(KEY), VALUE)
      ledger.setRecord(KEY, Uint8Array.of(9))
      deepEqual(ledger.record(KEY), Uint8Array.of(9))
    })
    step((ledger) => ledger.setRecord(OTHER, undefined))
    equal(state.get(OTHER), undefined)
    deepEqual(state.get(KEY), Uint8Array.of(9))
    step((ledger) => {
      ledger.setRecord(OTHER, VALUE)
      ledger.setRecord(OTHER, undefined)
    })
    equal(state.get(OTHER), undefined)
  })
})
