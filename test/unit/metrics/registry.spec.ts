import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { netMetrics } from '../../../src/metrics/net.ts'
import { INVARIANTS } from '../../../src/metrics/node.ts'
import { createMetrics } from '../../../src/metrics/registry.ts'

const DOCUMENT = new URL('../../../../docs/metrics.md', import.meta.url)
/** Names that tools outside the repository rely on. */
const STABLE = [
  'icn_chain_height',
  'icn_chain_final_height',
  'icn_consensus_view',
  'icn_views_nullified_total',
  'icn_finality_seconds',
  'icn_transactions_final_total',
  'icn_refusals_total',
  'icn_gossip_verdict_total',
  'icn_request_total',
  'icn_peers',
  'icn_mempool_transactions',
  'icn_sign_guard_refusals_total',
  'icn_invariant_violations_total',
  'icn_queue_length',
  'icn_event_loop_lag_seconds'
]

interface Row {
  readonly name: string
  readonly kind: string
  readonly labels: string
}
const documented = (): Row[] =>
  readFileSync(DOCUMENT, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| icn_'))
    .map((line) => {
      const [, name = '', kind = '', labels = ''] = line.split('|').map((cell) => cell.trim())
      return { name, kind, labels }
    })
const byName = (a: Row, b: Row): number => (a.name < b.name ? -1 : 1)

describe('metrics', () => {
  it('every declared metric is documented with its kind and labels, and no other', () => {
    const { registry } = createMetrics()
    const declared = registry.getMetricsAsArray().map((metric) => {
      const { labelNames = [] } = metric as { labelNames?: readonly string[] }
      return {
        name: metric.name,
        kind: String(metric.constructor.name).toLowerCase(),
        labels: labelNames.join(', ')
      }
    })
    assert.deepEqual(declared.toSorted(byName), documented().toSorted(byName))
  })

  it('the stable names exist', () => {
    const { registry } = createMetrics()
    for (const name of STABLE) assert.ok(registry.getSingleMetric(name), name)
  })

  it('an alarm that never rang is 0, so that its first ring is a rise', async () => {
    const text = await createMetrics().registry.metrics()
    for (const invariant of INVARIANTS)
      assert.ok(text.includes(`icn_invariant_violations_total{invariant="${invariant}"} 0`), invariant)
    assert.match(text, /^icn_sign_guard_refusals_total 0$/m)
  })

  it('two nodes in one process do not share counts', async () => {
    const [a, b] = [createMetrics(), createMetrics()]
    a.pool.refusals.inc({ code: 'nonce-gap' })
    assert.match(await a.registry.metrics(), /icn_refusals_total\{code="nonce-gap"\} 1/)
    assert.doesNotMatch(await b.registry.metrics(), /nonce-gap/)
  })

  it('process metrics are there when asked for', async () => {
    assert.doesNotMatch(await createMetrics().registry.metrics(), /^process_/m)
    const { registry } = createMetrics({ process: true })
    assert.match(await registry.metrics(), /^process_resident_memory_bytes /m)
    registry.clear()
  })

  it('the network’s port reaches every one of its metrics', async () => {
    const { registry, net, node } = createMetrics()
    const port = netMetrics(net, node.queueLength)
    port.gossipVerdict('tx', 'accept', 'new')
    port.gossipPublished('vote', 0)
    port.request('bodies', 'ok')
    port.served('bodies', 'limited')
    port.handshake('wrong-network')
    port.streamRefused('consensus', 'limit')
    port.peerFact('invalid')
    port.queue('requests', 4)
    port.deafPeer()
    const text = await registry.metrics()
    for (const line of [
      'icn_gossip_verdict_total{kind="tx",verdict="accept",rule="new"} 1',
      'icn_gossip_published_total{kind="vote",reached="none"} 1',
      'icn_request_total{protocol="bodies",outcome="ok"} 1',
      'icn_request_served_total{protocol="bodies",outcome="limited"} 1',
      'icn_handshake_total{outcome="wrong-network"} 1',
      'icn_stream_refused_total{protocol="consensus",reason="limit"} 1',
      'icn_peer_fact_total{fact="invalid"} 1',
      'icn_queue_length{queue="requests"} 4',
      'icn_deaf_peer_total 1'
    ]) {
      assert.ok(text.includes(line), line)
    }
  })

  it('event loop lag is a number of seconds while probed', async () => {
    const { registry, node } = createMetrics()
    node.start()
    const value = Number(/^icn_event_loop_lag_seconds (\S+)/m.exec(await registry.metrics())?.[1])
    node.stop()
    assert.ok(value >= 0 && value < 60)
  })
})
