import assert from 'node:assert/strict'
import { concat, fromHex, toHex } from '../../../../src/primitives/bytes.ts'
import {
  BundleType,
  DIGEST_HASHES_MAX,
  FRAME_DIGEST,
  FRAME_WANT,
  PoolDigestType,
  PoolWantType
} from '../../../../src/codec/messages.ts'
import { createPool } from '../../../../src/mempool/pool.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import type { Network, Peer, PeerView } from '../../../../src/net/types.ts'
import type { Clock } from '../../../../src/node/ports.ts'
import { PoolRepair } from '../../../../src/node/chain/pool-repair.ts'
import { CHAIN, FREE, HEAD, aTransfer, stateOf } from '../../../support/pool-chain.ts'

const PEER = 'peer' as Peer
const view = stateOf({ 1: {}, 2: {} })

function aRepair() {
  const sent: Uint8Array[] = []
  const bundles: Uint8Array[] = []
  const blamed: string[] = []
  const timers: { at: number; run: () => void }[] = []
  const network = {
    peers: () => [{ peer: PEER } as Partial<PeerView> as PeerView],
    sendConsensus: (_peer: Peer, frame: Uint8Array) => sent.push(frame) > 0,
    request: async (_peer: Peer, _protocol: string, body: Uint8Array) => {
      bundles.push(body)
      return { result: 'ok' as const, frames: [] }
    },
    report: (_peer: Peer, _fact: string, why: string) => blamed.push(why)
  } as Partial<Network> as Network
  const time = { now: 0 }
  const clock: Clock = {
    wallMs: () => time.now,
    monoMs: () => time.now,
    at: (at, run) => {
      timers.push({ at, run })
      return () => timers.splice(0)
    }
  }
  const pool = createPool(CHAIN, FREE)
  const verified = new VerifiedCache(16)
  const repair = new PoolRepair({ network, clock, pool, verified }, CHAIN)
  return { repair, pool, verified, sent, bundles, blamed, timers, time }
}

const digestOf = (hashes: readonly Uint8Array[]): Uint8Array =>
  PoolDigestType.serialize({ chain: CHAIN, wireHashes: [...hashes] })
const wantOf = (hashes: readonly Uint8Array[]): Uint8Array =>
  PoolWantType.serialize({ chain: CHAIN, wireHashes: [...hashes] })

describe('node/chain/pool-repair', () => {
  it('POOL-8: on connect and every 30 s a digest goes out, best fee rate first; an empty pool is silent', () => {
    const { repair, pool, sent, timers, time } = aRepair()
    repair.sendDigest(PEER)
    assert.equal(sent.length, 0)
    const cheap = aTransfer({ from: 1, fee: 1_000 })
    const dear = aTransfer({ from: 2, fee: 9_000 })
    for (const each of [cheap, dear]) assert.ok(pool.admit(each, view, HEAD, 'gossip').ok)
    repair.start()
    assert.equal(timers[0]?.at, 30_000)
    time.now = 30_000
    timers[0]?.run()
    assert.equal(sent[0]?.[0], FRAME_DIGEST)
    const digest = PoolDigestType.deserialize(sent[0]!.slice(1))
    assert.deepEqual(digest.wireHashes.map(toHex), [dear.key, cheap.key])
    assert.equal(timers[1]?.at, 60_000)
    repair.stop()
    assert.equal(timers.length, 0)
  })

  it('POOL-8: what is neither held nor was seen before is wanted', () => {
    const { repair, pool, verified, sent } = aRepair()
    const held = aTransfer({ from: 1 })
    const seen = aTransfer({ from: 1, nonce: 1 })
    const lost = aTransfer({ from: 2 })
    assert.ok(pool.admit(held, view, HEAD, 'gossip').ok)
    verified.add(seen.key)
    repair.onDigest(PEER, digestOf([held.wireHash, seen.wireHash]))
    assert.equal(sent.length, 0)
    repair.onDigest(PEER, digestOf([held.wireHash, seen.wireHash, lost.wireHash]))
    assert.equal(sent[0]?.[0], FRAME_WANT)
    assert.deepEqual(PoolWantType.deserialize(sent[0]!.slice(1)).wireHashes.map(toHex), [lost.key])
  })

  it('POOL-8: a want is served with one bundle of what is held, at most once in 5 s per peer', async () => {
    const { repair, pool, bundles, time } = aRepair()
    const held = aTransfer({ from: 1 })
    const unknown = aTransfer({ from: 2 })
    assert.ok(pool.admit(held, view, HEAD, 'gossip').ok)
    const want = wantOf([unknown.wireHash, held.wireHash])
    await repair.onWant(PEER, want)
    assert.equal(bundles.length, 1)
    const { transactions } = BundleType.deserialize(bundles[0]!)
    assert.deepEqual(transactions.map(toHex), [toHex(held.bytes)])
    time.now = 4_999
    await repair.onWant(PEER, want)
    assert.equal(bundles.length, 1)
    time.now = 5_000
    await repair.onWant(PEER, want)
    assert.equal(bundles.length, 2)
  })

  it('POOL-8: bytes that are no digest or want are the peer’s fault; the bound is 512 hashes', async () => {
    const { repair, blamed, sent } = aRepair()
    const hash = fromHex('ab'.repeat(32))
    const many = Array.from({ length: DIGEST_HASHES_MAX }, () => hash)
    repair.onDigest(PEER, digestOf(many))
    assert.equal(blamed.length, 0)
    assert.equal(sent.length, 1)
    repair.onDigest(PEER, concat(digestOf(many), hash))
    await repair.onWant(PEER, concat(wantOf(many), hash))
    assert.equal(blamed.length, 2)
  })
})
