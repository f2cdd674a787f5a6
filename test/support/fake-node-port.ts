/** A node of two shards that follows `coord` and shard 0, with one final block on each, behind the RPC port. */
import { BitArray } from '@chainsafe/ssz'
import { aConductPort } from './fake-conduct-port.ts'
import { ReceiptType } from '../../src/codec/receipt.ts'
import { TransferProofType } from '../../src/codec/transfer-proof.ts'
import { EMPTY_DELIVERIES_ROOT, EMPTY_RECEIPTS_ROOT, blockHash } from '../../src/codec/block.ts'
import type { Block, Header } from '../../src/codec/block.ts'
import { FINALISE } from '../../src/codec/statement.ts'
import type { Certificate } from '../../src/codec/statement.ts'
import { wireHash } from '../../src/codec/transaction.ts'
import type { Peer, PeerView } from '../../src/net/types.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { PRESETS } from '../../src/params/presets.ts'
import { signTransfer } from '../../src/client/transfer.ts'
import { homeShard } from '../../src/crypto/address.ts'
import { devnetAddress } from '../../src/params/devnet-keys.ts'
import { equal } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import { must } from '../../src/primitives/errors.ts'
import { accept } from '../../src/primitives/result.ts'
import type { NodePort, SupplyFacts, Tokens } from '../../src/rpc/port.ts'
import type { Committee } from '../../src/sharding/types.ts'

export const NETWORK = new Uint8Array(32).fill(0xaa)
export const FINAL_HEIGHT = 7
export const SHARD = shardId(0)
export const bytes32 = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

/** A published account whose home is the followed shard. */
export const LOCAL_USER = must(
  ['user0', 'user1', 'user2', 'user3', 'user4'].find((name) => homeShard(devnetAddress(name), 2) === SHARD),
  'some user lives on shard 0'
)
export const FOREIGN_USER = must(
  ['user0', 'user1', 'user2', 'user3', 'user4'].find((name) => homeShard(devnetAddress(name), 2) !== SHARD),
  'some user lives on shard 1'
)

export const TRANSFER = signTransfer({
  network: NETWORK,
  signer: devnetSeed(LOCAL_USER),
  chain: SHARD,
  nonce: 0n,
  validUntil: 100,
  to: devnetAddress(LOCAL_USER),
  consumer: 5n,
  maxMana: 3n,
  fee: 1_000n
})

function aHeader(chain: ChainId, height: number): Header {
  return {
    version: 1,
    network: NETWORK,
    chain,
    epoch: 0,
    height,
    view: height + 1,
    timeMs: 1_700_000_000_000 + height * 1_000,
    parent: bytes32(1),
    coordHeight: chain === COORD ? 0 : 3,
    coordHash: bytes32(2),
    transactionsRoot: bytes32(3),
    transactionCount: 1,
    bodyBytes: 4,
    bodyHash: bytes32(4),
    deliveriesRoot: EMPTY_DELIVERIES_ROOT,
    receiptsOutRoot: EMPTY_RECEIPTS_ROOT,
    attendanceRoot: bytes32(5),
    stateRoot: bytes32(6),
    rewardConsumer: 0n,
    rewardIndustrial: 2n ** 64n - 1n,
    proposer: bytes32(7)
  }
}

export function aBlock(chain: ChainId, height: number): Block {
  const header = aHeader(chain, height)
  const body = {
    attendance: { parentCertificate: [], lateVotes: [] },
    deliveries: [],
    transactions: [TRANSFER.bytes],
    evidence: [],
    reveal: []
  }
  return { header, hash: blockHash(header), bodyBytes: Uint8Array.of(1, 2, 3, 4), body }
}

export const aCertificate = (chain: ChainId, height: number): Certificate => ({
  chain,
  epoch: 0,
  view: height + 1,
  kind: FINALISE,
  hash: aBlock(chain, height).hash,
  signers: BitArray.fromBoolArray([true, false, true, true]),
  signatures: [new Uint8Array(64), new Uint8Array(64), new Uint8Array(64)]
})

const committee = (chain: ChainId): Committee => ({
  chain,
  members: [10, 11, 12, 13].map((fill, index) => ({
    key: bytes32(fill),
    cooperative: index + 1,
    weight: 1_000_000
  })),
  quorum: 3,
  faults: 1,
  cooperativesPerQuorum: 3,
  diversity: 'full'
})

