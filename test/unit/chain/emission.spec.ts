import { deepEqual, equal, ok } from 'node:assert/strict'
import { EmissionAudit } from '../../../src/chain/emission-audit.ts'
import { judgeReward } from '../../../src/chain/reward.ts'
import type { RewardParams } from '../../../src/state/emission.ts'
import { blockHash } from '../../../src/codec/block.ts'
import type { Header } from '../../../src/codec/block.ts'
import { headerOf } from '../../../src/client/emission-audit.ts'
import { verifySupplyProof } from '../../../src/client/supply-proof.ts'
import { makeSupplyProof } from '../../../src/node/supply-proof.ts'
import { genesisToJson } from '../../../src/params/genesis-json.ts'
import { genesisShare } from '../../../src/params/supply.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { headerJson } from '../../../src/rpc/json.ts'
import { blockReward } from '../../../src/state/emission.ts'
import { feeShares } from '../../../src/state/fees.ts'
import { readTotals } from '../../../src/state/supply.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { A, B, grow, proofWorld } from '../../support/proof-scene.ts'
import { readJson } from '../../support/repository.ts'

type Texts = Readonly<Record<string, string>>
interface RewardCase {
  readonly name: string
  readonly height: number
  readonly params: RewardParams
  readonly reserve: Texts
}
interface EmissionVectors {
  readonly rewards: readonly (RewardCase & { readonly reward: Texts })[]
  readonly shares: readonly ({ readonly treasurySharePpm: number } & Readonly<Record<string, Texts>>)[]
  readonly headers: readonly (RewardCase & {
    readonly rewardConsumer: string
    readonly rewardIndustrial: string
    readonly verdict: string
  })[]
}

const amounts = (texts: Texts | undefined) => ({
  consumer: BigInt(texts?.['consumer'] ?? -1),
  industrial: BigInt(texts?.['industrial'] ?? -1)
})
const reserveOf = ({ reserve }: RewardCase) => ({
  reserveConsumer: BigInt(reserve['reserveConsumer']!),
  reserveIndustrial: BigInt(reserve['reserveIndustrial']!)
})

describe('vectors of emission', () => {
  const file = readJson('protocols/vectors/emission.json') as unknown as EmissionVectors

  it('EMI-1: every reward of emission.json', () => {
    for (const one of file.rewards) {
      deepEqual(blockReward(one.height, one.params, reserveOf(one)), amounts(one.reward), one.name)
    }
    ok(file.rewards.length > 0)
  })

  it('EMI-3: every share', () => {
    for (const one of file.shares) {
      const shares = feeShares(amounts(one['reward']), one.treasurySharePpm)
      deepEqual(shares, { treasury: amounts(one['treasury']), proposer: amounts(one['proposer']) })
    }
    ok(file.shares.length > 0)
  })

  it('EMI-2: every header, valid or not', () => {
    for (const one of file.headers) {
      const header = {
        height: one.height,
        rewardConsumer: BigInt(one.rewardConsumer),
        rewardIndustrial: BigInt(one.rewardIndustrial)
      }
      equal(judgeReward(header, one.params, reserveOf(one))?.code ?? 'valid', one.verdict, one.name)
    }
    deepEqual(new Set(file.headers.map(({ verdict }) => verdict)), new Set(['valid', 'wrong-reward']))
  })
})

describe('emission of a chain', function () {
  this.timeout(30_000)
  let world: ProofWorld

  before(async () => {
    world = await proofWorld()
    await grow(world, COORD, 3)
    await grow(world, A, 5)
    await grow(world, B, 2)
  })

  const headersOf = (chain: typeof A): Header[] =>
    Array.from({ length: world.store(chain).final.height }, (_, index) =>
      world.store(chain).header(index + 1)!
    )
  const auditOf = (chain: typeof A): EmissionAudit =>
    new EmissionAudit(
      world.genesis.params,
      genesisShare(world.genesis, chain).reserve,
      world.store(chain).hashAt(0)!
    )

  it('EMI-4: headers alone say what is left of the reserve, block by block', () => {
    const audit = auditOf(A)
    for (const header of headersOf(A)) ok(audit.add(header).ok)
    const { rewardConsumer, rewardIndustrial } = world.genesis.params
    deepEqual(audit.emitted, {
      consumer: 5n * BigInt(rewardConsumer),
      industrial: 5n * BigInt(rewardIndustrial)
    })
    const totals = readTotals(world.store(A))
    deepEqual(audit.reserve, { consumer: totals.reserveConsumer, industrial: totals.reserveIndustrial })
    deepEqual(audit.tip.hash, world.store(A).final.hash)
  })

  it('EMI-1, EMI-4: the coordination chain emits nothing', () => {
    const audit = auditOf(COORD)
    for (const header of headersOf(COORD)) ok(audit.add(header).ok)
    deepEqual(audit.emitted, { consumer: 0n, industrial: 0n })
  })

  it('EMI-4: a header left out, in another order or with another reward is found', () => {
    const [first, second] = headersOf(A) as [Header, Header]
    const code = (...headers: Header[]): string => {
      const audit = auditOf(A)
      for (const header of headers) {
        const added = audit.add(header)
        if (!added.ok) return added.code
      }
      return 'ok'
    }
    equal(code(first, second), 'ok')
    equal(code(second), 'not-linked')
    equal(code(first, first), 'not-linked')
    equal(code({ ...first, rewardConsumer: first.rewardConsumer + 1n }), 'wrong-reward')
    equal(code({ ...first, view: 9 }, second), 'not-linked', 'another block than the one that was built on')
  })

  it('EMI-4: a header that a node wrote out is the same header', () => {
    for (const header of headersOf(B)) deepEqual(blockHash(headerOf(headerJson(header))), blockHash(header))
  })

  it('EMI-4, PRF-8: a supply proof shows how much was emitted, and that the schedule allows it', async () => {
    const sources = { genesis: world.genesis, coord: world.store(COORD) }
    const chains = [COORD, A, B].map((chain) => ({ ...world.tip(chain), state: world.store(chain) }))
    const made = makeSupplyProof(sources, chains)
    ok(made.ok)
    const audit = verifySupplyProof(made.value, genesisToJson(world.genesis))
    ok(audit.ok && audit.value.ok)
    const reward = BigInt(world.genesis.params.rewardConsumer)
    deepEqual(
      audit.value.chains.map(({ consumer }) => consumer.emitted),
      [0n, 5n * reward, 2n * reward]
    )
    deepEqual(
      audit.value.chains.map(({ consumer }) => consumer.scheduled),
      [0n, 5n * reward, 2n * reward]
    )
  })
})
