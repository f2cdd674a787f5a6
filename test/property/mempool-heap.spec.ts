import assert from 'node:assert/strict'
import { HeapWalk, IndexedHeap } from '../../src/mempool/heap.ts'
import { fc } from '../support/fast-check.ts'

describe('heap of a pool', () => {
  it('M13: a walk gives all members in order, after any additions and removals, and changes nothing', () => {
    const operations = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 99 })), {
      maxLength: 150,
      size: 'max'
    })
    fc.assert(
      fc.property(operations, (ops) => {
        const heap = new IndexedHeap<number>((a, b) => a < b)
        const members = new Set<number>()
        for (const [add, item] of ops) {
          if (add && !members.has(item)) {
            heap.add(item)
            members.add(item)
          } else if (!add) {
            heap.delete(item)
            members.delete(item)
          }
        }
        const sorted = [...members].toSorted((a, b) => a - b)
        for (let round = 0; round < 2; round++) {
          const walk = new HeapWalk(heap)
          const walked: number[] = []
          for (let step = walk.next(); step !== undefined; step = walk.next()) walked.push(step.item)
          assert.deepEqual(walked, sorted)
        }
        assert.equal(heap.size, sorted.length)
      })
    )
  })

  it('M13: what is offered during a walk comes in its place', () => {
    const heap = new IndexedHeap<number>((a, b) => a < b)
    for (const item of [1, 5, 9]) heap.add(item)
    const walk = new HeapWalk(heap)
    assert.deepEqual(walk.next(), { item: 1, offered: false })
    walk.offer(7)
    assert.deepEqual(
      [walk.next(), walk.next(), walk.next(), walk.next()],
      [{ item: 5, offered: false }, { item: 7, offered: true }, { item: 9, offered: false }, undefined]
    )
  })
})
