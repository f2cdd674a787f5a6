import assert from 'node:assert/strict'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { u32be } from '../../../src/primitives/bytes.ts'
import { BUNDLE_BYTES_MAX, BUNDLE_TRANSACTIONS_MAX, BundleType } from '../../../src/codec/messages.ts'
import { MAX_TRANSACTION_BYTES } from '../../../src/codec/transaction.ts'
import { BUNDLE_WAIT_MS, Bundler } from '../../../src/mempool/bundler.ts'
import { BUDGET_LIMITS, BundleBudgets, RELAY_LIMITS } from '../../../src/mempool/bundle-budgets.ts'
import {
  checkOrder,
  judgeAfterChecks,
  judgeBeforeChecks,
  openBundle
} from '../../../src/mempool/bundle-verdict.ts'
import type { StatelessOutcome } from '../../../src/mempool/bundle-verdict.ts'
import { fc } from '../../support/fast-check.ts'

const CHAIN = shardId(1)
const sizes = (bundle: Uint8Array | undefined): number[] =>
  BundleType.deserialize(bundle!).transactions.map(({ length }) => length)

describe('bundler', () => {
  it('M4: flushes when the oldest transaction has waited 10 ms', () => {
    const bundler = new Bundler(CHAIN)
    assert.equal(bundler.dueMs, undefined)
    assert.deepEqual(bundler.add(new Uint8Array(200), 1_000), [])
    assert.deepEqual(bundler.add(new Uint8Array(201), 1_005), [])
    assert.equal(bundler.dueMs, 1_000 + BUNDLE_WAIT_MS)
    assert.deepEqual(bundler.flushDue(1_009), [])
    const [bundle, ...more] = bundler.flushDue(1_010)
    assert.deepEqual([sizes(bundle), more], [[200, 201], []])
    assert.equal(BundleType.deserialize(bundle!).chain, CHAIN)
    assert.equal(bundler.dueMs, undefined)
    assert.deepEqual(bundler.flush(), [])
  })

  it('M4: flushes at 512 transactions, at once', () => {
    const bundler = new Bundler(CHAIN)
    for (let i = 1; i < BUNDLE_TRANSACTIONS_MAX; i++) assert.deepEqual(bundler.add(Uint8Array.of(i), 0), [])
    const [bundle] = bundler.add(Uint8Array.of(0), 0)
    assert.equal(sizes(bundle).length, BUNDLE_TRANSACTIONS_MAX)
    assert.deepEqual(bundler.flush(), [])
  })

  it('M4: an encoded bundle has at most 64 KiB; what does not fit starts the next', () => {
    // The frame takes 6 bytes, each of five transactions an offset of 4.
    const bundler = new Bundler(CHAIN)
    const room = BUNDLE_BYTES_MAX - 6 - 4 * 5 - 4 * 16_000
    for (let i = 0; i < 4; i++) bundler.add(new Uint8Array(16_000), 0)
    assert.deepEqual(
      bundler.add(new Uint8Array(room), 0).map(({ length }) => length),
      [BUNDLE_BYTES_MAX]
    )
    for (let i = 0; i < 4; i++) bundler.add(new Uint8Array(16_000), 0)
    assert.deepEqual(bundler.add(new Uint8Array(room + 1), 0).map(sizes), [[16_000, 16_000, 16_000, 16_000]])
    assert.deepEqual(bundler.flush().map(sizes), [[room + 1]])
  })

  it('M4: refuses by assertion what no bundle may hold', () => {
    assert.throws(() => new Bundler(CHAIN).add(new Uint8Array(MAX_TRANSACTION_BYTES + 1), 0), /ceiling/)
  })
})

