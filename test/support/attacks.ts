/** What hostile peers do, one kind each, to be repeated for as long as a scenario lasts. */
import { randomBytes } from 'node:crypto'
import type { Node } from '../../src/app/node.ts'
import { signTransfer, signerOfSeed, transferCost } from '../../src/client/transfer.ts'
import { BundleType, StatusType } from '../../src/codec/messages.ts'
import { CertificateType, FINALISE, NOTARISE, NULLIFY, VoteType } from '../../src/codec/statement.ts'
import { TransactionType } from '../../src/codec/transaction.ts'
import { devnetAddress, devnetSeed } from '../../src/params/devnet-keys.ts'
import { ZERO_HASH, toHex } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { aBlock, aCertificate, aProposal, aVote, proposalBytes, someHash, withHeader } from './forge.ts'
import { eventually } from './eventually.ts'
import { Hostile, hugeFrame } from './hostile.ts'
import { counter } from './swarm.ts'
import type { Vantage } from './vantage.ts'

const SHARD = shardId(0)
const COUNTED_MS = 1_000
const LIES_MAX = 12

export interface HostileAct {
  readonly title: string
  /** The counter at the honest nodes that says how it was refused. */
  readonly counted: readonly [name: string, labels: Readonly<Record<string, string>>]
  /** Proof against the peer: it is charged, and banned the second time. */
  readonly isLie: boolean
  /** Begins without the handshake of an honest peer. */
  readonly isStranger?: boolean
  /** Only with a validator's key. */
  readonly needsKey?: boolean
  /** @throws when this is not the moment for it */
  readonly act: (vantage: Vantage, hostile: Hostile) => Promise<void>
}

const gossip = (kind: string, verdict: 'ignore' | 'reject', rule: string): HostileAct['counted'] => [
  'icn_gossip_verdict_total',
  { kind, verdict, rule }
]

const otherMember = (vantage: Vantage): number => (vantage.self(COORD) + 1) % (vantage.honest + 1)

function aTransfer(vantage: Vantage, nonce: bigint): Uint8Array {
  const memo = randomBytes(16).toString('hex')
  return signTransfer({
    network: vantage.network,
    signer: signerOfSeed(devnetSeed('user7')),
    chain: SHARD,
    nonce,
    validUntil: vantage.target.port!.head(SHARD).final.header.height + 50,
    to: devnetAddress('user8'),
    consumer: 1n,
    memo,
    ...transferCost(vantage.genesis.params, memo)
  }).bytes
}

const bundle = (...transactions: Uint8Array[]): Uint8Array =>
  BundleType.serialize({ chain: SHARD, transactions })

export const HOSTILE_ACTS: readonly HostileAct[] = [
  {
    title: 'a node of another genesis',
    counted: ['icn_handshake_total', { outcome: 'wrong-network' }],
    isLie: false,
    isStranger: true,
    act: async (_vantage, hostile) =>
      void (await hostile.shakeHands(StatusType.serialize(hostile.status({ network: someHash() }))))
  },
  {
    title: 'garbage frames',
    counted: ['icn_stream_refused_total', { protocol: 'consensus', reason: 'garbage' }],
    isLie: true,
    act: async (_vantage, hostile) => hostile.frame(new Uint8Array(0))
  },
  {
    title: 'a frame above its bound',
    counted: ['icn_stream_refused_total', { protocol: 'consensus', reason: 'oversize' }],
    isLie: true,
    act: async (_vantage, hostile) => hostile.rawConsensus(hugeFrame())
  },
  {
    title: 'an oversized message',
    counted: gossip('vote', 'reject', 'oversize'),
    isLie: true,
    act: async (_vantage, hostile) => hostile.publish(COORD, 'vote', randomBytes(513))
  },
  {
    title: 'a forged vote',
    counted: gossip('vote', 'reject', 'bad-signature'),
    isLie: true,
    act: async (vantage, hostile) =>
      hostile.publish(
        COORD,
        'vote',
        VoteType.serialize(aVote(vantage, COORD, { signer: otherMember(vantage) }))
      )
  },
  {
    title: 'a proposal for another leader’s view',
    counted: gossip('block', 'reject', 'not-the-leader'),
    isLie: true,
    act: async (vantage, hostile) => {
      const view = vantage.viewOf(COORD, vantage.self(COORD), vantage.instance(COORD).view, false)
      const proposal = aProposal(vantage, withHeader(aBlock(vantage, COORD), { view }))
      await hostile.publish(COORD, 'block', proposalBytes(proposal))
    }
  },
  {
    title: 'a second proposal for its own view',
    counted: gossip('block', 'ignore', 'second-proposal'),
    isLie: false,
    needsKey: true,
    act: async (vantage, hostile) => {
      const first = aBlock(vantage, COORD)
      const second = withHeader(first, { timeMs: first.header.timeMs + 1 })
      await hostile.publish(COORD, 'block', proposalBytes(aProposal(vantage, first)))
      // Judged at the same time, neither would be the second.
      const key = toHex(first.hash)
      await eventually('the first is held', () => vantage.instance(COORD).blocks.has(key), COUNTED_MS)
      await hostile.publish(COORD, 'block', proposalBytes(aProposal(vantage, second)))
    }
  },
  {
    title: 'an invalid block',
    counted: ['icn_blocks_invalid_total', { chain: 'coord', code: 'wrong-state-root' }],
    isLie: false,
    needsKey: true,
    act: async (vantage, hostile) => {
      const block = withHeader(aBlock(vantage, COORD), { stateRoot: someHash() })
      await hostile.publish(COORD, 'block', proposalBytes(aProposal(vantage, block)))
    }
  },
  {
    title: 'a stale certificate',
    counted: gossip('certificate', 'ignore', 'already-held'),
    isLie: false,
    act: async (vantage, hostile) => {
      const places = vantage.quorumPlaces(COORD).map((place) => [place, vantage.key] as const)
      const { final } = vantage.instance(COORD)
      const stale = aCertificate(vantage, COORD, places, {
        view: final.view,
        kind: FINALISE,
        hash: final.hash
      })
      await hostile.publish(COORD, 'certificate', CertificateType.serialize(stale))
    }
  },
  {
    title: 'a nullification with one signature missing',
    counted: gossip('certificate', 'reject', 'too-few-signers'),
    isLie: true,
    act: async (vantage, hostile) => {
      const places = vantage.quorumPlaces(COORD).map((place) => [place, vantage.key] as const)
      const whole = aCertificate(vantage, COORD, places, { view: vantage.instance(COORD).view + 3 })
      const short = { ...whole, signatures: whole.signatures.slice(1) }
      await hostile.publish(COORD, 'certificate', CertificateType.serialize(short))
    }
  },
  {
    title: 'a replayed transaction',
    counted: gossip('tx', 'ignore', 'bundle-not-admitted'),
    isLie: false,
    act: async (vantage, hostile) => hostile.publish(SHARD, 'tx', bundle(aTransfer(vantage, 0n)))
  },
  {
    title: 'a malformed transaction',
    counted: gossip('tx', 'reject', 'bundle-invalid-transaction'),
    isLie: true,
    act: async (vantage, hostile) => {
      const good = TransactionType.deserialize(aTransfer(vantage, 0n))
      const bad = TransactionType.serialize({ ...good, signature: new Uint8Array(randomBytes(64)) })
      await hostile.publish(SHARD, 'tx', bundle(bad))
    }
  }
]

