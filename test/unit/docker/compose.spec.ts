import assert from 'node:assert/strict'
import { SERVICES, SERVICE_NAMES } from '../../../scripts/docker/services.ts'
import { CONFIG_KEYS } from '../../../src/node/config.ts'
import { readJson, readText } from '../../support/repository.ts'

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const composeFile = readText('docker-compose.yml')
/** The text of each service: the lines below its name, which is indented by two. */
const services = new Map(
  [
    ...(/^services:\n([\s\S]*?)^\S/m.exec(composeFile)?.[1] ?? '').matchAll(
      /^ {2}([\w-]+):\n((?: {4}.*\n|\n)*)/gm
    )
  ].map(([, name = '', text = '']) => [name, text])
)

describe('docker', () => {
  it('the scripts know the services of docker-compose.yml, in the order of their ports', () => {
    for (const { name, url } of SERVICES) {
      assert.match(services.get(name) ?? '', new RegExp(`:${new URL(url).port}:8088'`), name)
    }
    const others = [...services.keys()].filter((name) => !SERVICE_NAMES.some((each) => each === name))
    assert.deepEqual(others, ['init', 'prometheus', 'grafana'])
    assert.deepEqual(
      [SERVICES[0]?.url, SERVICES.at(-1)?.url],
      ['http://127.0.0.1:8088', 'http://127.0.0.1:8094']
    )
  })

  it('the late joiner has one bootstrap address and a directory of its own that init does not know', () => {
    assert.match(composeFile, /ICN_BOOTSTRAP: \/dns4\/bootstrap\/tcp\/9000\n/)
    assert.match(services.get('late') ?? '', /volumes: \['late:\/data', 'net:\/net:ro'\]/)
    assert.doesNotMatch(services.get('late') ?? '', /BOOTSTRAP/)
    assert.doesNotMatch(services.get('init') ?? '', /late/)
  })

  it('each validator mounts its own key alone', () => {
    for (const name of SERVICE_NAMES.filter((each) => each.startsWith('validator-'))) {
      assert.deepEqual(services.get(name)?.match(/validator-\d:\/data/g), [`${name}:/data`])
    }
  })

  it('variables of the image and of the services are options of `icn start`, or read by the scripts of docker', () => {
    const own = readText('docker/entry.sh') + readText('docker/make-network.sh')
    const known = new Set<string>([...CONFIG_KEYS.map(({ env }) => env), 'ICN_DATA'])
    const named = [...`${composeFile}${readText('Dockerfile')}`.matchAll(/\b(ICN_\w+)(?:: |=)/g)]
    assert.ok(named.length > 10)
    const strange = named
      .map(([, name = '']) => name)
      .filter((name) => !known.has(name) && !own.includes(name))
    assert.deepEqual(strange, [])
  })

  it('no key and no genesis is in the image’s context', () => {
    const lines = readText('.dockerignore').trim().split('\n')
    assert.equal(lines[0], '*')
    assert.ok(lines.slice(1).every((line) => line.startsWith('!')))
  })

  it('Prometheus asks every node', () => {
    const targets = [...readText('docker/prometheus.yml').matchAll(/- ([\w-]+):8088$/gm)].map(
      ([, name]) => name
    )
    assert.deepEqual(targets, SERVICE_NAMES)
  })

  it('the dashboard shows metrics that docs/metrics.md names, and process metrics', () => {
    const { panels } = readJson('docker/grafana/dashboards/icn.json') as { readonly panels: readonly Panel[] }
    const documented = new Set(
      [...readText('docs/metrics.md').matchAll(/^\| (icn_\w+) \|/gm)].map(([, name = '']) => name)
    )
    const unknown = panels.flatMap(({ title, targets }) =>
      targets.flatMap(({ expr }) =>
        [...expr.matchAll(/\b(?:icn|process|nodejs)_\w+/g)]
          .map(([name]) => name.replace(/_bucket$/, ''))
          .filter((name) => name.startsWith('icn_') && !documented.has(name))
          .map((name) => `${title}: ${name}`)
      )
    )
    assert.deepEqual(unknown, [])
    assert.ok(panels.length >= 12)
  })
})