describe('verdict on a bundle', () => {
  const encode = (chain = CHAIN, transactions: Uint8Array[] = [Uint8Array.of(1)]): Uint8Array =>
    BundleType.serialize({ chain, transactions })

  it('M5, C31, GOS-7: rejects what is not canonical, too large, of another chain, or empty', () => {
    const rule = (bytes: Uint8Array): unknown => {
      const opened = openBundle(bytes, CHAIN)
      return 'rule' in opened ? [opened.verdict, opened.rule] : opened.transactions.length
    }
    assert.equal(rule(encode()), 1)
    assert.deepEqual(rule(encode().subarray(1)), ['reject', 'bundle-not-canonical'])
    assert.deepEqual(rule(encode(COORD)), ['reject', 'bundle-wrong-chain'])
    assert.deepEqual(rule(encode(CHAIN, [])), ['reject', 'bundle-empty'])
    // 6 bytes of frame and four offsets of 4 leave 65,514.
    const four = (last: number): Uint8Array[] => [16_378, 16_378, 16_379, last].map((n) => new Uint8Array(n))
    assert.equal(encode(CHAIN, four(16_379)).length, BUNDLE_BYTES_MAX)
    assert.equal(rule(encode(CHAIN, four(16_379))), 4)
    assert.deepEqual(rule(encode(CHAIN, four(16_380))), ['reject', 'bundle-too-large'])
    const many = Array.from({ length: BUNDLE_TRANSACTIONS_MAX }, () => Uint8Array.of(1))
    assert.equal(rule(encode(CHAIN, many)), BUNDLE_TRANSACTIONS_MAX)
  })

  it('M3, M5: known transactions alone are ignored; an empty budget is ignored before any verification', () => {
    assert.equal(judgeBeforeChecks({ total: 2, known: 1, budgetEmpty: false }), undefined)
    assert.deepEqual(judgeBeforeChecks({ total: 2, known: 2, budgetEmpty: true }), {
      verdict: 'ignore',
      rule: 'bundle-known'
    })
    assert.deepEqual(judgeBeforeChecks({ total: 2, known: 1, budgetEmpty: true }), {
      verdict: 'ignore',
      rule: 'bundle-budget'
    })
  })

  const cases: readonly [number, number, StatelessOutcome[], string, string][] = [
    [4, 2, ['valid', 'valid'], 'accept', 'bundle-admitted'],
    [4, 1, ['valid', 'valid'], 'ignore', 'bundle-not-admitted'],
    [5, 2, ['valid', 'valid', 'valid'], 'ignore', 'bundle-not-admitted'],
    [5, 3, ['valid', 'valid', 'valid'], 'accept', 'bundle-admitted'],
    [1, 0, ['valid'], 'ignore', 'bundle-not-admitted'],
    [4, 3, ['valid', 'valid', 'valid', 'invalid'], 'reject', 'bundle-invalid-transaction'],
    [4, 3, ['unknown-kind', 'valid', 'invalid'], 'reject', 'bundle-invalid-transaction'],
    [4, 3, ['valid', 'valid', 'valid', 'unknown-kind'], 'ignore', 'bundle-unknown-kind']
  ]
  for (const [total, admitted, outcomes, verdict, rule] of cases) {
    it(`M2, M5: ${admitted} admitted of ${total}, checks ${outcomes.join(' ')}: ${verdict}`, () => {
      assert.deepEqual(judgeAfterChecks({ total, admitted, outcomes, relayEmpty: false }), { verdict, rule })
    })
  }

  it('M5: with the relay budget spent, what would be accepted is ignored, and every other verdict stays', () => {
    for (const [total, admitted, outcomes, verdict, rule] of cases) {
      const expected =
        verdict === 'accept' ? { verdict: 'ignore', rule: 'bundle-relay-budget' } : { verdict, rule }
      assert.deepEqual(judgeAfterChecks({ total, admitted, outcomes, relayEmpty: true }), expected)
    }
  })

  it('M5: what a node relays is a quarter of what its neighbours grant a forwarder', () => {
    assert.equal(4 * RELAY_LIMITS.capacityBytes, BUDGET_LIMITS.capacityBytes)
    assert.equal(4 * RELAY_LIMITS.refillBytesPerSecond, BUDGET_LIMITS.refillBytesPerSecond)
  })

  it('M5: the order of checking is a permutation that the seed alone decides', () => {
    const seed = (n: number): Uint8Array =>
      new Uint8Array([...u32be(n), ...u32be(1), ...u32be(2), ...u32be(3)])
    const order = checkOrder(512, seed(1))
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      Array.from({ length: 512 }, (_, i) => i)
    )
    assert.deepEqual(checkOrder(512, seed(1)), order)
    assert.notDeepEqual(checkOrder(512, seed(2)), order)
    assert.deepEqual(checkOrder(0, seed(1)), [])
    assert.notDeepEqual(
      checkOrder(512, new Uint8Array(16)),
      Array.from({ length: 512 }, (_, i) => i)
    )
  })

  it('M5: over many seeds each transaction is checked first about equally often', () => {
    const first = Array.from({ length: 8 }, () => 0)
    for (let n = 0; n < 4_000; n++) {
      const seed = new Uint8Array(16).map((_, i) => (n * 2_654_435_761 + i * 40_503 * (n + 1)) >>> 5)
      const [at] = checkOrder(8, seed)
      first[at!] = first[at!]! + 1
    }
    for (const count of first) assert.ok(count > 350 && count < 650, String(first))
  })
})

