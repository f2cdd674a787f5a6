/** protocols/vectors/gossip.json against the judges of a node, with real signatures. */
import assert from 'node:assert/strict'
import { gossipSnapshot } from '../../../../scripts/vectors/gossip-case.ts'
import { certificate as certificateOf } from '../../../../scripts/vectors/samples.ts'
import { BodyType, HeaderType, blockHash, bodyHash } from '../../../../src/codec/block.ts'
import { InLaneType } from '../../../../src/codec/receipt.ts'
import { FINALISE } from '../../../../src/codec/statement.ts'
import { createInstance } from '../../../../src/consensus/instance.ts'
import type { Instance } from '../../../../src/consensus/instance.ts'
import { step } from '../../../../src/consensus/step.ts'
import type { Input } from '../../../../src/consensus/types.ts'
import { inlineVerifier } from '../../../../src/crypto/inline-verifier.ts'
import { judgeAfterChecks, judgeBeforeChecks, openBundle } from '../../../../src/mempool/bundle-verdict.ts'
import type { StatelessOutcome } from '../../../../src/mempool/bundle-verdict.ts'
import { VerifiedCache } from '../../../../src/mempool/verified-cache.ts'
import { GOSSIP_BYTES_MAX } from '../../../../src/net/limits.ts'
import type { GossipJudge } from '../../../../src/net/types.ts'
import { Announcements } from '../../../../src/node/announcements.ts'
import { EpochBook } from '../../../../src/node/chain/epoch-book.ts'
import { Executor } from '../../../../src/node/chain/executor.ts'
import type { ExecutorComponents } from '../../../../src/node/chain/executor.ts'
import { GossipJudges } from '../../../../src/node/chain/gossip-judges.ts'
import { fromHex } from '../../../../src/primitives/bytes.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../../src/primitives/chain-id.ts'
import type { StateView } from '../../../../src/state/ports.ts'
import { checkStateless, signatureJob } from '../../../../src/state/stateless.ts'
import { FROM } from '../../../support/gossip-node.ts'
import { refusingRules } from '../../../support/gossip-rules.ts'
import { readJson } from '../../../support/repository.ts'

interface Case {
  readonly kind: 'tx' | 'vote' | 'certificate' | 'block' | 'receipt'
  readonly name: string
  readonly verdict: string
  readonly rule: string
  readonly bytes: string | { readonly zeros: number }
  readonly before?: readonly string[]
  readonly finalView?: number
  readonly knownEpochs?: readonly number[]
  readonly cursor?: number
  readonly facts?: Readonly<Record<'known' | 'budgetEmpty' | 'admitted' | 'relayEmpty', number>>
}
interface File {
  readonly network: string
  readonly chain: ChainId
  readonly shards: number
  readonly epoch: number
  readonly knownEpochs: readonly number[]
  readonly coordHeight: number
  readonly follows: ChainId
  readonly cursor: number
  readonly committee: readonly string[]
  readonly leaders: readonly { readonly epoch: number; readonly views: readonly number[] }[]
  readonly sizes: Readonly<Record<string, number>>
  readonly cases: readonly Case[]
}

const file = readJson('protocols/vectors/gossip.json') as File
const NETWORK = fromHex(file.network)
const CONSTANTS = { network: NETWORK, shards: file.shards, payloadBytesMax: 16_384 }
const bytesOf = ({ bytes }: Case): Uint8Array =>
  typeof bytes === 'string' ? fromHex(bytes) : new Uint8Array(bytes.zeros)

const feed = (instance: Instance, input: Input): unknown =>
  step(instance, input, { monoMs: 0, wallMs: 1_790_000_000_000, coordHeight: 62, work: false })

/** A receiver in the epoch of the vectors, final at the given view. */
function receiver({ knownEpochs = file.knownEpochs, finalView }: Case): GossipJudges {
  const epochs = new EpochBook(() => undefined)
  for (const epoch of knownEpochs) epochs.add(gossipSnapshot(epoch))
  const { chain, epoch } = file
  const committee = epochs.committee(chain, epoch)!
  const { params } = gossipSnapshot(epoch)
  const base = { hash: new Uint8Array(32), height: 56, view: 0, timeMs: 0 }
  const schedule = epochs.schedule(chain, epoch)
  const instance = createInstance(
    { network: NETWORK, chain, epoch, params, committee, schedule, self: undefined, base },
    0
  )
  if (finalView !== undefined) makeFinal(instance, finalView)
  const parts = { verifier: inlineVerifier, epochs, verified: new VerifiedCache(16) }
  const executor = new Executor(parts as Partial<ExecutorComponents> as ExecutorComponents, CONSTANTS)
  return new GossipJudges(
    {
      verifier: inlineVerifier,
      epochs,
      executor,
      instance: () => instance,
      pull: () => undefined,
      onVote: (vote) => feed(instance, { type: 'vote', vote }),
      onCertificate: (certificate, byGossip) =>
        feed(instance, { type: 'certificate', certificate, byGossip }),
      onProposal: ({ vote }, block) => {
        feed(instance, { type: 'block', block, proposedIn: vote.view })
        feed(instance, { type: 'vote', vote })
      }
    },
    { network: NETWORK, chain }
  )
}

