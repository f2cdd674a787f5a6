import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_KEYS, defaultConfigFile, loadNodeConfig } from '../../../src/node/config.ts'
import type { FileKey, NetworkAddress, NodeConfig } from '../../../src/node/config.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { ConfigError } from '../../../src/node/node-errors.ts'

/** Per key: two values as texts, the same as file values, what they become, and values just outside. */
interface Case<V> {
  readonly text: readonly [string, string]
  readonly file: readonly [unknown, unknown]
  readonly parsed: readonly [V, V]
  readonly bad: readonly unknown[]
}
const MULTIADDR = ['/ip4/127.0.0.1/tcp/9000', '/dns4/a.example/tcp/1,/ip6/::1/tcp/2'] as const
const multiaddrs: Case<readonly string[]> = {
  text: MULTIADDR,
  file: [[MULTIADDR[0]], MULTIADDR[1].split(',')],
  parsed: [[MULTIADDR[0]], MULTIADDR[1].split(',')],
  bad: ['127.0.0.1:9000', ['/ip4/127.0.0.1/tcp/9000', 'x'], [5], 5, null]
}
const addresses: Case<NetworkAddress> = {
  text: ['127.0.0.1:0', '[::1]:65535'],
  file: ['127.0.0.1:0', '[::1]:65535'],
  parsed: [
    { host: '127.0.0.1', port: 0 },
    { host: '::1', port: 65_535 }
  ],
  bad: ['127.0.0.1', '127.0.0.1:65536', ':80', '::1:80', 'a b:80', 80, '']
}
const onOff: Case<boolean> = {
  text: ['true', 'false'],
  file: [true, false],
  parsed: [true, false],
  bad: ['yes', 1, null]
}
/** Both ends of a range; the cases around it are just outside. */
const range = (least: number, most: number): Case<number> => ({
  text: [String(least), String(most)],
  file: [least, most],
  parsed: [least, most],
  bad: [least - 1, most + 1, String(most + 1), 1.5, 'x', '', null]
})
const CASES: { readonly [K in FileKey]: Case<NodeConfig[K]> } = {
  bootstrap: multiaddrs,
  listen: multiaddrs,
  announce: multiaddrs,
  rpc: addresses,
  metrics: addresses,
  shards: {
    text: ['none', '2,0,2'],
    file: ['none', [2, 0]],
    parsed: ['none', [shardId(0), shardId(2)]],
    bad: ['some', '0,', '-1', '1024', [1024], [0.5], [], '', null]
  },
  validator: {
    text: ['a.json', 'b.json'],
    file: ['a.json', 'b.json'],
    parsed: ['a.json', 'b.json'],
    bad: ['', 5]
  },
  allowPrivate: onOff,
  mdns: onOff,
  backfill: onOff,
  sync: {
    text: ['full', 'snapshot'],
    file: ['full', 'snapshot'],
    parsed: ['full', 'snapshot'],
    bad: ['fast', '', 1, null]
  },
  checkpoint: {
    text: [`7:${'ab'.repeat(32)}`, `0:${'00'.repeat(32)}`],
    file: [`7:${'ab'.repeat(32)}`, `0:${'00'.repeat(32)}`],
    parsed: [
      { height: 7, hash: new Uint8Array(32).fill(0xab) },
      { height: 0, hash: new Uint8Array(32) }
    ],
    bad: ['7', `x:${'ab'.repeat(32)}`, `7:${'ab'.repeat(31)}`, `7:${'AB'.repeat(32)}`, 7, '']
  },
  relay: onOff,
  autonat: onOff,
  upnp: onOff,
  minPeers: { ...range(1, 1_000), text: ['1', '50'], file: [1, 50], parsed: [1, 50] },
  maxPeers: { ...range(1, 1_000), text: ['10', '1000'], file: [10, 1_000], parsed: [10, 1_000] },
  cooperativePeers: { ...range(0, 1_000), text: ['0', '50'], file: [0, 50], parsed: [0, 50] },
  cooperativeBonus: range(0, 100),
  cooperativeVoucher: {
    text: ['a.json', 'b.json'],
    file: ['a.json', 'b.json'],
    parsed: ['a.json', 'b.json'],
    bad: ['', 5]
  },
  discoveryInterval: range(1, 86_400),
  signFromEpoch: { text: ['0', '7'], file: [0, 7], parsed: [0, 7], bad: [-1, '-1', 1.5, 'x', ''] },
  retention: {
    text: ['archive', '16'],
    file: ['archive', 16],
    parsed: ['archive', 16],
    bad: ['15', 15, 16.5, '-1', 'all', '', null]
  },
  logLevel: {
    text: ['error', 'trace'],
    file: ['error', 'trace'],
    parsed: ['error', 'trace'],
    bad: ['loud', 3, '']
  },
  logFormat: {
    text: ['json', 'pretty'],
    file: ['json', 'pretty'],
    parsed: ['json', 'pretty'],
    bad: ['xml', null]
  }
}

