import assert from 'node:assert/strict'
import { pino } from 'pino'
import { Observer } from '../../../src/app/observer.ts'
import { createMetrics } from '../../../src/metrics/registry.ts'
import type { FinalEvent } from '../../../src/node/ports.ts'
import { newGenesis } from '../../../src/params/new-genesis.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { HeaderType } from '../../../src/codec/block.ts'
import { CertificateType } from '../../../src/codec/statement.ts'
import { genesisState } from '../../support/state.ts'

const made = newGenesis({ preset: 'minimal', validators: [new Uint8Array(32).fill(1)], timeMs: 1, shards: 2 })
assert.ok(made.ok)
const genesis = made.value
const SHARD = shardId(0)

function scene() {
  const metrics = createMetrics()
  const observer = new Observer(metrics, pino({ level: 'silent' }), genesis, () =>
    assert.fail('nothing failed')
  )
  const final = (
    height: number,
    { state = genesisState([]), tookMs }: Partial<Pick<FinalEvent, 'state' | 'tookMs'>> = {}
  ): void => {
    const header = { ...HeaderType.defaultValue(), chain: SHARD, height }
    const event: FinalEvent = {
      chain: SHARD,
      header,
      hash: new Uint8Array(32),
      certificate: CertificateType.defaultValue(),
      transactionIds: [],
      state,
      tookMs
    }
    observer.events.final(event)
  }
  const heights = async (): Promise<number> => {
    const { values } = await metrics.node.invariantViolations.get()
    return values.find(({ labels }) => labels.invariant === 'height')?.value ?? 0
  }
  return { observer, final, heights }
}

describe('app/observer', () => {
  it('invariant 6, SNAP-8: a chain that begins anew at a snapshot goes on from there without an alarm', async () => {
    const { observer, final, heights } = scene()
    for (const height of [1, 2]) final(height)
    const progress = { height: 900, chunks: 1, done: 1, bytes: 1 }
    for (const stage of ['manifest', 'chunks', 'switch'] as const)
      observer.events.fastStart?.(SHARD, { stage, ...progress })
    for (const height of [901, 902]) final(height)
    assert.equal(await heights(), 0)
    final(904)
    assert.equal(await heights(), 1)
  })

  it('SYN-6: the state of a synchronised part is looked at once, the height of each of its blocks', async () => {
    const { final, heights } = scene()
    let reads = 0
    const below = genesisState([])
    const state = { get: (key: Uint8Array) => (reads++, below.get(key)) }
    final(1, { state })
    const once = reads
    assert.ok(once > 0)
    final(2, { state })
    assert.equal(reads, once)
    final(4, { state })
    assert.equal(await heights(), 1)
    // Of a block that became final by itself it is always looked at.
    final(5, { state, tookMs: 1 })
    assert.equal(reads, 2 * once)
  })

  it('invariant 6: chunks that arrive excuse no gap', async () => {
    const { observer, final, heights } = scene()
    final(1)
    observer.events.fastStart?.(SHARD, { stage: 'chunks', height: 900, chunks: 2, done: 1, bytes: 1 })
    final(3)
    assert.equal(await heights(), 1)
  })
})
