/** Strangers that forge votes and certificates (C5, C30, C31; protocols/gossip.md GOS-8, GOS-9). */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { BitArray } from '@chainsafe/ssz'
import { signerOfSeed } from '../../src/client/transfer.ts'
import { CertificateType, FINALISE, NOTARISE, NULLIFY, VoteType } from '../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../src/codec/statement.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import type { GossipKind } from '../../src/net/types.ts'
import { devnetSeed } from '../../src/params/devnet-keys.ts'
import { ZERO_HASH } from '../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../src/primitives/chain-id.ts'
import { describeAttacks } from '../support/arena.ts'
import type { Arena, Attack } from '../support/arena.ts'
import { aCertificate, aVote, someHash } from '../support/forge.ts'
import { refusingRules } from '../support/gossip-rules.ts'

const counted = (
  kind: GossipKind,
  verdict: 'reject' | 'ignore' | 'accept',
  rule: string
): Attack['counted'] => ['icn_gossip_verdict_total', { kind, verdict, rule }]

/** Index of an honest validator in the committee, and a signer of its key, where a test needs an honest signature. */
function honest(arena: Arena, validator: number): readonly [place: number, signer: Signer] {
  const signer = signerOfSeed(devnetSeed(`validator${validator}`))
  const { epoch } = arena.instance(COORD).config
  return [arena.target.chains!.epochs.memberIndex(COORD, epoch, signer.publicKey)!, signer]
}

/** @returns its number, as soon as one epoch is over. */
const secondEpoch = async (arena: Arena): Promise<number> =>
  arena.swarm.until(() => arena.instance(COORD).config.epoch, { what: 'a second epoch', timeoutMs: 20_000 })

/** A gossiped vote. */
function voting(
  title: string,
  rule: string,
  forge: (arena: Arena) => Vote | Promise<Vote>,
  verdict: 'reject' | 'ignore' = 'reject'
): Attack {
  return {
    title: `C31 vote ${rule}: ${title}`,
    counted: counted('vote', verdict, rule),
    fault: verdict === 'reject',
    act: async (arena, hostile) => hostile.publish(COORD, 'vote', VoteType.serialize(await forge(arena)))
  }
}

const VOTES: readonly Attack[] = [
  {
    title: 'C31 vote not-canonical: garbage',
    counted: counted('vote', 'reject', 'not-canonical'),
    fault: true,
    act: async (_arena, hostile) => hostile.publish(COORD, 'vote', randomBytes(100))
  },
  {
    title: 'GOS-2 vote oversize',
    counted: counted('vote', 'reject', 'oversize'),
    fault: true,
    act: async (_arena, hostile) => hostile.publish(COORD, 'vote', randomBytes(513))
  },
  voting('of another chain', 'wrong-chain', (arena) => aVote(arena, COORD, { chain: shardId(0) })),
  voting('of a kind that is none', 'unknown-kind', (arena) => aVote(arena, COORD, { kind: 4 })),
  voting('nullify that names a block', 'nullify-with-hash', (arena) =>
    aVote(arena, COORD, { kind: NULLIFY })
  ),
  voting('of nobody', 'not-a-member', (arena) => aVote(arena, COORD, { signer: 4 })),
  voting('in the name of another validator', 'bad-signature', (arena) =>
    aVote(arena, COORD, { signer: honest(arena, 0)[0] })
  ),
  voting(
    'of a view long gone',
    'late',
    (arena) => {
      const view = arena.instance(COORD).final.view - 9
      if (view < 1) throw new Error('the epoch is young')
      return aVote(arena, COORD, { view })
    },
    'ignore'
  ),
  voting(
    'of a view far ahead',
    'we-lag',
    (arena) => aVote(arena, COORD, { view: arena.instance(COORD).view + 10_000 }),
    'ignore'
  ),
  voting(
    'counted already, with another signature',
    'already-held',
    (arena) => {
      const { views, final } = arena.instance(COORD)
      const tallies = [...views.values()]
        .filter(({ view }) => view >= final.view)
        .map(({ notarise }) => notarise)
      const held = tallies.flatMap((tally) => [...tally.values()]).flatMap((votes) => [...votes.values()])[0]
      if (held === undefined) throw new Error('nobody voted yet')
      return { ...held, signature: new Uint8Array(randomBytes(64)) }
    },
    'ignore'
  ),
  voting(
    'of an epoch that is over',
    'older-epoch',
    async (arena) => aVote(arena, COORD, { epoch: (await secondEpoch(arena)) - 1 }),
    'ignore'
  ),
  voting(
    'of an epoch that nobody knows',
    'we-lag',
    (arena) => aVote(arena, COORD, { epoch: arena.instance(COORD).config.epoch + 2 }),
    'ignore'
  )
]

