/** Bundles of transactions with the rule that decides on them (GOS-7). */
import { BUNDLE_BYTES_MAX, BundleType } from '../../src/codec/messages.ts'
import { ACTION_TRANSFER, TransactionType } from '../../src/codec/transaction.ts'
import { CHAIN, OTHER, rows } from './gossip-case.ts'
import type { Case } from './gossip-case.ts'
import * as samples from './samples.ts'

const NOTHING_KNOWN = { known: 0, budgetEmpty: 0, admitted: 0, relayEmpty: 0 }

export function bundles(): Case[] {
  const wire = (nonce: number, changes: Parameters<typeof samples.transaction>[0] = {}): Uint8Array =>
    TransactionType.serialize(samples.transaction({ nonce: BigInt(nonce), ...changes }))
  const of = (...transactions: Uint8Array[]): Uint8Array =>
    BundleType.serialize({ chain: CHAIN, transactions })
  const good = of(wire(0), wire(1))
  const forged = TransactionType.serialize({ ...samples.transaction(), signature: new Uint8Array(64) })
  const facts = (changes: Partial<typeof NOTHING_KNOWN>): Partial<Case> => ({
    facts: { ...NOTHING_KNOWN, ...changes }
  })
  return rows('tx', [
    ['all admitted', 'accept', 'bundle-admitted', good, facts({ admitted: 2 })],
    ['half admitted', 'accept', 'bundle-admitted', good, facts({ admitted: 1 })],
    [
      'more than a bundle holds',
      'reject',
      'bundle-too-large',
      new Uint8Array(BUNDLE_BYTES_MAX + 1),
      facts({})
    ],
    ['no bytes', 'reject', 'bundle-not-canonical', new Uint8Array(0), facts({})],
    ['an offset past the end', 'reject', 'bundle-not-canonical', good.with(2, 0xff), facts({ admitted: 2 })],
    [
      'another chain',
      'reject',
      'bundle-wrong-chain',
      BundleType.serialize({ chain: OTHER, transactions: [wire(0)] }),
      facts({})
    ],
    ['no transaction', 'reject', 'bundle-empty', of(), facts({})],
    ['all known', 'ignore', 'bundle-known', good, facts({ known: 2 })],
    ['the budget is empty', 'ignore', 'bundle-budget', good, facts({ budgetEmpty: 1, admitted: 2 })],
    [
      'a changed signature',
      'reject',
      'bundle-invalid-transaction',
      of(wire(0), forged),
      facts({ admitted: 1 })
    ],
    [
      'a transaction of another chain',
      'reject',
      'bundle-invalid-transaction',
      of(wire(0, { chain: OTHER })),
      facts({})
    ],
    [
      'a payload that is none',
      'reject',
      'bundle-invalid-transaction',
      of(wire(0, { payload: Uint8Array.of(1) })),
      facts({})
    ],
    [
      'an unknown action beside a valid transaction',
      'ignore',
      'bundle-unknown-kind',
      of(wire(0), wire(1, { action: ACTION_TRANSFER + 60_000 })),
      facts({ admitted: 1 })
    ],
    ['none admitted', 'ignore', 'bundle-not-admitted', good, facts({})],
    [
      'the relay budget is empty',
      'ignore',
      'bundle-relay-budget',
      good,
      facts({ admitted: 1, relayEmpty: 1 })
    ]
  ])
}
