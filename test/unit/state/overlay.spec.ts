import { deepEqual, equal } from 'node:assert/strict'
import { toHex, utf8 } from '../../../src/primitives/bytes.ts'
import { commit, EMPTY_VIEW } from '../../../src/state/commit.ts'
import { MAX_OVERLAY_DEPTH, Overlay, mergeChanges, stateAfter } from '../../../src/state/overlay.ts'
import type { StateChanges, StateView } from '../../../src/state/ports.ts'
import { MemoryState } from '../../support/state.ts'

const set = (view: StateView, ...pairs: [string, string | undefined][]): StateChanges =>
  commit(
    view,
    new Map(pairs.map(([key, value]) => [toHex(utf8(key)), value === undefined ? undefined : utf8(value)]))
  )
const read = (view: StateView, key: string): string | undefined => {
  const value = view.get(utf8(key))
  return value === undefined ? undefined : new TextDecoder().decode(value)
}
const base = (): MemoryState => new MemoryState(set(EMPTY_VIEW, ['a', '0'], ['b', '0'], ['c', '0']))

describe('Overlay', () => {
  it('D7: a read takes the newest layer that knows the key; deleted is known', () => {
    const state = base()
    const first = new Overlay(state, set(state, ['a', '1'], ['b', undefined]))
    const second = new Overlay(first, set(first, ['a', '2']))
    deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => read(second, key)),
      ['2', undefined, '0', undefined]
    )
    equal(read(first, 'a'), '1')
    equal(read(state, 'a'), '0')
    equal(second.depth, 2)
  })

  it('D7: branches of one parent do not see each other', () => {
    const state = base()
    const parent = new Overlay(state, set(state, ['a', '1']))
    const left = new Overlay(parent, set(parent, ['b', 'left']))
    const right = new Overlay(parent, set(parent, ['b', 'right']))
    deepEqual([read(left, 'b'), read(right, 'b')], ['left', 'right'])
  })

  it('D7: layers over a base have the root that writing them to the base gives', () => {
    const state = base()
    const first = new Overlay(state, set(state, ['d', '1'], ['e', '1']))
    const second = new Overlay(first, set(first, ['a', undefined], ['d', undefined]))
    const written = base()
    written.apply(set(written, ['e', '1'], ['a', undefined]))
    deepEqual(second.root, written.root)
    const merged = base().apply(mergeChanges(first.changes, second.changes))
    deepEqual(merged.root, written.root)
    deepEqual(merged.pages, written.pages)
    deepEqual(merged.values, written.values)
  })

  it('D7: a settled layer gives way to the base, for the layers above it too', () => {
    const state = base()
    const first = new Overlay(state, set(state, ['a', '1']))
    const second = new Overlay(first, set(first, ['b', '2']))
    state.apply(first.changes)
    first.settle(state)
    deepEqual([read(second, 'a'), read(second, 'b')], ['1', '2'])
    const third = new Overlay(second, set(second, ['c', '3']))
    equal(third.depth, 2)
    state.apply(second.changes)
    second.settle(state)
    deepEqual(
      ['a', 'b', 'c'].map((key) => read(third, key)),
      ['1', '2', '3']
    )
    equal(new Overlay(third, set(third, ['a', '4'])).depth, 2)
  })

  it('D7: never more than 32 layers deep, with the same reads and roots, settled or not', () => {
    const state = base()
    const written = base()
    const layers: Overlay[] = []
    let tip: StateView = state
    for (let i = 1; i <= MAX_OVERLAY_DEPTH + 10; i++) {
      const pairs: [string, string][] = [
        ['a', String(i)],
        [`key ${i}`, String(i)]
      ]
      const layer: Overlay = new Overlay(tip, set(tip, ...pairs))
      written.apply(set(written, ...pairs))
      equal(layer.depth, Math.min(i, MAX_OVERLAY_DEPTH))
      deepEqual(layer.root, written.root)
      layers.push(layer)
      tip = layer
    }
    const last = layers.at(-1)!
    for (const layer of layers) {
      state.apply(layer.changes)
      layer.settle(state)
      equal(read(last, 'key 35'), '35')
      equal(read(last, 'a'), String(layers.length))
    }
    deepEqual(state.root, written.root)
    deepEqual(state.pages, written.pages)
  })

  it('D7: a block that changed nothing adds no layer', () => {
    const state = base()
    equal(stateAfter(state, commit(state, new Map())), state)
    equal(stateAfter(state, set(state, ['a', '1'])) instanceof Overlay, true)
  })
})
