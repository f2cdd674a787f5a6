import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { COMMANDS } from '../../../src/cli/program.ts'
import { tokens } from '../../../src/cli/options.ts'
import { tokenText } from '../../../src/primitives/tokens.ts'
import { readKeyFile } from '../../../src/node/keys.ts'
import { homeShard } from '../../../src/crypto/address.ts'
import { devnetAddress } from '../../../src/params/devnet-keys.ts'
import { parseGenesis } from '../../../src/params/genesis-json.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { MultiTransferType } from '../../../src/codec/atomic.ts'
import { TransactionType } from '../../../src/codec/transaction.ts'
import { fromHex, toHex } from '../../../src/primitives/bytes.ts'
import { RpcServer } from '../../../src/rpc/server.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import type { AtomicFacts, NodePort, ReceiptFacts } from '../../../src/rpc/port.ts'
import { MAIN, icn } from '../../support/cli.ts'
import { LOCAL_USER, TRANSFER, fakeNodePort } from '../../support/fake-node-port.ts'
import { SILENT_SOCKETS } from '../../support/growing-chain.ts'

describe('command line', () => {
  let cwd = ''
  const run = async (line: string, options: { env?: Record<string, string>; input?: string } = {}) => {
    const result = await icn(line.split(' '), { cwd, ...options })
    assert.deepEqual([result.code, result.stderr], [0, []], `icn ${line}`)
    return result.stdout
  }
  before(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'icn-cli-'))
    await run('genesis new --preset minimal --validators 4 --shards 2 --block-interval 0 --time 5 --out net')
  })
  after(() => rmSync(cwd, { recursive: true }))

  it('help lists every command; every command has help with an example', async () => {
    const help = await run('--help')
    for (const name of Object.keys(COMMANDS)) {
      assert.match(help, new RegExp(`^  ${name}\\b`, 'm'))
      const own = await run(`${name} --help`)
      assert.match(own, /Usage: icn /)
    }
    assert.match(await run('tx transfer --help'), /Examples?:\n/)
    assert.equal(await run('--version'), `${version()}\n`)
  })

  it('on an older Node: one line that says what to do, exit code 2, and nothing is imported', async () => {
    const older = 'Object.defineProperty(process, "versions", { value: { node: "21.7.3" } })'
    const first = `data:text/javascript,${encodeURIComponent(older)}`
    const child = spawn(process.execPath, ['--import', first, MAIN, 'keys', 'new', '--out', 'never.json'], {
      cwd
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const code = await new Promise((resolve) => void child.once('close', resolve))
    assert.equal(code, 2)
    assert.match(stderr, /^icn needs Node 22 or newer, this is 21\.7\.3: .*\n$/)
    assert.equal(existsSync(join(cwd, 'never.json')), false)
  })

  it('genesis new: a file that checks, with the keys of its validators; show is canonical', async () => {
    const text = readFileSync(join(cwd, 'net/genesis.json'), 'utf8')
    const genesis = parseGenesis(text)
    assert.ok(genesis.ok)
    const { validators, shards, params, timeMs } = genesis.value
    assert.deepEqual([shards, params.minBlockIntervalMs, timeMs], [2, 0, 5])
    const keys = [0, 1, 2, 3].map((i) =>
      toHex(readKeyFile(join(cwd, `net/keys/validator-${i}.json`)).publicKey)
    )
    assert.deepEqual(validators.map(({ key }) => toHex(key)).sort(), keys.sort())
    assert.equal(statSync(join(cwd, 'net/keys/validator-0.json')).mode & 0o777, 0o600)
    assert.equal(await run('genesis show net/genesis.json'), text)
    const check = await run('genesis check net/genesis.json')
    assert.ok(check.includes(toHex(networkId(genesis.value))))
    for (const chain of ['coord', '0', '1'])
      assert.match(check, new RegExp(`chain ${chain}: n 4, quorum 3, f 1`))
    assert.doesNotMatch(check, /warning/)
  })

  it('D2: genesis check warns where f = 0', async () => {
    await run('genesis new --preset minimal --validators 3 --shards 1 --out small')
    const check = await run('genesis check small/genesis.json')
    assert.match(check, /chain 0: n 3, quorum 3, f 0/)
    assert.match(check, /warning: chain 0: f = 0/)
  })

  it('genesis new and init overwrite nothing', async () => {
    await run('init --genesis net/genesis.json --data d')
    const before = readFileSync(join(cwd, 'd/keys/node.json'), 'utf8')
    for (const line of [
      'init --genesis net/genesis.json --data d',
      'genesis new --preset minimal --validators 1 --out net'
    ]) {
      const { code, stderr } = await icn(line.split(' '), { cwd })
      assert.deepEqual([code, stderr.length], [2, 1])
    }
    assert.equal(readFileSync(join(cwd, 'd/keys/node.json'), 'utf8'), before)
  })

  it('init: genesis, a node key, and a config file with every key', async () => {
    await run('init --genesis net/genesis.json --data e')
    assert.equal(readKeyFile(join(cwd, 'e/keys/node.json')).type, 'node')
    assert.equal(
      readFileSync(join(cwd, 'e/genesis.json'), 'utf8'),
      readFileSync(join(cwd, 'net/genesis.json'), 'utf8')
    )
    assert.ok(existsSync(join(cwd, 'e/config.json')))
  })

  it('keys: new, import and show agree; the secret only when asked for', async () => {
    const made = JSON.parse(await run('keys new --out a.json')) as Record<string, string>
    const { secret, ...shown } = JSON.parse(await run('keys show a.json --secret')) as Record<string, string>
    assert.deepEqual(made, shown)
    assert.deepEqual(JSON.parse(await run('keys show a.json')), made)
    const imported = await run('keys import - --type account --out b.json', { input: `${secret}\n` })
    assert.deepEqual(JSON.parse(imported), made)
    const { file = '', ...unnamed } = JSON.parse(await run(`keys import ${secret}`)) as Record<string, string>
    assert.deepEqual(unnamed, made)
    assert.ok(existsSync(join(cwd, file)), 'a name that nobody gave is told')
  })

  it('keys show --devnet prints the published key', async () => {
    const { address } = JSON.parse(await run('keys show --devnet user3')) as Record<string, string>
    assert.match(address ?? '', /^icn1/)
  })

  it('options are environment variables too; the option wins', async () => {
    const env = { ICN_OUT: 'from-env.json', ICN_TYPE: 'validator' }
    await run('keys new', { env })
    assert.equal(readKeyFile(join(cwd, 'from-env.json')).type, 'validator')
    await run('keys new --out from-option.json', { env })
    assert.ok(existsSync(join(cwd, 'from-option.json')))
  })

  it('keys guard: nothing to export where no node ran, and export makes no database', async () => {
    await run('init --genesis net/genesis.json --data g')
    const line = 'keys guard export --data g --validator net/keys/validator-0.json --out guard.json'
    const { code, stderr } = await icn(line.split(' '), { cwd })
    assert.deepEqual([code, stderr.length], [2, 1])
    assert.equal(existsSync(join(cwd, 'g/db/node')), false)
    assert.equal(existsSync(join(cwd, 'guard.json')), false)
  })

  it('a reader that goes away ends the command without a trace', async () => {
    mkdirSync(join(cwd, 'pipe'))
    const child = spawn(process.execPath, [MAIN, 'genesis', 'show', 'net/genesis.json'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdout.destroy()
    const code = await new Promise((resolve) => void child.once('close', resolve))
    assert.deepEqual([code, stderr], [0, ''])
  })

  async function withNode(
    port: NodePort,
    work: (env: Record<string, string>) => Promise<void>
  ): Promise<void> {
    const metrics = { contentType: 'text/plain', metrics: async () => '' }
    const events = { failed: () => undefined, refused: () => undefined }
    const server = new RpcServer(
      { port, metrics, events, ...SILENT_SOCKETS },
      { rpc: { host: '127.0.0.1', port: 0 } }
    )
    await server.start()
    try {
      await work({ ICN_RPC: `127.0.0.1:${server.address?.port}` })
    } finally {
      await server.stop()
    }
  }

  const QUERIES = [
    'head 0',
    'block coord 3 --raw',
    'validators 0',
    'validators 0 0',
    'epoch 0',
    'leaders 0',
    'leaders 0 3',
    `validator ${'0a'.repeat(32)}`,
    'ranking',
    'ranking governance',
    'evidence',
    'evidence 5',
    'cooperatives',
    `tx ${TRANSFER.id}`,
    `account ${LOCAL_USER}`,
    `proof ${LOCAL_USER}`,
    'supply',
    'supply 0',
    'receipt 0 1 17',
    'lanes 0',
    'peers --chain 1',
    'sync'
  ]
  for (const query of QUERIES) {
    it(`query ${query}: lines for people, JSON for programs`, async () => {
      await withNode(fakeNodePort(), async (env) => {
        assert.match(await run(`query ${query}`, { env }), /\S+\n$/)
        assert.equal(typeof JSON.parse(await run(`query ${query} --json`, { env })), 'object')
      })
    })
  }

  it('R16: query tx and receipt show every hop, query lanes what was sent and received', async () => {
    const refused: ReceiptFacts = {
      source: shardId(0),
      destination: shardId(1),
      sequence: 4,
      status: 'refused',
      place: { chain: shardId(1), height: 9, hash: new Uint8Array(32) },
      reason: 'below-min-balance',
      refund: 2
    }
    const back: ReceiptFacts = {
      source: shardId(1),
      destination: shardId(0),
      sequence: 2,
      status: 'provable'
    }
    const out = {
      next: 5,
      acknowledged: 4,
      bytes: 160,
      sentConsumer: 1_500_000n,
      sentIndustrial: 0n,
      refundsReported: 1,
      refundsReceived: 1
    }
    const port = fakeNodePort({
      transaction: async () => ({ status: 'final', emitted: [refused] }),
      hops: async () => [refused, back],
      receipt: async () => refused,
      lanes: () => [
        {
          other: shardId(1),
          out,
          in: { cursor: 3, refunds: 1, receivedConsumer: 0n, receivedIndustrial: 0n }
        }
      ]
    })
    await withNode(port, async (env) => {
      const hop = 'receipt 0 to 1 4: refused: below-min-balance at chain 1 height 9, refund 1 to 0 2\n'
      assert.equal(await run('query receipt 0 1 4', { env }), hop)
      const shown = await run(`query tx ${TRANSFER.id}`, { env })
      assert.equal(shown, `final\n${hop}receipt 1 to 0 2: provable\n`)
      const lanes = await run('query lanes 0', { env })
      assert.match(lanes, /^to 1: 5 sent, 4 acknowledged, 160 bytes kept; consumer 1\.5, industrial 0\n/)
      assert.match(lanes, /\nfrom 1: 3 received, 1 sent back; consumer 0, industrial 0\n/)
      const wrong = await icn(['query', 'receipt', '0', '1', '-1'], { cwd, env })
      assert.notEqual(wrong.code, 0)
    })
    assert.match(await run('query receipt --help'), /Example: icn query receipt 0 1 17/)
    assert.match(await run('query lanes --help'), /Example: icn query lanes 0/)
  })

  it('tx transfer signs, submits, prints the id and waits for final; --dry only prints bytes', async () => {
    const submitted: string[] = []
    const base = fakeNodePort()
    const port = fakeNodePort({
      submit: (bytes) => {
        submitted.push(toHex(bytes))
        return base.submit(bytes)
      }
    })
    await withNode(port, async (env) => {
      const line = `tx transfer --devnet ${LOCAL_USER} --to ${LOCAL_USER} --consumer 1.5`
      const bytes = (await run(`${line} --dry`, { env })).trim()
      assert.deepEqual(submitted, [])
      assert.match(await run(`${line} --wait`, { env }), /^[0-9a-f]{64}\nfinal on chain 0 at height 7: ok\n$/)
      assert.deepEqual(submitted, [bytes])
      await run(`tx submit ${bytes}`, { env })
      assert.deepEqual(submitted, [bytes, bytes])
    })
  })

  it('tx multi signs for everybody who pays, and --wait tells how it ended; an abort is exit 1', async () => {
    const record = (outcome: number): AtomicFacts => ({
      record: {
        record: {
          sender: new Uint8Array(21),
          height: 3,
          deadline: 9,
          outcome,
          reason: outcome === 2 ? 140 : 0,
          decidedAt: 4,
          endedAt: 5,
          parts: [{ chain: shardId(0), phase: 3, reason: 0, prepare: [], vote: [], decision: [], end: [] }]
        },
        asOf: { chain: shardId(0), height: 8, hash: new Uint8Array(32) }
      },
      held: []
    })
    const other = Array.from({ length: 20 }, (_, index) => `user${index}`).find(
      (name) =>
        name !== LOCAL_USER && homeShard(devnetAddress(name), 2) === homeShard(devnetAddress(LOCAL_USER), 2)
    )!
    const legs = `--leg ${LOCAL_USER}:${other}:1.5 --leg ${other}:${LOCAL_USER}::2`
    const line = `tx multi --devnet ${LOCAL_USER} ${legs} --cosigner ${other}`
    await withNode(fakeNodePort({ atomic: () => record(1) }), async (env) => {
      const shown = await run(`${line} --wait`, { env })
      assert.match(shown, /^[0-9a-f]{64}\nfinal on chain 0 at height 7: ok\ncommit: ended at height 5\n$/)
      const told = await run(`query atomic ${TRANSFER.id}`, { env })
      assert.equal(
        told,
        'coordinator 0: commit\nbegun at 3, deadline 9, decided at 4, ended at 5\nchain 0: committed\n'
      )
      const bytes = fromHex((await run(`${line} --dry`, { env })).trim())
      const {
        cosignatures,
        legs: signed,
        heights
      } = MultiTransferType.deserialize(TransactionType.deserialize(bytes).payload)
      assert.deepEqual([cosignatures.length, signed.length, heights], [1, 2, 300])
    })
    await withNode(fakeNodePort({ atomic: () => record(2) }), async (env) => {
      const { code, stderr } = await icn([...line.split(' '), '--wait'], { cwd, env })
      assert.equal(code, 1)
      assert.match(stderr[0] ?? '', /abort, insufficient-funds$/)
    })
  })

  it('a refused transaction is one line with the code, exit 1', async () => {
    const port = fakeNodePort({ submit: async () => ({ ok: false, code: 'nonce-gap', detail: 'next is 4' }) })
    await withNode(port, async (env) => {
      const { code, stderr } = await icn(['tx', 'submit', '00'], { cwd, env })
      assert.deepEqual([code, stderr], [1, ['icn: nonce-gap: next is 4']])
    })
  })

  it('amounts: tokens with six decimals, exactly', () => {
    const CASES: readonly (readonly [string, bigint])[] = [
      ['0', 0n],
      ['1', 1_000_000n],
      ['0.000001', 1n],
      ['20000000', 20_000_000_000_000n],
      ['1.5', 1_500_000n]
    ]
    for (const [text, units] of CASES) {
      assert.equal(tokens(text), units)
      assert.equal(tokenText(units), text)
    }
    for (const text of ['', '-1', '1e3', '1.', '.5', '0.0000001', '1,5']) assert.throws(() => tokens(text))
  })
})

const version = (): string => {
  const path = new URL('../../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
