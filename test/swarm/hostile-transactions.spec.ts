/** Strangers that send transactions: bundles by gossip and by request (M2, M5; GOS-7), and calls over RPC. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Client, RpcRefusal, signTransfer, signerOfSeed, transferCost } from '../../src/client/index.ts'
import type { SignTransfer } from '../../src/client/index.ts'
import { BUNDLE_BYTES_MAX, BundleType } from '../../src/codec/messages.ts'
import { TRANSACTION_VERSION, TransactionType } from '../../src/codec/transaction.ts'
import type { Transaction } from '../../src/codec/transaction.ts'
import { RESULT_CODES } from '../../src/net/request-codes.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { concat, fromHex, toHex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { addressText } from '../../src/rpc/server.ts'
import { describeAttacks } from '../support/arena.ts'
import type { Arena, Attack } from '../support/arena.ts'
import { refusingRules } from '../support/gossip-rules.ts'

const SHARD = shardId(0)
const signer = signerOfSeed(devnetSeed('user7'))

const nextNonce = (arena: Arena): bigint =>
  arena.target.port!.account(devnetAddress('user7'), SHARD).nextNonce
const height = (arena: Arena): number => arena.target.port!.head(SHARD).final.header.height

/** Valid but for the changes; the memo makes each one another. */
function aTransfer(arena: Arena, fields: Partial<SignTransfer> = {}): Uint8Array {
  const memo = toHex(randomBytes(16))
  return signTransfer({
    network: arena.network,
    signer,
    chain: SHARD,
    nonce: nextNonce(arena),
    validUntil: height(arena) + 50,
    to: devnetAddress('user8'),
    consumer: 1n,
    memo,
    ...transferCost(arena.swarm.genesis.params, memo),
    ...fields
  }).bytes
}

/** Re-encoded with changes, which the signature does not cover. */
const changed = (bytes: Uint8Array, fields: Partial<Transaction>): Uint8Array =>
  TransactionType.serialize({ ...TransactionType.deserialize(bytes), ...fields })

/** What M2 refuses, whoever looks at it: by gossip the forwarder's fault, over RPC a refusal with its code. */
interface Bad {
  readonly title: string
  readonly code: string
  readonly make: (arena: Arena) => Uint8Array | Promise<Uint8Array>
}
const MALFORMED: readonly Bad[] = [
  {
    title: 'garbage behind the version',
    code: 'not-canonical',
    make: () => concat(Uint8Array.of(TRANSACTION_VERSION), randomBytes(180))
  },
  {
    title: 'trailing bytes',
    code: 'bad-signature',
    make: (arena) => concat(aTransfer(arena), Uint8Array.of(0))
  },
  {
    title: 'a signature of another key',
    code: 'bad-signature',
    make: (arena) => changed(aTransfer(arena), { signature: new Uint8Array(randomBytes(64)) })
  },
  {
    title: 'an amount changed after signing',
    code: 'bad-signature',
    make: (arena) => changed(aTransfer(arena), { fee: 900_000n })
  },
  {
    title: 'signed for another network',
    code: 'bad-signature',
    make: (arena) => aTransfer(arena, { network: new Uint8Array(randomBytes(32)) })
  },
  { title: 'for another chain', code: 'wrong-chain', make: (arena) => aTransfer(arena, { chain: COORD }) },
  { title: 'moves nothing', code: 'zero-amount', make: (arena) => aTransfer(arena, { consumer: 0n }) },
  {
    title: 'a payload that is none',
    code: 'malformed-payload',
    make: (arena) => changed(aTransfer(arena), { payload: new Uint8Array(randomBytes(40)) })
  },
  {
    title: 'an unknown fee selector',
    code: 'invalid-selector',
    make: (arena) => changed(aTransfer(arena), { feeSelector: 3 })
  },
  {
    title: 'a payload above the genesis ceiling',
    code: 'payload-too-large',
    make: (arena) => changed(aTransfer(arena), { payload: new Uint8Array(1_025) })
  }
]

/** What only the state refuses: never a peer's fault (M5). */
const UNTIMELY: readonly Bad[] = [
  {
    title: 'a nonce that was used',
    code: 'nonce-reuse',
    make: async (arena) => {
      if (nextNonce(arena) === 0n) await aFinalTransfer(arena)
      return aTransfer(arena, { nonce: 0n })
    }
  },
  { title: 'a nonce far ahead', code: 'nonce-gap', make: (arena) => aTransfer(arena, { nonce: 999n }) },
  { title: 'expired', code: 'expired', make: (arena) => aTransfer(arena, { validUntil: height(arena) }) },
  {
    title: 'valid for too long',
    code: 'lifetime-too-long',
    make: (arena) => aTransfer(arena, { validUntil: height(arena) + 100_000 })
  },
  { title: 'too low a fee', code: 'fee-floor', make: (arena) => aTransfer(arena, { fee: 1n }) },
  {
    title: 'of an account that does not exist',
    code: 'unknown-account',
    make: (arena) => aTransfer(arena, { nonce: 0n, signer: signerOfSeed(randomBytes(32)) })
  }
]

const bundleOf = (chain: ChainId, ...transactions: Uint8Array[]): Uint8Array =>
  BundleType.serialize({ chain, transactions })

function bundling(
  title: string,
  rule: string,
  forge: (arena: Arena) => Uint8Array | Promise<Uint8Array>,
  verdict: 'reject' | 'ignore' = 'reject'
): Attack {
  return {
    title,
    counted: ['icn_gossip_verdict_total', { kind: 'tx', verdict, rule }],
    fault: verdict === 'reject',
    act: async (arena, hostile) => hostile.publish(SHARD, 'tx', await forge(arena))
  }
}