/** What a hostile validator does with its vote: evidence, and no lie of the peer that relays it. */
export async function equivocate(vantage: Vantage, hostile: Hostile): Promise<void> {
  const { view } = vantage.instance(COORD)
  for (const [kind, hash] of [
    [NOTARISE, someHash()],
    [NOTARISE, someHash()],
    [NULLIFY, ZERO_HASH],
    [FINALISE, someHash()]
  ] as const) {
    await hostile.publish(COORD, 'vote', VoteType.serialize(aVote(vantage, COORD, { view, kind, hash })))
  }
}

/** Transfers of a known account that no pool takes, each with a signature that somebody has to verify. */
export async function floodOnce(vantage: Vantage, hostile: Hostile): Promise<void> {
  const nonce = 1_000_000n + BigInt(randomBytes(4).readUInt32LE())
  const transfers = Array.from({ length: 40 }, (_, index) => aTransfer(vantage, nonce + BigInt(index)))
  await hostile.publish(SHARD, 'tx', bundle(...transfers))
}

/** Costly facts that a node holds against a peer. */
export const offences = ({ network }: Node, { peer }: Hostile): number =>
  network!.why(peer).filter(({ fact }) => fact === 'invalid' || fact === 'broken-promise').length

/** Lies, comes back, lies again, until the node lets it in no more. @returns whether that happened */
export async function lieUntilBanned(
  vantage: Vantage,
  { act }: HostileAct,
  hostile: Hostile,
  target: Node,
  countedMs = COUNTED_MS
): Promise<boolean> {
  for (let attempt = 0; attempt < LIES_MAX; attempt++) {
    const before = offences(target, hostile)
    try {
      await hostile.join(target)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (before >= 2) return true
      continue
    }
    try {
      await act(vantage, hostile)
      const isOver = (): boolean => offences(target, hostile) > before || !hostile.isConnected
      await eventually('charged or let go', isOver, countedMs)
    } catch (error) {
      // Not the moment: once more.
      if (!(error instanceof Error)) throw error
    }
    await eventually('let go', () => !hostile.isConnected, countedMs).catch(() => undefined)
  }
  return false
}

/** A node as its attackers see it, in this process or another. */
export interface Victim {
  readonly address: string
  /** A counter of its own: the sum of all series that have the labels. */
  readonly counted: (name: string, labels: Readonly<Record<string, string>>) => Promise<number>
}

export const victimOf = (node: Node): Victim => ({
  address: node.network!.addresses()[0]!,
  counted: async (name, labels) => counter(node, name, labels)
})

/** One act by an identity of its own. @returns whether it was refused and counted as it must be. */
export async function attackOnce(
  vantage: Vantage,
  { act, isStranger, counted }: HostileAct,
  victim: Victim
): Promise<boolean> {
  const hostile = await Hostile.create(vantage.network)
  try {
    const before = await victim.counted(...counted)
    if (isStranger === true) await hostile.dialAddress(victim.address)
    else await hostile.joinAddress(victim.address)
    await act(vantage, hostile)
    return await eventually('counted', async () => (await victim.counted(...counted)) > before, COUNTED_MS)
  } catch (error) {
    // Its moment passed: no block to build on, a view or an epoch that moved on.
    if (!(error instanceof Error)) throw error
    return false
  } finally {
    await hostile.stop()
  }
}
