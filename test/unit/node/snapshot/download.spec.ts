import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  ASKS_MAX,
  ASKS_PER_PEER,
  DOWNLOAD_PATIENCE_MS,
  createDownload,
  stepDownload
} from '../../../../src/sync/chunk-download.ts'
import type { DownloadEffect } from '../../../../src/sync/chunk-download.ts'

type Ask = Extract<DownloadEffect, { type: 'ask' }>
const asksOf = (effects: readonly DownloadEffect[]): Ask[] =>
  effects.filter((effect) => effect.type === 'ask')
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('download of a snapshot', () => {
  it('SNAP-8: asks each peer for at most four chunks and all together for sixteen, each chunk once', () => {
    const state = createDownload(range(100), 0)
    const few = asksOf(stepDownload(state, { type: 'tick' }, { nowMs: 0, peers: ['a', 'b'] }))
    equal(few.length, 2 * ASKS_PER_PEER)
    const more = asksOf(stepDownload(state, { type: 'tick' }, { nowMs: 0, peers: range(9).map(String) }))
    equal(few.length + more.length, ASKS_MAX)
    equal(new Set([...few, ...more].map(({ index }) => index)).size, ASKS_MAX)
  })

  it('SNAP-8: a peer that sent a wrong chunk is reported once and never asked again; its chunk goes to another', () => {
    const state = createDownload(range(8), 0)
    const env = { nowMs: 0, peers: ['liar', 'b'] }
    const asks = asksOf(stepDownload(state, { type: 'tick' }, env))
    const wrong = asks.filter(({ peer }) => peer === 'liar')
    const first = stepDownload(state, { type: 'failed', id: wrong[0]!.id, failure: 'invalid', why: 'w' }, env)
    deepEqual(
      first.filter(({ type }) => type === 'report'),
      [{ type: 'report', peer: 'liar', why: 'w' }]
    )
    const second = stepDownload(
      state,
      { type: 'failed', id: wrong[1]!.id, failure: 'invalid', why: 'w' },
      env
    )
    equal(second.filter(({ type }) => type === 'report').length, 0)
    for (const { id, peer } of asks) {
      if (peer === 'liar') continue
      const next = asksOf(stepDownload(state, { type: 'verified', id }, env))
      ok(next.every((ask) => ask.peer === 'b'))
    }
  })

  it('SNAP-8: who lacks, limits or fails rests and costs nothing', () => {
    for (const [failure, restMs] of [
      ['limited', 1_000],
      ['failed', 2_000],
      ['lacks', 10_000]
    ] as const) {
      const state = createDownload([0], 0)
      const [ask] = asksOf(stepDownload(state, { type: 'tick' }, { nowMs: 0, peers: ['a'] }))
      const failed = { type: 'failed', id: ask!.id, failure, why: '' } as const
      deepEqual(stepDownload(state, failed, { nowMs: 0, peers: ['a'] }), [])
      deepEqual(stepDownload(state, { type: 'tick' }, { nowMs: restMs - 1, peers: ['a'] }), [])
      equal(stepDownload(state, { type: 'tick' }, { nowMs: restMs, peers: ['a'] }).length, 1)
    }
  })

  it('SNAP-8: a chunk that is out for two seconds is asked of a second peer, and of no third', () => {
    const state = createDownload([0], 0)
    const env = (nowMs: number) => ({ nowMs, peers: ['a', 'b', 'c'] })
    equal(asksOf(stepDownload(state, { type: 'tick' }, env(0))).length, 1)
    equal(asksOf(stepDownload(state, { type: 'tick' }, env(1_999))).length, 0)
    const [rescue] = asksOf(stepDownload(state, { type: 'tick' }, env(2_000)))
    ok(rescue !== undefined && rescue.peer !== 'a')
    equal(asksOf(stepDownload(state, { type: 'tick' }, env(9_000))).length, 0)
    deepEqual(stepDownload(state, { type: 'verified', id: rescue.id }, env(9_001)), [{ type: 'complete' }])
  })

  it('SNAP-8: without progress it gives up after a minute, and then does nothing more', () => {
    const state = createDownload([0, 1], 0)
    const [ask] = asksOf(stepDownload(state, { type: 'tick' }, { nowMs: 0, peers: ['a'] }))
    stepDownload(state, { type: 'verified', id: ask!.id }, { nowMs: 30_000, peers: [] })
    const end = 30_000 + DOWNLOAD_PATIENCE_MS
    deepEqual(stepDownload(state, { type: 'tick' }, { nowMs: end - 1, peers: [] }), [])
    deepEqual(stepDownload(state, { type: 'tick' }, { nowMs: end, peers: [] }), [
      { type: 'gave-up', missing: 1 }
    ])
    deepEqual(stepDownload(state, { type: 'tick' }, { nowMs: end, peers: ['a'] }), [])
  })
})
