import assert from 'node:assert/strict'
import { RunState } from '../../../../src/node/sync/run-state.ts'
import { toHex } from '../../../../src/primitives/bytes.ts'
import type { Hex } from '../../../../src/primitives/bytes.ts'
import type { StateView } from '../../../../src/state/ports.ts'

const [A, B, C] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]
const below: StateView = {
  root: new Uint8Array(32),
  get: (key) => (key[0] === 3 ? Uint8Array.of(30) : undefined),
  page: (path) => (path === 'a' ? Uint8Array.of(99) : undefined)
}
const values = (rows: readonly (readonly [Uint8Array, number | undefined])[]) =>
  new Map(rows.map(([key, value]) => [toHex(key), value === undefined ? undefined : Uint8Array.of(value)]))
const root = (fill: number) => new Uint8Array(32).fill(fill)
const pages = (path: string, value: number | undefined) =>
  new Map([[path as Hex, value === undefined ? undefined : Uint8Array.of(value)]])

describe('the state while a part is executed', () => {
  it('SYN-6: what its blocks change is one change, of which the last block wins, and a row that goes is told', () => {
    const state = new RunState(below)
    state.apply({
      values: values([
        [A, 1],
        [B, 2]
      ]),
      pages: pages('', 1),
      root: root(1)
    })
    state.apply({
      values: values([
        [B, 3],
        [C, undefined]
      ]),
      pages: pages('a', undefined),
      root: root(2)
    })
    const { changes } = state
    assert.deepEqual(
      changes.values,
      values([
        [A, 1],
        [B, 3],
        [C, undefined]
      ])
    )
    assert.deepEqual(changes.pages, new Map([...pages('', 1), ...pages('a', undefined)]))
    assert.deepEqual(changes.root, root(2))
  })

  it('reads the newest value and page, also where a row is gone, and else what lies below', () => {
    const state = new RunState(below)
    assert.deepEqual(state.get(C), Uint8Array.of(30))
    assert.deepEqual(state.page('a' as Hex), Uint8Array.of(99))
    state.apply({ values: values([[C, undefined]]), pages: pages('a', undefined), root: root(1) })
    assert.equal(state.get(C), undefined)
    assert.equal(state.page('a' as Hex), undefined)
  })
})
