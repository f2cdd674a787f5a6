import assert from 'node:assert/strict'
import { BlockTree, storedAttendance } from '../../../../src/node/chain/block-tree.ts'
import { Finaliser } from '../../../../src/node/chain/finaliser.ts'
import type { FinaliserComponents } from '../../../../src/node/chain/finaliser.ts'
import type { Block } from '../../../../src/codec/block.ts'
import { toHex, u64be } from '../../../../src/primitives/bytes.ts'
import type { Hex } from '../../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../../src/primitives/chain-id.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import type { CheckedTransaction, Execution } from '../../../../src/state/types.ts'
import type { ChainStore } from '../../../../src/store/chain-store.ts'
import { FINALISE, Stage, aBlock, hexOf } from '../../../support/consensus.ts'
import { FakeClock, RecordedEvents, settled } from '../../../support/node-fakes.ts'
import { MemoryState, aTransfer, party } from '../../../support/state.ts'

const KEY = Uint8Array.of(1)
const hex = (...bytes: number[]): Hex => toHex(Uint8Array.from(bytes))

/** What a block does: key 1 holds its mark. */
const execution = (mark: number): Execution =>
  ({
    results: [],
    received: [],
    emitted: [],
    changes: {
      values: new Map([[hex(1), Uint8Array.of(mark)]]),
      pages: new Map(),
      root: sha256Of(u64be(mark))
    }
  }) as unknown as Execution

function aTree() {
  const stage = new Stage({ self: null })
  const base = { header: { ...stage.block({ view: 1 }).header, height: 0 }, hash: stage.config.base.hash }
  const state = new MemoryState()
  const tree = new BlockTree(base, state)
  const first = stage.block({ view: 1 })
  const left = stage.block({ view: 2, on: first })
  const right = stage.block({ view: 3, on: first })
  const onRight = stage.block({ view: 4, on: right })
  const one = aTransfer(party(1), { consumer: 1n })
  const two = aTransfer(party(2), { consumer: 1n })
  tree.add(first, execution(1), [one])
  tree.add(left, execution(2), [])
  tree.add(right, execution(3), [two])
  tree.add(onRight, execution(4), [])
  return { stage, tree, state, first, left, right, onRight, one, two }
}

const markOf = (tree: BlockTree, block: Block): number | undefined =>
  tree.ground(hexOf(block))?.state.get(KEY)?.[0]

describe('executed blocks above the final one', () => {
  it('D7: each has the state after it, over its own branch', () => {
    const { tree, first, left, right, onRight } = aTree()
    assert.deepEqual(
      [first, left, right, onRight].map((block) => markOf(tree, block)),
      [1, 2, 3, 4]
    )
    assert.equal(tree.size, 4)
  })

  it('D7: a block on an unknown parent is not taken', () => {
    const { tree, stage } = aTree()
    tree.add(stage.block({ view: 9, parent: new Uint8Array(32) }), execution(9), [])
    assert.equal(tree.size, 4)
  })

  it('M13: wire hashes of the branch from a block down', () => {
    const { tree, left, right, onRight, one, two } = aTree()
    assert.deepEqual([...tree.wireHashesUpTo(hexOf(left))], [one.key])
    assert.deepEqual(new Set(tree.wireHashesUpTo(hexOf(onRight))), new Set([two.key, one.key]))
    assert.deepEqual(tree.wireHashesUpTo(hexOf(right)).size, 2)
    assert.equal(tree.wireHashesUpTo(toHex(new Uint8Array(32))).size, 0)
  })

  it('D7: a reader’s head is the highest executed block, and unfinal transactions are found', () => {
    const { tree, onRight, right, two } = aTree()
    assert.deepEqual(tree.head().hash, onRight.hash)
    assert.deepEqual(tree.find(toHex(two.id)), { block: right, index: 0 })
    assert.equal(tree.find(toHex(new Uint8Array(32))), undefined)
  })

  it('C18, D7: settled blocks leave; other branches are dropped, descendants stay', () => {
    const { tree, state, first, left, right, onRight } = aTree()
    const path = [first, right].map((block) => tree.get(hexOf(block))!)
    tree.settle(path, state)
    assert.deepEqual(tree.final.hash, right.hash)
    assert.equal(tree.ground(hexOf(left)), undefined)
    assert.equal(tree.ground(hexOf(first)), undefined)
    assert.equal(tree.size, 1)
    assert.equal(markOf(tree, onRight), 4)
  })

  it('C28: each block has the book of its own branch, before and after it is final', () => {
    const { tree, state, first, left, right, onRight } = aTree()
    const viewsOf = (block: Block): number[] | undefined =>
      tree.ground(hexOf(block))?.attendance.map(({ view }) => view)
    assert.deepEqual([left, onRight].map(viewsOf), [
      [1, 2],
      [1, 3, 4]
    ])
    assert.deepEqual(tree.head().attendance, tree.ground(hexOf(onRight))?.attendance)
    tree.settle(
      [first, right].map((block) => tree.get(hexOf(block))!),
      state
    )
    assert.deepEqual(viewsOf(right), [1, 3])
    assert.deepEqual(viewsOf(onRight), [1, 3, 4])
  })

  it('C28: after a start the book comes from the last blocks on disk, and a base needs none of them', () => {
    const blocks = Array.from({ length: 12 }, (_, index) => aBlock({ height: index, view: index }))
    const store = (held: readonly (Block | undefined)[]): ChainStore =>
      ({ final: { height: 11 }, block: (height: number) => held[height] }) as unknown as ChainStore
    const views = storedAttendance(store(blocks)).map(({ view }) => view)
    assert.deepEqual(views, [4, 5, 6, 7, 8, 9, 10, 11])
    assert.deepEqual(storedAttendance(store([])), [])
  })
})

