/** A block of 1,000 transfers: executed alone, and with everything a node does with bytes that it has not seen. */
import { sha256 } from '../crypto/hash.ts'
import { VerifyPool } from '../crypto/verify-pool.ts'
import { assert } from '../primitives/errors.ts'
import { applyBlock } from '../state/apply-block.ts'
import { signatureJob } from '../state/stateless.ts'
import type { CheckedTransaction } from '../state/types.ts'
import type { Bench } from './figure.ts'
import { checkAll, createFixture, signTransfers } from './fixture.ts'
import type { Fixture } from './fixture.ts'
import { verifyAll } from './signatures.ts'
import { compare, nothing } from './timing.ts'

/** SHA-256 of a tree of so many accounts for one that changed: path, value, leaf and the nodes above it. */
const HASHES_OF_A_CHANGE = 6

export const execution: Bench = {
  name: 'execution',
  summary: 'applyBlock of 1,000 transfers, without and with signatures',
  async run() {
    const fixture = createFixture()
    const transfers = signTransfers(fixture)
    const checked = checkAll(fixture, transfers)
    const pool = new VerifyPool()
    await pool.start()
    const jobs = checked.map(signatureJob)
    const bare = await compare({
      prepare: nothing,
      work: () => apply(fixture, checked),
      raw: () => rawLedger(transfers.length)
    })
    const whole = await compare({
      prepare: nothing,
      async work() {
        const fresh = checkAll(fixture, transfers)
        const answers = await pool.verify(fresh.map(signatureJob), { urgent: true })
        assert(answers.every(Boolean), 'transfers of the fixture are signed')
        apply(fixture, fresh)
      },
      raw: () => verifyAll(jobs)
    })
    await pool.stop()
    const each = (ms: number): number => (ms * 1_000) / transfers.length
    return [
      {
        name: 'execute a transfer',
        what: 'in a block of 1,000, state root included, signatures not',
        unit: 'µs',
        value: each(bare.value),
        raw: { what: `balances in a map, ${HASHES_OF_A_CHANGE} hashes`, value: each(bare.raw) }
      },
      {
        name: 'check and execute',
        what: 'the same from wire bytes: decoded, checked, signature verified',
        unit: 'µs',
        value: each(whole.value),
        raw: { what: 'libsodium in a loop', value: each(whole.raw) }
      }
    ]
  }
}

function apply({ state, context }: Fixture, transactions: readonly CheckedTransaction[]): void {
  assert(
    applyBlock(state, context, { deliveries: [], transactions }).ok,
    'transfers of the fixture can be executed'
  )
}

function rawLedger(count: number): void {
  const balances = new Map<number, bigint>()
  const node = new Uint8Array(65)
  for (let i = 0; i < count; i++) {
    const to = (i + 1) % count
    balances.set(i, (balances.get(i) ?? 1_000n) - 1n)
    balances.set(to, (balances.get(to) ?? 1_000n) + 1n)
    for (let hash = 0; hash < HASHES_OF_A_CHANGE; hash++) node.set(sha256(node))
  }
}
