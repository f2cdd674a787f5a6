import assert from 'node:assert/strict'
import { bucketsOf, metricSum, parseMetrics, quantile, sinceBuckets } from '../../../src/devnet/prometheus.ts'

const TEXT = `# HELP icn_peers Peers
# TYPE icn_peers gauge
icn_peers{chain="coord",direction="inbound"} 2
icn_peers{chain="coord",direction="outbound"} 1
icn_peers{chain="0",direction="inbound"} 5
up 1
icn_s_bucket{le="0.1",chain="0"} 2
icn_s_bucket{le="0.5",chain="0"} 6
icn_s_bucket{le="+Inf",chain="0"} 8
icn_s_bucket{le="0.1",chain="1"} 100
odd{text="a \\"quoted\\" word, and=more"} 3
`

describe('reading metrics', () => {
  const samples = parseMetrics(TEXT)

  it('reads names, labels and values; comments are none', () => {
    assert.equal(samples.length, 9)
    assert.deepEqual(samples[3], { name: 'up', labels: {}, value: 1 })
    assert.deepEqual(samples[8]?.labels, { text: 'a \\"quoted\\" word, and=more' })
  })

  it('sums what has the labels asked for', () => {
    assert.equal(metricSum(samples, 'icn_peers', { chain: 'coord' }), 3)
    assert.equal(metricSum(samples, 'icn_peers'), 8)
    assert.equal(metricSum(samples, 'icn_peers', { chain: '7' }), 0)
  })

  it('a quantile lies in its bucket, linearly', () => {
    const buckets = bucketsOf(samples, 'icn_s', { chain: '0' })
    assert.deepEqual(buckets, [
      [0.1, 2],
      [0.5, 6],
      [Infinity, 8]
    ])
    assert.equal(quantile(buckets, 0.25), 0.1)
    assert.ok(Math.abs((quantile(buckets, 0.5) ?? 0) - 0.3) < 1e-9)
    assert.equal(quantile(buckets, 1), 0.5, 'above the last bound nothing is known')
  })

  it('only what came since an earlier reading counts', () => {
    const now = [
      [0.1, 5],
      [0.5, 6]
    ] as const
    const before = [
      [0.1, 5],
      [0.5, 5]
    ] as const
    assert.deepEqual(sinceBuckets(now, before), [
      [0.1, 0],
      [0.5, 1]
    ])
    assert.equal(quantile(sinceBuckets(now, now), 0.5), undefined)
  })
})
