import { deepEqual, equal, ok } from 'node:assert/strict'
import { verifySupplyProof } from '../../../src/client/supply-proof.ts'
import { ChainTotalsType } from '../../../src/codec/state-records.ts'
import type { ChainTotals } from '../../../src/codec/state-records.ts'
import { SupplyProofType } from '../../../src/codec/supply-proof.ts'
import type { SupplyProof } from '../../../src/codec/supply-proof.ts'
import { makeSupplyProof } from '../../../src/node/supply-proof.ts'
import type { ProvableChain } from '../../../src/node/supply-proof.ts'
import { devnetAddress } from '../../../src/params/devnet-keys.ts'
import { genesisToJson } from '../../../src/params/genesis-json.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { fc } from '../../support/fast-check.ts'
import { A, B, paidScene, proofWorld, userOn } from '../../support/proof-scene.ts'

const chainsOf = (world: ProofWorld): ProvableChain[] =>
  [COORD, A, B].map((chain) => ({ ...world.tip(chain), state: world.store(chain) }))

const made = (world: ProofWorld, chains = chainsOf(world), checkpoint?: number): Uint8Array => {
  const proof = makeSupplyProof({ genesis: world.genesis, coord: world.store(COORD) }, chains, checkpoint)
  if (!proof.ok) throw new RangeError(proof.detail)
  return proof.value
}

describe('supply proofs', () => {
  let world: ProofWorld
  let genesis = ''
  let bytes: Uint8Array
  let proof: SupplyProof

  before(async () => {
    world = await proofWorld()
    await paidScene(world)
    // One more that is still on its way.
    await world.grow(A, { transactions: [world.pay(userOn(A), devnetAddress(userOn(B)), 90n)] })
    genesis = genesisToJson(world.genesis)
    bytes = made(world)
    proof = SupplyProofType.deserialize(bytes)
  })

  const code = (change: Partial<SupplyProof>): string => {
    const audit = verifySupplyProof(SupplyProofType.serialize({ ...proof, ...change }), genesis)
    return audit.ok ? 'ok' : audit.code
  }

  it('PRF-8, R11: all chains hold what was issued, with what is in flight', () => {
    const audit = verifySupplyProof(bytes, genesis)
    ok(audit.ok)
    const { chains, consumer, industrial } = audit.value
    equal(audit.value.ok, true)
    deepEqual(
      chains.map(({ place }) => [place.chain, place.height]),
      [
        ['coord', 17],
        [0, 3],
        [1, 2]
      ]
    )
    // Accounts and the reserve: 20 million tokens.
    const issued = 20_000_000n * 1_000_000n
    deepEqual(consumer, { issued, held: issued - 90n, sent: 97n, received: 7n })
    equal(industrial.issued, industrial.held)
  })

  it('PRF-8, R11: a chain that holds one unit more than it was given is told', () => {
    const [coord, , b] = chainsOf(world)
    const minting = world.minting(A)
    const wrong = verifySupplyProof(made(world, [coord!, minting, b!]), genesis)
    ok(wrong.ok)
    equal(wrong.value.ok, false)
  })

  it('PRF-8, R11, STA-4: sums over lanes go around at 2^64; what a chain holds never does', () => {
    const [coord, , b] = chainsOf(world)
    const isWhole = (change: (totals: ChainTotals) => Partial<ChainTotals>): boolean => {
      const audit = verifySupplyProof(made(world, [coord!, world.minting(A, change), b!]), genesis)
      ok(audit.ok)
      return audit.value.ok
    }
    // As much came as went, again and again: what was sent has gone around, what was received has not yet.
    const cycle = 2n ** 64n
    const more = ({ receivedConsumer }: ChainTotals): bigint => cycle - 1n - receivedConsumer
    const sent = (totals: ChainTotals): bigint => (totals.sentConsumer + more(totals)) % cycle
    equal(
      isWhole((totals) => ({ sentConsumer: sent(totals), receivedConsumer: cycle - 1n })),
      true
    )
    equal(
      isWhole((totals) => ({ sentConsumer: sent(totals) - 1n, receivedConsumer: cycle - 1n })),
      false
    )
    const half = cycle / 2n
    equal(
      isWhole(({ balancesConsumer, treasuryConsumer }) => ({
        balancesConsumer: balancesConsumer + half,
        treasuryConsumer: treasuryConsumer + half
      })),
      false
    )
  })

  it('PRF-8: every chain once, in order, under its own final header', () => {
    const [coord, a, b] = proof.chains
    equal(code({ chains: [coord!, a!, b!] }), 'ok')
    equal(code({ chains: [coord!, b!, a!] }), 'proof-chains')
    equal(code({ chains: [coord!, a!] }), 'proof-chains')
    equal(code({ chains: [coord!, a!, a!] }), 'proof-chains')
    equal(code({ chains: [coord!, a!, { ...b!, certificate: a!.certificate }] }), 'proof-certificate')
    const totals = ChainTotalsType.clone(b!.totals)
    totals.balancesConsumer += 1n
    equal(code({ chains: [coord!, a!, { ...b!, totals }] }), 'proof-totals')
    const signatures = b!.certificate.signatures.toReversed()
    equal(
      code({ chains: [coord!, a!, { ...b!, certificate: { ...b!.certificate, signatures } }] }),
      'proof-signatures'
    )
    equal(code({ version: 2 }), 'proof-malformed')
    equal(code({ epochs: proof.epochs.slice(1) }), 'proof-epochs')
  })

  it('PRF-3, PRF-8: from a checkpoint; nothing is proven before every chain has a final block', async () => {
    const height = 14
    const hash = world.store(COORD).hashAt(height)!
    const short = made(world, chainsOf(world), height)
    ok(short.length < bytes.length)
    const audit = verifySupplyProof(short, genesis, { height, hash })
    ok(audit.ok && audit.value.ok)
    ok(!verifySupplyProof(short, genesis).ok)
    const chains = chainsOf(world).with(1, { ...chainsOf(world)[1]!, certificate: undefined })
    const none = makeSupplyProof({ genesis: world.genesis, coord: world.store(COORD) }, chains)
    ok(!none.ok && none.code === 'PROOF_UNAVAILABLE')
  })

  it('PRF-7, PRF-8: any byte changed anywhere is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = changed[at]! ^ flip
        ok(!verifySupplyProof(changed, genesis).ok)
      }),
      { numRuns: 200 }
    )
  })
})
