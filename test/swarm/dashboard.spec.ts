/** Every query of the dashboard and of the alerts against what a node exposes: its metrics, their kinds and their labels. */
import assert from 'node:assert/strict'
import { createDevnet } from '../../src/testing/index.ts'
import type { Devnet } from '../../src/testing/index.ts'
import { addressText } from '../../src/rpc/server.ts'
import { parseMetrics } from '../../src/devnet/prometheus.ts'
import { readJson, readText } from '../support/repository.ts'

interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
  readonly templating: { readonly list: readonly { readonly query: { readonly query: string } }[] }
}

/** What Prometheus adds by docker/prometheus.yml. */
const ADDED = ['node', 'instance', 'job']
/** Exposed by processes that have no other node beside theirs. */
const OF_PROCESS = /^(?:process|nodejs)_/
const METRIC = /\b(?:icn|process|nodejs)_\w+/g

const { panels, templating } = readJson('docker/grafana/dashboards/icn.json') as Dashboard
const queries = [
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))),
  ...templating.list.map(({ query: { query } }) => ({ title: 'variables', expr: query })),
  ...[...readText('docker/alerts.yml').matchAll(/- alert: (\w+)\n +expr: (.+)$/gm)].map(
    ([, title = '', expr = '']) => ({ title, expr })
  )
]

const bare = (name: string): string => name.replace(/_(?:bucket|sum|count)$/, '')

describe('dashboard', function () {
  this.timeout(60_000)
  let devnet: Devnet
  let text = ''
  const kinds = new Map<string, string>()
  before(async () => {
    devnet = await createDevnet({ shards: 2 })
    const [alice, bob] = devnet.accounts
    await devnet.transfer({ from: alice!.name, to: bob!.name, amount: 5n })
    const { rpcAddress } = devnet.swarm.node(0)
    text = await (await fetch(`http://${addressText(rpcAddress!)}/metrics`)).text()
    for (const [, name = '', kind = ''] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) kinds.set(name, kind)
  })
  after(async () => devnet?.stop())

  it('a node exposes every metric that a panel shows', () => {
    const missing = queries.flatMap(({ title, expr }) =>
      [...expr.matchAll(METRIC)]
        .filter(([name]) => !OF_PROCESS.test(name) && !kinds.has(bare(name)))
        .map(([name]) => `${title}: ${name}`)
    )
    assert.deepEqual(missing, [])
    assert.ok(kinds.size > 40)
    assert.equal(queries.length, 40)
  })

  it('a chain that nobody else follows has 0 peers: an alert on few of them sees it', () => {
    for (const chain of ['coord', '0', '1'])
      for (const direction of ['inbound', 'outbound'])
        assert.match(text, new RegExp(`^icn_peers\\{chain="${chain}",direction="${direction}"\\} \\d+$`, 'm'))
  })

  it('every queue that the table of metrics names is exposed', () => {
    const [, row = ''] = /^\| icn_queue_length \|(.*)$/m.exec(readText('docs/metrics.md')) ?? []
    const named = [...row.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name)
    const exposed = [...text.matchAll(/^icn_queue_length\{queue="([^"]+)"\}/gm)].map(([, name = '']) => name)
    const isNamed = (queue: string): boolean =>
      named.some((name) => queue === name || (name.endsWith('-') && queue.startsWith(name)))
    assert.deepEqual(
      exposed.filter((queue) => !isNamed(queue)),
      []
    )
    for (const name of ['evidence', 'consensus-'])
      assert.ok(
        exposed.some((queue) => queue.startsWith(name)),
        name
      )
  })

  it('rates are of counters, quantiles of histograms', () => {
    for (const { title, expr } of queries) {
      for (const [, name = ''] of expr.matchAll(/\b(?:rate|increase)\((\w+)/g)) {
        const kind = OF_PROCESS.test(name) ? 'counter' : kinds.get(bare(name))
        assert.ok(
          kind === (name.endsWith('_bucket') ? 'histogram' : 'counter'),
          `${title}: ${name} is a ${kind}`
        )
      }
      for (const [, name = ''] of expr.matchAll(/\b(?:deriv|delta|changes)\((\w+)/g))
        assert.equal(kinds.get(name), 'gauge', `${title}: ${name}`)
      if (expr.includes('histogram_quantile')) assert.match(expr, /_bucket[{[]/, title)
    }
  })

  it('labels that select and group are those of the metric, or added by prometheus.yml', () => {
    const documented = new Map(
      [...readText('docs/metrics.md').matchAll(/^\| (icn_\w+) \| \w+ \| ([^|]*) \|/gm)].map(
        ([, name = '', labels = '']) => [name, labels.split(',').map((label) => label.trim())] as const
      )
    )
    for (const { title, expr } of queries) {
      const names = [...expr.matchAll(METRIC)].map(([name]) => name)
      const used = [...expr.matchAll(/(\w+)=~?"/g), ...expr.matchAll(/label_values\(\w+, (\w+)\)/g)].map(
        ([, label = '']) => label
      )
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
      for (const label of [...used, ...grouped]) {
        for (const name of names) {
          const has = [...ADDED, ...(documented.get(bare(name)) ?? [])]
          assert.ok(
            has.includes(label) || (label === 'le' && name.endsWith('_bucket')),
            `${title}: ${name} has no ${label}`
          )
        }
      }
    }
    for (const { name, labels } of parseMetrics(text)) {
      const has = documented.get(bare(name)) ?? documented.get(name)
      if (has === undefined) continue
      const strange = Object.keys(labels).filter((label) => label !== 'le' && !has.includes(label))
      assert.deepEqual(strange, [], `${name} has labels that docs/metrics.md does not know`)
    }
  })

  it('each scraped address gives the name of its service as label `node`', () => {
    const config = readText('docker/prometheus.yml')
    const pattern = /regex: '(.+)'/.exec(config)?.[1] ?? ''
    const targets = [...config.matchAll(/- ([\w-]+:\d+)$/gm)].map(([, target = '']) => target)
    assert.ok(targets.length >= 7)
    for (const target of targets)
      assert.equal(new RegExp(`^(?:${pattern})$`).exec(target)?.[1], target.split(':')[0])
  })
})