describe('making blocks final', () => {
  function aFinaliser(epochLength: number, chain = COORD) {
    const scene = aTree()
    const done: string[] = []
    const events = new RecordedEvents()
    const write = Promise.withResolvers<void>()
    const stored: { readonly certificate?: unknown; readonly boundary?: boolean }[] = []
    const parts = {
      clock: new FakeClock(),
      store: {
        commitFinal: async (blocks: typeof stored) => {
          stored.push(...blocks)
          done.push('commit')
          return write.promise
        },
        get: (key: Uint8Array) => scene.state.get(key),
        page: () => undefined,
        root: scene.state.root
      },
      tree: scene.tree,
      epochs: { snapshot: () => ({ params: { epochLength } }) },
      journal: {
        drop: (_: unknown, epoch: number, view: number) => void done.push(`drop ${epoch}/${view}`),
        dropEpoch: (_: unknown, epoch: number) => void done.push(`drop epoch ${epoch}`)
      },
      validator: {
        guard: {
          raiseFloor: (_: unknown, epoch: number, view: number) => void done.push(`floor ${epoch}/${view}`)
        }
      },
      events,
      onSettled: () => void done.push('settled'),
      onFinalBlock: ({ block }: { block: Block }) => void done.push(`final ${block.header.height}`),
      freeze: () => []
    }
    const finaliser = new Finaliser(parts as unknown as FinaliserComponents, chain)
    const certificate = scene.stage.certificate(FINALISE, 6, scene.right.hash)
    scene.stage.config.params satisfies object
    const instance = {
      ...scene.stage.instance,
      config: { ...scene.stage.config, params: { ...scene.stage.config.params, epochLength } }
    }
    return { ...scene, finaliser, done, write, events, stored, certificate, instance }
  }

  it('C11, C18: the journal and the guard forget only what is durable in the store', async () => {
    const { finaliser, done, write, events, stored, first, right, certificate, instance } = aFinaliser(100)
    const committed = finaliser.commit([first, right], certificate, instance)
    await settled()
    assert.deepEqual(done, ['commit', 'settled'])
    assert.equal(events.finals.length, 0)
    write.resolve()
    await committed
    assert.deepEqual(done, ['commit', 'settled', 'final 1', 'final 2', 'floor 0/6', 'drop 0/6'])
    assert.deepEqual(
      events.finals.map(({ header }) => header.height),
      [1, 2]
    )
    assert.deepEqual(
      stored.map((one) => one.certificate),
      [undefined, certificate]
    )
    assert.deepEqual(
      stored.map((one) => one.boundary),
      [undefined, false]
    )
  })

  it('C11, C24: with the boundary block the whole epoch is dropped, and the guard stands in the next one', async () => {
    const { finaliser, done, write, stored, first, right, certificate, instance } = aFinaliser(2)
    write.resolve()
    await finaliser.commit([first, right], certificate, instance)
    assert.deepEqual(done.slice(-2), ['floor 1/0', 'drop epoch 0'])
    assert.equal(stored[1]?.boundary, true)
  })

  it('C18: a block that was not executed is our own fault', async () => {
    const { finaliser, certificate, instance, stage } = aFinaliser(100)
    const unknown = stage.block({ view: 40 })
    await assert.rejects(finaliser.commit([unknown], certificate, instance), /executed/)
    assert.equal(shardId(0), 0)
  })

  it('M14: the transactions of each block are told with it', async () => {
    const { finaliser, write, events, first, right, one, two, certificate, instance } = aFinaliser(100)
    write.resolve()
    await finaliser.commit([first, right], certificate, instance)
    const ids = events.finals.map(({ transactionIds }) => transactionIds)
    assert.deepEqual(ids, [[one.id], [two.id]] satisfies CheckedTransaction['id'][][])
  })
})
