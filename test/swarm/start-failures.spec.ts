/** SYSTEM 6: a node that cannot start says why in one line, ends with the right code, and leaves everything as it was. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signerOfSeed } from '../../src/client/index.ts'
import { createNode } from '../../src/index.ts'
import { loadNodeConfig } from '../../src/node/config.ts'
import { dataPaths } from '../../src/node/data-dir.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { networkId } from '../../src/params/genesis.ts'
import type { Genesis } from '../../src/params/genesis.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { CHAIN_BUCKETS, NODE_BUCKETS, bucketKey } from '../../src/store/buckets.ts'
import { utf8 } from '../../src/primitives/bytes.ts'
import { openLevel } from '../../src/store/level.ts'
import { CHAIN_SCHEMA, ChainIdentityType } from '../../src/store/records.ts'
import { NodeStore } from '../../src/store/node-store.ts'
import type { KeyValueStore } from '../../src/store/ports.ts'
import { MAIN, icn } from '../support/cli.ts'
import type { CliRun } from '../support/cli.ts'
import { aGenesis } from '../support/genesis.ts'
import { contentOf, nodeDirectory, valuesOf } from '../support/node-directory.ts'

const NOBODY = 65_534
const DISK = 5

interface Stage {
  readonly root: string
  readonly data: string
  readonly validator: string
  readonly genesis: Genesis
  /** A port of loopback that somebody listens on. */
  readonly taken: number
}

interface Failure {
  readonly title: string
  readonly code: number
  /** What the line has to name. */
  readonly names: (stage: Stage) => string
  readonly args?: (stage: Stage) => readonly string[]
  readonly prepare?: (stage: Stage) => Promise<void> | void
  /** The reason is inside a database, which has to be opened: its files may be renamed, its values not. */
  readonly opens?: boolean
  readonly uid?: number
}