describe('node configuration', () => {
  let data = ''
  const write = (values: unknown): void =>
    writeFileSync(join(data, 'config.json'), typeof values === 'string' ? values : JSON.stringify(values))

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'icn-config-'))
  })
  afterEach(() => rmSync(data, { recursive: true }))

  const load = (flags: object = {}, env: Record<string, string> = {}): NodeConfig =>
    loadNodeConfig({ flags: { data, ...flags }, env })

  const refusedBy =
    (code: string, ...parts: string[]) =>
    (error: unknown) => {
      assert.ok(error instanceof ConfigError, String(error))
      assert.equal(error.code, code)
      for (const part of parts) assert.ok(error.message.includes(part), `${error.message} names ${part}`)
      return true
    }

  for (const { key, env, flag, default: standard, parse } of CONFIG_KEYS) {
    const { text, file, parsed, bad } = CASES[key] as Case<unknown>

    it(`${key}: both values by file, environment (${env}) and flag`, () => {
      for (const side of [0, 1] as const) {
        write({ [key]: file[side] })
        assert.deepEqual(load()[key], parsed[side])
        write({})
        assert.deepEqual(load({}, { [env]: text[side] })[key], parsed[side])
        assert.deepEqual(load({ [key]: text[side] })[key], parsed[side])
      }
    })

    it(`${key}: flag beats environment, environment beats file, file beats default`, () => {
      write({ [key]: file[0] })
      assert.deepEqual(load({ [key]: text[1] }, { [env]: text[0] })[key], parsed[1])
      assert.deepEqual(load({}, { [env]: text[1] })[key], parsed[1])
      assert.deepEqual(load()[key], parsed[0])
      write({})
      assert.deepEqual(load()[key], load({}, {})[key])
    })

    it(`${key}: refuses other values, naming the source`, () => {
      for (const value of bad) {
        assert.equal(parse(value), undefined, JSON.stringify(value))
        write({ [key]: value })
        assert.throws(() => load(), refusedBy('CONFIG_VALUE', key, 'config.json'))
        if (typeof value !== 'string') continue
        write({})
        assert.throws(() => load({}, { [env]: value }), refusedBy('CONFIG_VALUE', env))
        assert.throws(() => load({ [key]: value }), refusedBy('CONFIG_VALUE', `--${flag}`))
      }
    })

    it(`${key}: the default is a value`, () => {
      assert.notEqual(parse(standard), undefined)
    })
  }

  it('flags are the keys in dashes, variables the flags in capitals: one name to remember', () => {
    for (const { key, flag, env } of CONFIG_KEYS) {
      assert.equal(
        flag,
        key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      )
      assert.equal(env, `ICN_${flag.replaceAll('-', '_').toUpperCase()}`)
    }
  })

  it('the file that init writes has every key and loads to the defaults', () => {
    const text = defaultConfigFile()
    assert.deepEqual(Object.keys(JSON.parse(text) as object).sort(), Object.keys(CASES).sort())
    const without = load()
    write(text)
    assert.deepEqual(load(), without)
  })

  it('an unknown key of the file is refused by name', () => {
    write({ colour: 'red' })
    assert.throws(() => load(), refusedBy('CONFIG_KEY_UNKNOWN', 'colour', 'config.json'))
    write('{"__proto__": 1}')
    assert.throws(() => load(), refusedBy('CONFIG_KEY_UNKNOWN', '__proto__'))
  })

  it('a file that is no JSON object is refused', () => {
    for (const text of ['{', '[]', 'null', '5']) {
      write(text)
      assert.throws(() => load(), refusedBy('CONFIG_FILE', 'config.json'))
    }
  })

  it('a file that was named must exist; the one of the directory may be absent', () => {
    assert.throws(() => load({ config: join(data, 'no.json') }), refusedBy('CONFIG_FILE', 'no.json'))
    assert.equal(load().data, data)
    const other = join(data, 'other.json')
    writeFileSync(other, '{"logLevel":"debug"}')
    assert.equal(load({ config: other }).logLevel, 'debug')
    assert.equal(load({}, { ICN_CONFIG: other }).logLevel, 'debug')
  })

  it('the data directory comes by flag or environment, and is missed by name', () => {
    assert.equal(loadNodeConfig({ flags: {}, env: { ICN_DATA: data } }).data, data)
    assert.throws(
      () => loadNodeConfig({ flags: {}, env: {} }),
      refusedBy('CONFIG_MISSING', '--data', 'ICN_DATA')
    )
  })

  it('is frozen', () => {
    assert.ok(Object.isFrozen(load()))
  })

  it('docs/operating.md lists every key with option, variable and default', () => {
    const page = readFileSync(new URL('../../../../docs/operating.md', import.meta.url), 'utf8')
    const written = page.split('\n').filter((line) => line.includes('`ICN_') && line.startsWith('| `--'))
    const rows = written.map((line) =>
      line
        .split('|')
        .slice(1, 5)
        .map((cell) => cell.replaceAll('`', '').trim())
    )
    const declared = CONFIG_KEYS.map((entry) => [
      `--${entry.flag}`,
      entry.env,
      entry.key,
      JSON.stringify(entry.default)
    ])
    assert.deepEqual(rows, declared)
  })

  it('CONFIG_RELATION: blocks that are dropped are not fetched', () => {
    const load = (retention: string, backfill: string) =>
      loadNodeConfig({ flags: { data, retention, backfill }, env: {} })
    assert.equal(load('archive', 'true').backfill, true)
    assert.equal(load('16', 'false').retention, 16)
    assert.throws(() => load('16', 'true'), {
      message: '--backfill fetches the blocks that --retention 16 drops',
      detail: { code: 'CONFIG_RELATION', key: 'backfill', other: 'retention' }
    })
  })

  it('CONFIG_RELATION: two values that do not fit together are refused, both named; equal ones fit', () => {
    assert.equal(load({ minPeers: '20', maxPeers: '20' }).minPeers, 20)
    assert.throws(() => load({ minPeers: '21', maxPeers: '20' }), {
      message: '--min-peers 21 is above --max-peers 20',
      detail: { code: 'CONFIG_RELATION', key: 'minPeers', other: 'maxPeers' }
    })
    assert.equal(load({ cooperativePeers: '50' }).cooperativePeers, 50)
    assert.throws(() => load({ cooperativePeers: '51' }), {
      message: '--cooperative-peers 51 is above --max-peers 50'
    })
  })
})
