import assert from 'node:assert/strict'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import {
  epochFrozenAt,
  epochOfCoordHeight,
  isBoundary,
  nextEpoch,
  shouldFreeze
} from '../../../src/sharding/epochs.ts'

const LENGTH = 20
const coord = (height: number) => ({ chain: COORD, height, coordHeight: 0 })
const shard = (coordHeight: number) => ({ chain: shardId(1), height: 7, coordHeight })

describe('epochs', () => {
  it('C2, EPO-1: epoch e covers coordination heights e·L + 1 … (e + 1)·L', () => {
    const epochs = [0, 1, 20, 21, 40, 41].map((height) => epochOfCoordHeight(height, LENGTH))
    assert.deepEqual(epochs, [0, 0, 0, 1, 1, 2])
  })

  it('C6, EPO-2: coordination ends an epoch at height (e + 1)·L', () => {
    const ends = [19, 20, 21].map((height) => isBoundary(coord(height), 0, LENGTH))
    assert.deepEqual(ends, [false, true, false])
    assert.equal(isBoundary(coord(40), 1, LENGTH), true)
    assert.equal(nextEpoch(coord(20), LENGTH), 1)
  })

  it('C6, EPO-2: a shard ends its epoch with the first reference at or past (e + 1)·L', () => {
    const ends = [19, 20, 21, 400].map((height) => isBoundary(shard(height), 0, LENGTH))
    assert.deepEqual(ends, [false, true, true, true])
    assert.equal(isBoundary(shard(39), 1, LENGTH), false)
  })

  it('C6, EPO-2: a shard skips the epochs its reference has passed', () => {
    const next = [20, 39, 40, 59, 60, 61].map((height) => nextEpoch(shard(height), LENGTH))
    assert.deepEqual(next, [1, 1, 2, 2, 3, 3])
  })

  it('C2, EPO-3: snapshot(e) is frozen F heights before e·L, and only there', () => {
    const params = { epochLength: LENGTH, freezeDistance: 4 }
    const frozen = Array.from({ length: 60 }, (_, height) => [height, epochFrozenAt(height, params)] as const)
    assert.deepEqual(
      frozen.filter(([, epoch]) => epoch !== undefined),
      [
        [16, 1],
        [36, 2],
        [56, 3]
      ]
    )
    for (const [height, epoch] of frozen) assert.equal(shouldFreeze(height, params), epoch !== undefined)
  })

  it('C2, EPO-3: at every allowed distance each epoch is frozen within the epoch before it', () => {
    for (let freezeDistance = 1; freezeDistance < LENGTH; freezeDistance++) {
      for (let epoch = 1; epoch < 5; epoch++) {
        const height = epoch * LENGTH - freezeDistance
        assert.equal(epochFrozenAt(height, { epochLength: LENGTH, freezeDistance }), epoch)
        assert.equal(epochOfCoordHeight(height, LENGTH), epoch - 1)
      }
    }
  })

  it('C2: genesis freezes nothing: snapshot(0) is its own', () => {
    assert.equal(epochFrozenAt(0, { epochLength: 20, freezeDistance: 20 }), undefined)
  })
})