const FREE = ['--rpc', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0']

async function makeNodeDatabase({ data }: Stage, network: Uint8Array): Promise<KeyValueStore> {
  const store = await openLevel(dataPaths(data).nodeDatabase, { isNew: true })
  await NodeStore.open(store, network)
  return store
}

/** The first four bytes of the identity are the schema number. */
async function raiseSchema(store: KeyValueStore): Promise<void> {
  const key = bucketKey(NODE_BUCKETS.meta, utf8('identity'))
  const identity = store.get(key)!.slice()
  new DataView(identity.buffer).setUint32(0, 77, true)
  await store.batch([{ type: 'put', key, value: identity }], { sync: true })
}

const FAILURES: readonly Failure[] = [
  {
    title: 'the RPC port is in use',
    code: 2,
    names: ({ taken }) => `127.0.0.1:${taken} is in use`,
    args: ({ taken }) => ['--rpc', `127.0.0.1:${taken}`, '--listen', '/ip4/127.0.0.1/tcp/0']
  },
  {
    title: 'the port for metrics is in use',
    code: 2,
    names: ({ taken }) => `127.0.0.1:${taken} is in use`,
    args: ({ taken }) => [...FREE, '--metrics', `127.0.0.1:${taken}`]
  },
  {
    title: 'the port for peers is in use',
    code: 2,
    names: ({ taken }) => `/tcp/${taken} is in use`,
    args: ({ taken }) => ['--rpc', '127.0.0.1:0', '--listen', `/ip4/127.0.0.1/tcp/${taken}`]
  },
  {
    title: 'an address that is not of this machine',
    code: 2,
    names: () => '192.0.2.1',
    args: () => ['--rpc', '192.0.2.1:8088', '--listen', '/ip4/127.0.0.1/tcp/0'],
    opens: true
  },
  {
    title: 'the key file of the validator is missing',
    code: 2,
    names: () => 'nowhere.json',
    args: ({ data }) => [...FREE, '--validator', join(data, 'nowhere.json')]
  },
  {
    title: 'the key file of the node is missing',
    code: 2,
    names: () => 'node.json',
    prepare: ({ data }) => rmSync(dataPaths(data).nodeKey)
  },
  {
    title: 'a node key in place of a validator key',
    code: 2,
    names: () => 'not validator',
    args: ({ data }) => [...FREE, '--validator', dataPaths(data).nodeKey]
  },
  {
    title: 'an unknown key in config.json',
    code: 2,
    names: () => 'colour',
    prepare: ({ data }) => writeFileSync(dataPaths(data).config, '{"colour":"red"}')
  },
  { title: 'an unknown option', code: 2, names: () => '--colour', args: () => [...FREE, '--colour', 'red'] },
  { title: 'a bad value', code: 2, names: () => '--shards', args: () => [...FREE, '--shards', 'one'] },
  {
    title: 'no genesis in the directory',
    code: 2,
    names: () => 'icn init',
    prepare: ({ data }) => rmSync(dataPaths(data).genesis)
  },
  {
    title: 'a genesis with an unknown parameter',
    code: 2,
    names: () => 'colour',
    prepare: ({ data }) => writeFileSync(dataPaths(data).genesis, '{"version":1,"colour":"red"}')
  },
  {
    title: 'a data directory of another network',
    code: 2,
    names: () => 'STORE_NETWORK_DIFFERS',
    prepare: async (stage) => (await makeNodeDatabase(stage, new Uint8Array(32).fill(9))).close(),
    opens: true
  },
  {
    title: 'a data directory of a newer program',
    code: 2,
    names: () => 'STORE_VERSION_NEWER',
    prepare: async (stage) => {
      const store = await makeNodeDatabase(stage, networkId(stage.genesis))
      await raiseSchema(store)
      await store.close()
    },
    opens: true
  },
  {
    title: 'a directory that may only be read',
    code: DISK,
    names: () => 'STORE_IO',
    prepare: ({ data }) => {
      for (const folder of ['.', 'db', 'keys']) chmodSync(join(data, folder), 0o555)
      for (const file of ['keys/node.json', 'keys/validator.json']) chmodSync(join(data, file), 0o444)
    },
    uid: NOBODY
  },
  {
    title: 'a file where the databases should be',
    code: DISK,
    names: () => 'STORE_IO',
    prepare: ({ data }) => {
      rmSync(join(data, 'db'), { recursive: true })
      writeFileSync(join(data, 'db'), '')
    }
  },
  {
    title: 'a node.json that cannot be replaced',
    code: DISK,
    names: () => 'node.json',
    prepare: ({ data }) => void mkdirSync(join(data, 'node.json', 'taken'), { recursive: true }),
    opens: true
  },
  {
    title: 'a validator key whose record is lost',
    code: 3,
    names: () => 'GUARD_MISSING',
    args: ({ validator }) => [...FREE, '--validator', validator],
    prepare: ({ validator }) => {
      const { publicKey } = signerOfSeed(devnetSeed('validator0'))
      const content = {
        type: 'validator',
        publicKey: Buffer.from(publicKey).toString('hex'),
        secret: Buffer.from(devnetSeed('validator0')).toString('hex'),
        guardId: 'ab'.repeat(32)
      }
      writeFileSync(validator, JSON.stringify(content))
    },
    opens: true
  }
]

describe('start failures', function () {
  this.timeout(30_000)
  let root = ''
  let server: Server
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'icn-start-'))
    chmodSync(root, 0o755)
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => {
    server.close()
    rmSync(root, { recursive: true, force: true })
  })

  async function stageOf(index: number): Promise<Stage> {
    const genesis = aGenesis({ shards: 1 })
    const directory = await nodeDirectory(root, genesis, index)
    return { root, ...directory, genesis, taken: (server.address() as AddressInfo).port }
  }

  for (const [index, failure] of FAILURES.entries()) {
    it(`${failure.title}: one line, exit code ${failure.code}, nothing touched`, async () => {
      const stage = await stageOf(index)
      await failure.prepare?.(stage)
      // A start that opens the databases makes the admin token with them.
      const keep = (path: string): boolean =>
        failure.opens !== true || !(path.startsWith('db') || path === 'admin.token')
      const before = contentOf(stage.data, keep)
      const { nodeDatabase } = dataPaths(stage.data)
      const values =
        failure.opens === true && hasDatabase(nodeDatabase) ? await valuesOf(nodeDatabase) : undefined
      const args = ['start', '--data', stage.data, ...(failure.args?.(stage) ?? FREE)]
      const { code, stdout, stderr } = await run(args, stage.root, failure.uid)
      assert.equal(stderr.length, 1, stderr.join('\n'))
      assert(stderr[0]?.includes(failure.names(stage)), stderr[0])
      assert.deepEqual([code, stdout], [failure.code, ''], stderr[0])
      assert.deepEqual(contentOf(stage.data, keep), before)
      if (values !== undefined) assert.deepEqual(await valuesOf(nodeDatabase), values)
    })
  }

  it('a data directory that another process runs: one line, exit code 2, and the other goes on', async () => {
    const stage = await stageOf(FAILURES.length)
    const store = await makeNodeDatabase(stage, networkId(stage.genesis))
    const { code, stderr } = await icn(['start', '--data', stage.data, ...FREE], { cwd: root })
    assert.deepEqual([code, stderr.length], [2, 1], stderr.join('\n'))
    assert(stderr[0]?.includes('STORE_LOCKED'), stderr[0])
    await raiseSchema(store)
    await store.close()
  })

  it('a shard of another network: one line, exit code 2, and all that was opened is closed again', async () => {
    const stage = await stageOf(FAILURES.length + 1)
    const path = dataPaths(stage.data).chainDatabase(shardId(0))
    const store = await openLevel(path, { isNew: true })
    const key = bucketKey(CHAIN_BUCKETS.meta, utf8('identity'))
    const network = new Uint8Array(32).fill(9)
    const value = ChainIdentityType.serialize({ schema: CHAIN_SCHEMA, network, chain: shardId(0) })
    await store.batch([{ type: 'put', key, value }], { sync: true })
    await store.close()
    const config = {
      ...loadNodeConfig({ flags: { data: stage.data }, env: {} }),
      rpc: { host: '127.0.0.1', port: 0 },
      listen: ['/ip4/127.0.0.1/tcp/0']
    }
    const node = createNode({ ...config, genesis: stage.genesis })
    await assert.rejects(node.start(), /chains did not start/)
    for (const database of [
      dataPaths(stage.data).nodeDatabase,
      dataPaths(stage.data).chainDatabase(COORD),
      path
    ]) {
      await (await openLevel(database, { isNew: false })).close()
    }
    const { code, stderr } = await icn(['start', '--data', stage.data, ...FREE], { cwd: root })
    assert.deepEqual([code, stderr.length], [2, 1], stderr.join('\n'))
    assert(stderr[0]?.includes('STORE_NETWORK_DIFFERS'), stderr[0])
  })
})

const hasDatabase = (path: string): boolean => {
  try {
    return contentOf(path).size > 0
  } catch {
    return false
  }
}

function run(args: readonly string[], cwd: string, uid: number | undefined): Promise<CliRun> {
  if (uid === undefined || process.getuid?.() !== 0) return icn(args, { cwd })
  return asUser(args, cwd, uid)
}

async function asUser(args: readonly string[], cwd: string, uid: number): Promise<CliRun> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, uid, gid: uid, env: { HOME: cwd } })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr: stderr === '' ? [] : stderr.replace(/\n$/, '').split('\n') }
}
