/**
 * A statement on its way out (C11, C12): guard, signature, one synced write of the vote with everything behind it,
 * and only then the network. For a leader's own proposal the write holds the proposal and that is what is sent.
 */
import { equal } from '../../primitives/bytes.ts'
import { COORD } from '../../primitives/chain-id.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'
import { ProposalType } from '../../codec/proposal.ts'
import type { Proposal } from '../../codec/proposal.ts'
import { VoteType } from '../../codec/statement.ts'
import type { Vote } from '../../codec/statement.ts'
import type { Effect, InstanceConfig, ProposalDraft } from '../../consensus/types.ts'
import type { Network } from '../../net/types.ts'
import type { Journal, JournalRecord } from '../../store/journal.ts'
import type { Validator } from '../validator.ts'
import type { BlockTree } from './block-tree.ts'
import type { CoordinationView } from './coordination-view.ts'
import { toJournal } from './journal-records.ts'

interface Components {
  readonly validator: Validator | undefined
  readonly network: Network
  readonly journal: Journal
  readonly coord: CoordinationView
  readonly tree: BlockTree
}

type SignEffect = Extract<Effect, { type: 'sign' }>

export async function signAndSend(
  components: Components,
  config: InstanceConfig,
  effect: SignEffect
): Promise<Verdict<Vote>> {
  const { validator, network, journal } = components
  if (validator === undefined || config.self === undefined)
    return refuse('not-signing', 'a follower has no key')
  const { chain, epoch } = config
  const { view, kind, hash } = effect
  const signed = validator.sign({ network: config.network, chain, epoch, view, kind, hash })
  if (!signed.ok) return signed
  const vote: Vote = {
    chain,
    epoch,
    view,
    kind,
    hash,
    signer: config.self,
    signature: signed.value.signature
  }
  const proposal = effect.draft === undefined ? undefined : assemble(components, effect.draft, vote)
  await journal.write(recordsOf(effect, vote, proposal), signed.value.update)
  const sent =
    proposal === undefined
      ? network.publish(chain, 'vote', VoteType.serialize(vote))
      : network.publish(chain, 'block', ProposalType.serialize(proposal))
  // Gossip is the fast path only: a vote that reached nobody is given out by anti-entropy (C19).
  sent.catch(() => 0)
  return accept(vote)
}

function recordsOf(effect: SignEffect, vote: Vote, proposal: Proposal | undefined): JournalRecord[] {
  const records = effect.records.map(toJournal)
  if (proposal === undefined) return [...records, { kind: 'vote', vote }]
  const others = records.filter((record) => record.kind !== 'block')
  return [...others, { kind: 'proposal', proposal }, { kind: 'vote', vote }]
}

function assemble({ coord, tree }: Components, draft: ProposalDraft, vote: Vote): Proposal {
  const { block, notarisation, nullifications } = draft
  return {
    header: block.header,
    body: block.bodyBytes,
    vote,
    notarisation: [...notarisation],
    nullifications: [...nullifications],
    coordination: coordinationProof(coord, tree, draft)
  }
}

/** The proof of the reference travels along where the reference moves, so a peer that lags on coord can follow. */
function coordinationProof(
  coord: CoordinationView,
  tree: BlockTree,
  { block }: ProposalDraft
): Proposal['coordination'] {
  const { header } = block
  if (header.chain === COORD) return []
  const parent = tree.final.header
  const tip = coord.proof()
  const moved = header.coordHeight > parent.coordHeight
  if (!moved || tip === undefined || tip.header.height !== header.coordHeight) return []
  return equal(header.coordHash, tip.certificate.hash) ? [tip] : []
}
