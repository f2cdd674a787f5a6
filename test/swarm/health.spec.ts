/** /health (SYSTEM 6): 503 with the reason while a node is cut off or its chains stand still, 200 when that is over. */
import assert from 'node:assert/strict'
import { describeHealth } from '../../src/app/health.ts'
import type { HealthFacts } from '../../src/app/health.ts'
import type { HealthJson } from '../../src/client/types.ts'
import { addressText } from '../../src/rpc/server.ts'
import { createSwarm } from '../../src/testing/index.ts'
import type { Swarm } from '../../src/testing/index.ts'

/** The bar of the product, which includes a view change and a redial. */
const WITHIN = { timeoutMs: 15_000 }

describe('/health', function () {
  this.timeout(60_000)
  let swarm: Swarm
  before(async () => {
    swarm = await createSwarm({ nodes: 5, validators: 4 })
    await swarm.start()
  })
  after(async () => swarm.stop())

  async function health(index: number): Promise<{ readonly status: number; readonly body: HealthJson }> {
    const response = await fetch(`http://${addressText(swarm.node(index).rpcAddress!)}/health`)
    return { status: response.status, body: (await response.json()) as HealthJson }
  }
  const healthy = async (index: number): Promise<boolean> => (await health(index)).status === 200

  for (const [index, role] of [
    [2, 'validator'],
    [4, 'follower']
  ] as const) {
    it(`a ${role} whose network is cut answers 503 and says so; healed, 200`, async () => {
      await swarm.until(async () => healthy(index), { ...WITHIN, what: 'healthy at first' })
      swarm.cut(index)
      const { body } = await swarm.until(
        async () => {
          const answer = await health(index)
          return answer.status === 503 ? answer : undefined
        },
        { ...WITHIN, what: '503' }
      )
      assert.equal(body.ok, false)
      assert(body.reasons.includes('no peers'), body.reasons.join('; '))
      assert.equal(body.parts['network'], 'failed')
      swarm.heal(index)
      await swarm.until(async () => healthy(index), { ...WITHIN, what: '200 again' })
    })
  }

  it('a chain that stands still is named with how long', () => {
    const facts = factsOf(swarm)
    assert.deepEqual(describeHealth(facts).reasons, [])
    const later = describeHealth({ ...facts, nowMs: facts.nowMs + 30_000 })
    assert.equal(later.ok, false)
    assert.deepEqual(
      later.reasons.map((reason) => reason.replace(/\d+ s$/, 'N s')),
      ['chain coord has no final block for N s', 'chain 0 has no final block for N s']
    )
    assert.equal(later.parts['consensus'], 'failed')
  })
})

function factsOf(swarm: Swarm): HealthFacts {
  const { chains, network, validator } = swarm.node(0)
  const nowMs = performance.now()
  const finalAtMs = new Map(chains!.list.map(({ chain }) => [chain, nowMs]))
  return {
    chains: chains!,
    peers: network!.peers().length,
    validator,
    progress: { finalAtMs, blocks: new Map() },
    startedAtMs: nowMs,
    nowMs
  }
}