const tokens = (amount: bigint): Tokens => ({ consumer: amount, industrial: amount + 1n })
const place = (chain: ChainId) => ({ chain, height: FINAL_HEIGHT, hash: aBlock(chain, FINAL_HEIGHT).hash })

const supply = (chain: ChainId): SupplyFacts => ({
  balances: tokens(2n ** 60n),
  stake: tokens(0n),
  escrow: tokens(0n),
  deposits: tokens(0n),
  treasury: tokens(7n),
  rewards: tokens(8n),
  reserve: tokens(9n),
  outgoing: tokens(0n),
  incoming: tokens(0n),
  lost: tokens(0n),
  asOf: place(chain)
})

const peerOfShard1: PeerView = {
  peer: '12D3KooWpeer' as Peer,
  address: '/ip4/192.0.2.7/tcp/9000',
  direction: 'outbound',
  agent: 'icn/0.1.0',
  score: 0,
  status: {
    network: NETWORK,
    features: 0n,
    required: 0n,
    role: 1,
    chains: [{ chain: shardId(1), epoch: 0, finalHeight: 5, finalHash: bytes32(9) }]
  }
}

export const SHARD_1_PEER = { peer: peerOfShard1.peer, address: peerOfShard1.address }

const PEER = `12D3KooW${'A'.repeat(44)}`
export const PEER_CALLS = {
  peer_get: { peer: PEER },
  admin_ban: { peer: PEER },
  admin_unban: { peer: PEER },
  admin_bans: {},
  admin_connect: { address: '/ip4/127.0.0.1/tcp/1' },
  admin_log_level: { level: 'debug' }
}

/** One good call of every method about peers and receipts. */
export const NODE_CALLS = {
  ...PEER_CALLS,
  receipt_status: { source: 0, destination: 1, sequence: 0 },
  lane_list: { chain: 0 },
  claim_list: { validator: '05'.repeat(32) },
  atomic_get: { id: '00'.repeat(32) },
  validator_get: { validator: '0a'.repeat(32) },
  validator_duties: { validator: '0a'.repeat(32) },
  validator_rank: { limit: 5 },
  evidence_list: { limit: 5 },
  cooperative_list: {},
  committee_proof: {},
  supply_proof: {},
  tx_proof: { id: '00'.repeat(32) }
}

/** It shows nothing, but says something. */
function aTransferProof(): Uint8Array {
  const proof = TransferProofType.defaultValue()
  const receipts = [ReceiptType.defaultValue()]
  return TransferProofType.serialize({
    ...proof,
    source: { ...proof.source, entry: { height: 3, receipts } },
    outcome: {
      ...proof.outcome,
      headers: [aBlock(shardId(1), FINAL_HEIGHT).header],
      run: { ...proof.outcome.run, codes: [0] }
    }
  })
}

const aBan = (peer: Peer) => ({ peer, untilMs: 1_800_000_000_000, reason: 'two proofs', bans: 2 })