function makeFinal(instance: Instance, view: number): void {
  const { chain, epoch } = file
  const body = BodyType.defaultValue()
  const bodyBytes = BodyType.serialize(body)
  const leader = instance.config.schedule.leader(view)
  const header = Object.assign(HeaderType.defaultValue(), {
    version: 1,
    network: NETWORK,
    chain,
    epoch,
    height: instance.final.height + 1,
    view,
    timeMs: 1_790_000_000_000,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    proposer: instance.config.committee.members[leader]!.key
  })
  const hash = blockHash(header)
  feed(instance, { type: 'block', block: { header, hash, bodyBytes, body } })
  feed(instance, { type: 'verdict', hash: [...instance.blocks.keys()][0]!, valid: true, reason: '' })
  const certificate = certificateOf({ chain, epoch, view, kind: FINALISE, hash }, [0, 1, 2])
  feed(instance, { type: 'certificate', certificate, byGossip: true })
  assert.deepEqual([instance.final.view, instance.view], [view, view + 1])
}

async function judgeBundle(bytes: Uint8Array, facts: NonNullable<Case['facts']>): Promise<string> {
  const bundle = openBundle(bytes, file.chain)
  if ('verdict' in bundle) return `${bundle.verdict} ${bundle.rule}`
  const total = bundle.transactions.length
  const early = judgeBeforeChecks({ total, known: facts.known, budgetEmpty: facts.budgetEmpty === 1 })
  if (early !== undefined) return `${early.verdict} ${early.rule}`
  const outcomes: StatelessOutcome[] = []
  for (const wire of bundle.transactions) {
    const checked = checkStateless(CONSTANTS, wire)
    if (!checked.ok) outcomes.push(checked.code === 'unknown-action' ? 'unknown-kind' : 'invalid')
    else {
      const [valid] = await inlineVerifier.verify([signatureJob(checked.value)])
      outcomes.push(valid === true ? 'valid' : 'invalid')
    }
  }
  const { admitted, relayEmpty } = facts
  const { verdict, rule } = judgeAfterChecks({ total, admitted, outcomes, relayEmpty: relayEmpty === 1 })
  return `${verdict} ${rule}`
}

/** One that follows coordination and a destination, not the source. */
function stranger({ knownEpochs = file.knownEpochs, cursor = file.cursor }: Case): GossipJudge {
  const epochs = new EpochBook(() => undefined)
  for (const epoch of knownEpochs) epochs.add(gossipSnapshot(epoch))
  const parts = { verifier: inlineVerifier, epochs }
  const executor = new Executor(parts as Partial<ExecutorComponents> as ExecutorComponents, CONSTANTS)
  const lane = InLaneType.serialize({ ...InLaneType.defaultValue(), cursor })
  const sources = new Map(
    [COORD, file.follows].map((chain) => {
      const get = () => (chain === COORD ? undefined : lane)
      const state = { get } as Partial<StateView> as StateView
      const header = { ...HeaderType.defaultValue(), chain, height: file.coordHeight }
      return [chain, { header, certificate: undefined, state }] as const
    })
  )
  return new Announcements({
    network: { listeners: () => 0, publish: async () => 0 },
    constants: CONSTANTS,
    epochs,
    source: (chain) => sources.get(chain),
    certificateHolds: async (certificate) => executor.certificateHolds(certificate),
    publicKey: undefined,
    hinted: () => undefined,
    failed: (error) => assert.fail(String(error))
  }).judge(file.chain)
}

function judgeOf(entry: Case & { readonly kind: Exclude<Case['kind'], 'tx'> }): GossipJudge {
  if (entry.kind === 'receipt') return stranger(entry)
  const judges = receiver(entry)
  return async (data, from) => judges[entry.kind as 'vote'](data, from)
}

const RULES = {
  tx: 'GOS-7',
  vote: 'GOS-8',
  certificate: 'GOS-9',
  block: 'GOS-10',
  receipt: 'GOS-14'
} as const

describe('vectors of gossip', () => {
  for (const entry of file.cases) {
    const { kind, name, verdict, rule } = entry
    it(`${RULES[kind]}: ${kind}: ${name}: ${verdict} ${rule}`, async () => {
      const bytes = bytesOf(entry)
      if (kind === 'tx') {
        assert.equal(await judgeBundle(bytes, entry.facts!), `${verdict} ${rule}`)
        return
      }
      const judge = judgeOf({ ...entry, kind })
      for (const earlier of entry.before ?? []) {
        assert.equal((await judge(fromHex(earlier), FROM)).action, 'accept')
      }
      const judged = await judge(bytes, FROM)
      assert.equal(`${judged.action} ${judged.rule}`, `${verdict} ${rule}`)
    })
  }

  it('GOS-7, GOS-8, GOS-9, GOS-10, GOS-14: every rule of a table has a case', () => {
    for (const [kind, section] of Object.entries(RULES)) {
      const held = new Set(file.cases.filter((entry) => entry.kind === kind).map(({ rule }) => rule))
      assert.deepEqual(
        refusingRules(section).filter((rule) => !held.has(rule)),
        [],
        kind
      )
      assert.ok(file.cases.some((entry) => entry.kind === kind && entry.verdict === 'accept'))
    }
  })

  it('GOS-2: sizes are those of the node', () => {
    assert.deepEqual(file.sizes, { ...GOSSIP_BYTES_MAX })
  })

  it('C8: the leaders written down are those of the schedule', () => {
    const book = new EpochBook(() => undefined)
    for (const { epoch, views } of file.leaders) {
      book.add(gossipSnapshot(epoch))
      const schedule = book.schedule(file.chain, epoch)
      assert.deepEqual(
        views,
        views.map((_, index) => schedule.leader(index + 1))
      )
    }
    assert.equal(file.committee.length, gossipSnapshot(file.epoch).committees.get(file.chain)!.members.length)
  })
})