/** Final already: a transaction that everybody knows. */
async function aFinalTransfer(arena: Arena): Promise<Uint8Array> {
  const { bytes, id } = await arena.swarm.submitTransfer(0, { from: 'user7', to: 'user8' })
  await arena.swarm.until(
    async () => (await arena.target.port!.transaction(fromHex(id))).status === 'final',
    { what: 'the transfer is final' }
  )
  return bytes
}

const BUNDLES: readonly Attack[] = [
  bundling(
    'M5 bundle-not-canonical: garbage',
    'bundle-not-canonical',
    () => new Uint8Array(randomBytes(300))
  ),
  bundling('GOS-2 bundle oversize', 'oversize', () => new Uint8Array(randomBytes(BUNDLE_BYTES_MAX + 1))),
  bundling('M5 bundle-wrong-chain', 'bundle-wrong-chain', (arena) => bundleOf(COORD, aTransfer(arena))),
  bundling('M5 bundle-empty', 'bundle-empty', () => bundleOf(SHARD)),
  ...MALFORMED.map(({ title, make }) =>
    bundling(`M2 M5 bundle-invalid-transaction: ${title}`, 'bundle-invalid-transaction', async (arena) =>
      bundleOf(SHARD, await make(arena))
    )
  ),
  bundling('M5 bundle-invalid-transaction: one bad among good ones', 'bundle-invalid-transaction', (arena) =>
    bundleOf(SHARD, aTransfer(arena), changed(aTransfer(arena), { signature: new Uint8Array(64) }))
  ),
  bundling(
    'M5 bundle-unknown-kind: an action of a later version',
    'bundle-unknown-kind',
    (arena) => bundleOf(SHARD, changed(aTransfer(arena), { action: 9_999 })),
    'ignore'
  ),
  ...UNTIMELY.map(({ title, make }) =>
    bundling(
      `M5 bundle-not-admitted: ${title}`,
      'bundle-not-admitted',
      async (arena) => bundleOf(SHARD, await make(arena)),
      'ignore'
    )
  ),
  bundling(
    'M3 M5 bundle-not-admitted: a replay of what is final',
    'bundle-not-admitted',
    async (arena) => {
      // Twice, because the very bundle of the entry node is one that gossip saw.
      const replayed = await aFinalTransfer(arena)
      return bundleOf(SHARD, replayed, replayed)
    },
    'ignore'
  ),
  {
    title: 'M5 bundle-budget: junk by the megabyte is ignored before verification, and costs no score',
    counted: ['icn_gossip_verdict_total', { kind: 'tx', verdict: 'ignore', rule: 'bundle-budget' }],
    fault: false,
    act: async (arena, hostile) => {
      // Valid bytes that no pool takes, in ever another order: twice a budget of 1 MiB.
      const memo = 'x'.repeat(256)
      const junk = Array.from({ length: 140 }, (_, index) =>
        aTransfer(arena, { nonce: BigInt(10_000 + index), memo, fee: 1n })
      )
      for (let turn = 0; turn < 40; turn++) {
        const turned = [...junk.slice(turn), ...junk.slice(0, turn)]
        await hostile.publish(SHARD, 'tx', bundleOf(SHARD, ...turned))
      }
    }
  },
  {
    title: 'M5 bundle-known: what the pool holds already',
    counted: ['icn_gossip_verdict_total', { kind: 'tx', verdict: 'ignore', rule: 'bundle-known' }],
    fault: false,
    act: async (arena, hostile) => {
      // A gap keeps it waiting in the pool.
      const waiting = aTransfer(arena, { nonce: nextNonce(arena) + 2n })
      const answer = await arena.target.port!.submit(waiting)
      assert(answer.ok, JSON.stringify(answer))
      await hostile.publish(SHARD, 'tx', bundleOf(SHARD, waiting, waiting))
    }
  }
]

const HANDED_OVER: Attack = {
  title: 'D10 transactions: a bad one handed over by request is answered invalid',
  counted: ['icn_request_served_total', { protocol: 'transactions', outcome: 'invalid' }],
  fault: true,
  act: async (arena, hostile) => {
    const bad = changed(aTransfer(arena), { signature: new Uint8Array(randomBytes(64)) })
    const [code] = await hostile.request('transactions', bundleOf(SHARD, bad))
    assert.equal(code?.[0], RESULT_CODES.indexOf('invalid'))
  }
}

/** The same over RPC: one code for each, counted. */
function calling({ title, code, make }: Bad): Attack {
  return {
    title: `M2 M3 M7 over RPC, ${code}: ${title}`,
    counted: ['icn_refusals_total', { code }],
    fault: false,
    act: async (arena) => {
      const client = new Client({ url: `http://${addressText(arena.target.rpcAddress!)}` })
      const tx = toHex(await make(arena))
      await assert.rejects(client.call('tx_submit', { tx }), (error) => {
        assert(error instanceof RpcRefusal, String(error))
        assert.equal(error.code, code)
        return true
      })
    }
  }
}

describe('hostile peers: transactions', () => {
  describeAttacks('bundles', [...BUNDLES, HANDED_OVER])
  describeAttacks('calls', [...MALFORMED, ...UNTIMELY].map(calling))

  it('GOS-7: every rule that refuses has a row', () => {
    const rows = new Set(BUNDLES.map(({ counted: [, labels] }) => labels['rule']))
    // The size is judged before the topic's own rules (GOS-2); the relay budget takes more valid transactions than one
    // account may have waiting, and has its test where transactions are judged.
    const elsewhere = ['bundle-too-large', 'bundle-relay-budget']
    const missing = refusingRules('GOS-7').filter((rule) => !elsewhere.includes(rule) && !rows.has(rule))
    assert.deepEqual(missing, [])
  })
})