/** Two statements of one key that contradict each other: both orders of the evidence rule. */
function equivocation(title: string, kinds: readonly [number, number], rule: string): Attack {
  return {
    title,
    counted: counted('vote', rule === 'valid' ? 'accept' : 'ignore', rule),
    fault: false,
    act: async (arena, hostile) => {
      const view = arena.viewOf(COORD, arena.self(COORD), arena.instance(COORD).view, false)
      const hash = (kind: number): Uint8Array => (kind === NULLIFY ? ZERO_HASH : someHash())
      for (const kind of kinds) {
        const vote = aVote(arena, COORD, { view, kind, hash: hash(kind) })
        await hostile.publish(COORD, 'vote', VoteType.serialize(vote))
        // The second one is judged when the first was counted, as it is when two machines have one key.
        await arena.swarm.until(() => arena.instance(COORD).views.get(view)?.[tallyOf(kind)].size !== 0, {
          timeoutMs: 500
        })
      }
    },
    after: async (arena) => {
      const proves = ({ votes, publicKey }: (typeof arena.evidence)[number]): boolean =>
        Buffer.compare(publicKey, arena.key.publicKey) === 0 &&
        votes[0]?.view === votes[1]?.view &&
        votes[0]?.kind === kinds[0] &&
        votes[1]?.kind === kinds[1]
      await arena.swarm.until(() => arena.evidence.some(proves), { what: 'evidence', timeoutMs: 1_000 })
    }
  }
}

const tallyOf = (kind: number): 'notarise' | 'nullify' | 'finalise' =>
  kind === NOTARISE ? 'notarise' : kind === NULLIFY ? 'nullify' : 'finalise'

const CONTRADICTIONS: readonly Attack[] = [
  equivocation('C30 notarise two blocks in one view: evidence', [NOTARISE, NOTARISE], 'conflicting'),
  equivocation('C30 finalise two blocks in one view: evidence', [FINALISE, FINALISE], 'conflicting'),
  equivocation('C30 nullify and finalise one view: evidence', [NULLIFY, FINALISE], 'valid')
]

function certifying(
  title: string,
  rule: string,
  forge: (arena: Arena) => Certificate | Promise<Certificate>,
  verdict: 'reject' | 'ignore' = 'reject'
): Attack {
  return {
    title: `C31 certificate ${rule}: ${title}`,
    counted: counted('certificate', verdict, rule),
    fault: verdict === 'reject',
    act: async (arena, hostile) =>
      hostile.publish(COORD, 'certificate', CertificateType.serialize(await forge(arena)))
  }
}

/** Nullifications of a view that is not over yet. */
const quorum = (arena: Arena): (readonly [number, Signer])[] =>
  [honest(arena, 0), honest(arena, 1), [arena.self(COORD), arena.key] as const].toSorted(([a], [b]) => a - b)
const ahead = (arena: Arena): Partial<Certificate> => ({ view: arena.instance(COORD).view + 5 })

