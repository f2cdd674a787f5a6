import { equal, ok } from 'node:assert/strict'
import { ProofPort } from '../../../src/app/proof-port.ts'
import type { ReceiptPort } from '../../../src/app/receipt-port.ts'
import { verifyTransferProof } from '../../../src/client/transfer-proof.ts'
import type { Chains } from '../../../src/node/chains.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import type { ReceiptPlace, TransactionFacts } from '../../../src/rpc/port.ts'
import { A, B, paidScene, proofWorld, trustOf } from '../../support/proof-scene.ts'

describe('proofs that a node makes', () => {
  async function scene(followed: readonly ChainId[] = [COORD, A, B]) {
    const world = await proofWorld()
    const id = await paidScene(world)
    const place: ReceiptPlace = { source: A, destination: B, sequence: 0 }
    const facts: { current: TransactionFacts } = { current: { status: 'final', emitted: [place] } }
    const chains = {
      genesis: world.genesis,
      get: (chain: ChainId) => (followed.includes(chain) ? { store: world.store(chain) } : undefined)
    } as unknown as Chains
    const receipts = { follow: async () => [{ ...place, status: 'delivered' }] } as unknown as ReceiptPort
    return { world, id, facts, port: new ProofPort(chains, { find: () => facts.current }, receipts) }
  }

  it('PRF-1: of a final transaction that sent something, and of nothing else', async () => {
    const { world, id, facts, port } = await scene()
    const made = await port.transfer({ id, hop: 0 })
    ok(made.ok)
    ok(verifyTransferProof(made.value, trustOf(world)).ok)
    const code = async (hop = 0): Promise<string> => {
      const answer = await port.transfer({ id, hop })
      return answer.ok ? 'ok' : answer.code
    }
    equal(await code(1), 'PROOF_UNAVAILABLE', 'nothing came back')
    facts.current = { status: 'final', emitted: [] }
    equal(await code(), 'PROOF_UNAVAILABLE')
    facts.current = { status: 'pending' }
    equal(await code(), 'PROOF_UNAVAILABLE')
  })

  it('PRF-1: by a node that follows the destination; the source may be anywhere', async () => {
    const without = await scene([COORD, A])
    const refused = await without.port.transfer({ id: without.id, hop: 0 })
    ok(!refused.ok && refused.code === 'CHAIN_NOT_FOLLOWED')
    const { port, id } = await scene([COORD, B])
    ok((await port.transfer({ id, hop: 0 })).ok)
  })
})