/** @param overrides replace single methods. */
export function fakeNodePort(overrides: Partial<NodePort> = {}): NodePort {
  return {
    info: () => ({
      version: '0.1.0',
      network: NETWORK,
      peer: '12D3KooWself',
      addresses: ['/ip4/127.0.0.1/tcp/9000'],
      shards: 2,
      startedAtMs: 1_700_000_000_000,
      pid: 4242,
      validator: { key: bytes32(10), signing: 'active' }
    }),
    sync: () => [
      {
        chain: SHARD,
        mode: 'live',
        head: 8,
        final: 7,
        target: 7,
        claimed: 7,
        blocksPerS: 1,
        peers: 3,
        trust: 'genesis'
      }
    ],
    health: () => ({ ok: true, parts: { net: 'ok' }, chains: [], reasons: [] }),
    peers: (chain) => (chain === undefined || chain === shardId(1) ? [peerOfShard1] : []),
    standing: (peer) => ({
      peer,
      score: -12.5,
      ban: aBan(peer),
      events: [{ atMs: 1, fact: 'invalid', why: 'a proof' }]
    }),
    bans: () => [aBan(peerOfShard1.peer)],
    operator: {
      ban: (peer, reason, forMs) => ({ peer, reason, untilMs: forMs, bans: 1 }),
      unban: () => true,
      connect: async (address) => accept({ address }),
      logLevel: () => 'info'
    },
    conduct: aConductPort(),
    chains: () => [COORD, SHARD],
    receipt: async (place) => ({ ...place, status: 'unknown' }),
    hops: async (place) => [{ ...place, status: 'unknown' }],
    lanes: () => [],
    atomic: () => ({ record: undefined, held: [] }),
    earned: (validator, chain) => ({
      claim: tokens(BigInt(validator[0] ?? 0)),
      stake: tokens(chain === COORD ? 3n : 0n),
      asOf: place(chain)
    }),
    transferProof: async () => accept(aTransferProof()),
    supplyProof: async () => accept(new Uint8Array(0)),
    committeeProof: () => accept(new Uint8Array(2)),
    head: (chain) => {
      const final = aBlock(chain, FINAL_HEIGHT)
      return { epoch: 0, final, head: { height: FINAL_HEIGHT + 1, hash: bytes32(8) } }
    },
    block: async (chain, at) => {
      const block = aBlock(chain, typeof at === 'number' ? at : FINAL_HEIGHT)
      if (typeof at === 'number') return at <= FINAL_HEIGHT ? block : undefined
      return equal(at, block.hash) ? block : undefined
    },
    headers: async (chain, from, limit) => {
      const count = Math.max(0, Math.min(limit, FINAL_HEIGHT + 1 - from))
      return Array.from({ length: count }, (_, index) => aBlock(chain, from + index))
    },
    certificate: async (chain, height) =>
      height <= FINAL_HEIGHT
        ? { height: FINAL_HEIGHT, certificate: aCertificate(chain, FINAL_HEIGHT) }
        : undefined,
    view: () => ({
      epoch: 0,
      view: 9,
      leader: bytes32(11),
      quorum: 3,
      votes: { notarise: 2, nullify: 0, finalise: 1 },
      timer: { kind: 'proposal', dueInMs: 120 }
    }),
    leaders: (_chain, count) => ({
      epoch: 0,
      leaders: Array.from({ length: count }, (_, index) => ({
        view: 9 + index,
        key: bytes32(10 + (index % 4))
      }))
    }),
    snapshot: (_chain, epoch = 0) =>
      epoch > 0
        ? undefined
        : {
            epoch,
            seed: bytes32(20),
            params: PRESETS.devnet.params,
            committees: new Map([COORD, SHARD, shardId(1)].map((chain) => [chain, committee(chain)]))
          },
    genesis: () => ({ version: 1, preset: 'devnet' }),
    submit: async (bytes) => ({ ok: true, value: { id: wireHash(bytes), relayed: true } }),
    simulate: async (bytes) => ({
      ok: true,
      value: { id: wireHash(bytes), result: { code: 'ok', mana: 3n, fee: tokens(0n) }, asOf: place(SHARD) }
    }),
    transaction: async () => ({
      status: 'final',
      place: { ...place(SHARD), index: 0 },
      result: { code: 'ok', mana: 3n, fee: tokens(10n) }
    }),
    account: (_address, chain) => ({
      exists: true,
      nonce: 4n,
      nextNonce: 6n,
      consumer: 10n ** 18n,
      industrial: 1n,
      reserved: tokens(0n),
      mana: 1_000_000n,
      nextCosignature: 2n,
      asOf: place(chain)
    }),
    accountProof: async (_address, chain) => ({
      chain,
      key: Uint8Array.of(1, 2),
      value: Uint8Array.of(3),
      proof: { siblings: [bytes32(30)], other: [] },
      header: aBlock(chain, FINAL_HEIGHT).header,
      hash: aBlock(chain, FINAL_HEIGHT).hash,
      certificate: aCertificate(chain, FINAL_HEIGHT)
    }),
    pool: () => ({
      transactions: 2,
      bytes: 700,
      senders: 1,
      limits: { transactions: 50_000, bytes: 33_554_432 },
      admitted: 9,
      refusals: new Map([['nonce-gap', 3]])
    }),
    supply,
    ...overrides
  }
}