const CERTIFICATES: readonly Attack[] = [
  {
    title: 'C31 certificate not-canonical: garbage',
    counted: counted('certificate', 'reject', 'not-canonical'),
    fault: true,
    act: async (_arena, hostile) => hostile.publish(COORD, 'certificate', randomBytes(300))
  },
  {
    title: 'GOS-2 certificate oversize',
    counted: counted('certificate', 'reject', 'oversize'),
    fault: true,
    act: async (_arena, hostile) => hostile.publish(COORD, 'certificate', randomBytes(96 * 1024 + 1))
  },
  certifying('of another chain', 'wrong-chain', (arena) =>
    aCertificate(arena, COORD, quorum(arena), { ...ahead(arena), chain: shardId(0) })
  ),
  certifying('of a kind that is none', 'unknown-kind', (arena) =>
    aCertificate(arena, COORD, quorum(arena), { ...ahead(arena), kind: 0 })
  ),
  certifying('a nullification that names a block', 'nullify-with-hash', (arena) =>
    aCertificate(arena, COORD, quorum(arena), { ...ahead(arena), hash: someHash() })
  ),
  certifying('a bitmap of five places for four members', 'wrong-width', (arena) =>
    aCertificate(arena, COORD, quorum(arena), {
      ...ahead(arena),
      signers: BitArray.fromBoolArray([true, true, true, false, false])
    })
  ),
  certifying('a nullification of two', 'too-few-signers', (arena) =>
    aCertificate(arena, COORD, quorum(arena).slice(0, 2), ahead(arena))
  ),
  certifying('a nullification with one signature missing', 'too-few-signers', (arena) => {
    const whole = aCertificate(arena, COORD, quorum(arena), ahead(arena))
    return { ...whole, signatures: whole.signatures.slice(0, 2) }
  }),
  certifying('a nullification with one signature of another key', 'bad-signature', (arena) => {
    const [, ...others] = quorum(arena)
    const [first] = quorum(arena)
    return aCertificate(arena, COORD, [[first![0], signerOfSeed(randomBytes(32))], ...others], ahead(arena))
  }),
  certifying('finality of a block that nobody voted for', 'bad-signature', (arena) =>
    aCertificate(
      arena,
      COORD,
      quorum(arena).map(([place]) => [place, arena.key] as const),
      { ...ahead(arena), kind: FINALISE, hash: someHash() }
    )
  ),
  certifying(
    'stale: of a view that is final',
    'already-held',
    (arena) => {
      const { final } = arena.instance(COORD)
      return aCertificate(arena, COORD, quorum(arena), {
        view: final.view,
        kind: FINALISE,
        hash: final.hash,
        signatures: quorum(arena).map(() => new Uint8Array(randomBytes(64)))
      })
    },
    'ignore'
  ),
  certifying(
    'stale: of an epoch that is over',
    'older-epoch',
    async (arena) => {
      const epoch = await secondEpoch(arena)
      return aCertificate(arena, COORD, quorum(arena), { epoch: epoch - 1, hash: someHash(), kind: NOTARISE })
    },
    'ignore'
  ),
  certifying(
    'of an epoch that nobody knows',
    'we-lag',
    (arena) =>
      aCertificate(arena, COORD, quorum(arena), {
        epoch: arena.instance(COORD).config.epoch + 2,
        ...ahead(arena)
      }),
    'ignore'
  )
]

describe('hostile peers: statements', () => {
  describeAttacks('votes', [...VOTES, ...CONTRADICTIONS])
  describeAttacks('certificates', CERTIFICATES)

  it('GOS-8, GOS-9: every rule that refuses has a row', () => {
    const rows = (attacks: readonly Attack[]): Set<string | undefined> =>
      new Set(attacks.map(({ counted: [, labels] }) => labels['rule']))
    for (const [section, attacks] of [
      ['GOS-8', [...VOTES, ...CONTRADICTIONS]],
      ['GOS-9', CERTIFICATES]
    ] as const) {
      const missing = refusingRules(section).filter((rule) => !rows(attacks).has(rule))
      assert.deepEqual(missing, [], section)
    }
  })
})