describe('bundle budget', () => {
  const limits = { capacityBytes: 1_000, refillBytesPerSecond: 100, forwardersMax: 2 }

  it('M5: is empty when its bytes are spent and refills with time', () => {
    const budgets = new BundleBudgets(limits)
    budgets.debit('a', 999, 0)
    assert.equal(budgets.isEmpty('a', 0), false)
    budgets.debit('a', 1, 0)
    assert.equal(budgets.isEmpty('a', 0), true)
    assert.equal(budgets.isEmpty('b', 0), false)
    assert.equal(budgets.isEmpty('a', 1), false)
    budgets.debit('a', 500, 1)
    assert.equal(budgets.isEmpty('a', 5_000), true)
    assert.equal(budgets.isEmpty('a', 5_001), false)
  })

  it('M5: 500 useless transfers a second of one peer: its budget lasts a few seconds, then serves a sixth of them at most', () => {
    const budgets = new BundleBudgets()
    const bundle = { transactions: 10, bytes: 10 * 230 }
    const judged: number[] = []
    for (let ms = 0; ms < 120_000; ms += 20) {
      const second = Math.floor(ms / 1_000)
      if (budgets.isEmpty('flooder', ms)) continue
      budgets.debit('flooder', bundle.bytes, ms)
      judged[second] = (judged[second] ?? 0) + bundle.transactions
      assert.equal(budgets.isEmpty('honest', ms), false)
    }
    assert.equal(judged[0], 500)
    const ends = judged.findIndex((count) => count < 500)
    assert(ends >= 2 && ends < 4, `it ends after ${ends} s`)
    assert(Math.max(...judged.slice(ends + 1)) <= 80, 'no more than the refill')
  })

  it('M5: however many flooders, an honest relay never spends what its neighbours grant it', () => {
    const sent = fc.array(
      fc.tuple(fc.nat({ max: 2_000 }), fc.integer({ min: 1, max: 65_536 }), fc.nat({ max: 20 })),
      { minLength: 50, maxLength: 400 }
    )
    fc.assert(
      fc.property(sent, (bundles) => {
        const own = new BundleBudgets()
        const relay = new BundleBudgets(RELAY_LIMITS)
        const neighbour = new BundleBudgets()
        let nowMs = 0
        for (const [passedMs, useless, flooder] of bundles) {
          nowMs += passedMs
          if (own.isEmpty(`flooder ${flooder}`, nowMs)) continue
          own.debit(`flooder ${flooder}`, useless, nowMs)
          if (relay.isEmpty('self', nowMs)) continue
          relay.debit('self', useless, nowMs)
          neighbour.debit('relay', useless, nowMs)
          assert.equal(neighbour.isEmpty('relay', nowMs), false)
        }
      })
    )
  })

  it('M5: a clock that goes back refills nothing, and nothing is charged for nothing', () => {
    const budgets = new BundleBudgets(limits)
    budgets.debit('a', 1_000, 5_000)
    assert.equal(budgets.isEmpty('a', 0), true)
    budgets.debit('b', 0, 0)
    assert.equal(budgets.size, 1)
  })

  it('M5: forgets who has refilled, and beyond the bound who was debited longest ago', () => {
    const budgets = new BundleBudgets(limits)
    budgets.debit('a', 100, 0)
    assert.equal(budgets.isEmpty('a', 1_000), false)
    assert.equal(budgets.size, 0)
    for (const name of ['a', 'b', 'b']) budgets.debit(name, 1_000, 0)
    assert.equal(budgets.isEmpty('a', 0), true)
    for (const name of ['a', 'c']) budgets.debit(name, 1_000, 0)
    assert.equal(budgets.size, 2)
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => budgets.isEmpty(name, 0)),
      [true, false, true]
    )
  })
})
