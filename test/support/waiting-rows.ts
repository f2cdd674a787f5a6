/** What waits in a node's database for a block: a transaction of its own, and evidence that it saw. */
import { EvidenceType, TWO_NOTARISE, offenceId } from '../../src/codec/evidence.ts'
import type { Evidence } from '../../src/codec/evidence.ts'
import { NOTARISE } from '../../src/codec/statement.ts'
import type { StatementKind, Vote } from '../../src/codec/statement.ts'
import type { NodeStore } from '../../src/store/node-store.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import type { EpochSnapshot } from '../../src/sharding/types.ts'

/** What is asked of a chain that grows. */
interface Grown {
  readonly chain: ChainId
  readonly network: Uint8Array
  readonly store: { readonly final: { readonly epoch: number } }
  snapshot(epoch: number): EpochSnapshot
  transfer(amount: bigint, to: string): { readonly id: Uint8Array; readonly bytes: Uint8Array }
  vote(epoch: number, view: number, kind: StatementKind, hash: Uint8Array, signer: number): Vote
}

export async function holdWaiting(
  { localTransactions, evidence }: Pick<NodeStore, 'localTransactions' | 'evidence'>,
  shard: Grown
): Promise<void> {
  const { id, bytes } = shard.transfer(1_000n, 'user1')
  await localTransactions.put([{ chain: shard.chain, id, bytes }])
  const accused = aContradiction(shard)
  await evidence.put(accused.id, EvidenceType.serialize(accused.evidence))
}

/** Two votes of the last member of a chain's committee, which was seen and waits for a block (C30). */
function aContradiction(chain: Grown): { id: Uint8Array; evidence: Evidence } {
  const { epoch } = chain.store.final
  const { members } = chain.snapshot(epoch).committees.get(chain.chain)!
  const signer = members.length - 1
  const { key: publicKey } = members[signer]!
  const view = 900
  const votes = [1, 2].map((byte) => chain.vote(epoch, view, NOTARISE, new Uint8Array(32).fill(byte), signer))
  return {
    id: offenceId({ publicKey, chain: chain.chain, epoch, view, kind: TWO_NOTARISE }),
    evidence: { network: chain.network, publicKey, votes, proposal: [] }
  }
}
