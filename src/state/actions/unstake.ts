/**
 * `unstake` (REG-11, REG-12): what is asked back stays bound for `unbondingEpochs`, in which it can still be taken, and
 * goes to an account of a shard with the first `unstake` of the validator after that, also with one that asks for
 * nothing more. It waits longer for shards that stand still (C26).
 */
import { homeShard } from '../../crypto/address.ts'
import { ACTION_UNSTAKE, MAX_UNBONDINGS, UnstakeType } from '../../codec/registry-records.ts'
import type { Unbonding, Unstake } from '../../codec/registry-records.ts'
import { mayBeNeeded } from '../coord/serving.ts'
import { readValidator, recordsOf, writeValidator } from '../coord/validators.ts'
import type { Ledger } from '../ledger.ts'
import { releaseStake, stakeOf } from '../stake.ts'
import type { BlockContext, CheckedTransaction, ReceiptPlace } from '../types.ts'
import type { Action } from './action.ts'
import { ON_COORD, isOwn } from './coordination.ts'

export const unstake: Action<Unstake> = {
  ...ON_COORD,
  number: ACTION_UNSTAKE,
  name: 'unstake',
  payloadType: UnstakeType,
  stateless: ({ key }, sender) => isOwn(key, sender),
  destinations: ({ to }, _sender, { shards }) => [homeShard(to, shards)],

  apply(checked, ledger, context) {
    const { key, consumer, industrial, to } = checked.payload
    const records = recordsOf(ledger)
    const record = readValidator(records, key)
    if (record === undefined) return 'validator-unknown'
    const epoch = Math.floor((context.height - 1) / context.params.epochLength)
    const isDue = (one: Unbonding): boolean =>
      one.epoch <= epoch && !mayBeNeeded(records, key, one.epoch - context.params.unbondingEpochs)
    const due = record.unbondings.filter(isDue)
    const waiting = record.unbondings.filter((one) => !due.includes(one))
    const asks = consumer > 0n || industrial > 0n
    if (asks) {
      const free = freeStake(ledger, key, record.unbondings)
      if (free.consumer < consumer || free.industrial < industrial) return 'stake-too-low'
      if (waiting.length >= MAX_UNBONDINGS) return 'unbonding-full'
      waiting.push({ epoch: epoch + context.params.unbondingEpochs, consumer, industrial, to })
    }
    writeValidator(ledger, key, { ...record, unbondings: waiting })
    return due.map((one) => payOut(one, checked, ledger, context))
  }
}

/** What is bound and not asked back yet. */
function freeStake(ledger: Ledger, key: Uint8Array, unbondings: readonly Unbonding[]) {
  let { consumer, industrial } = stakeOf(ledger, key)
  for (const asked of unbondings) {
    consumer -= asked.consumer
    industrial -= asked.industrial
  }
  return { consumer, industrial }
}

/** A sanction may have left less than was asked back. */
function payOut(
  { consumer, industrial, to }: Unbonding,
  { id, payload }: CheckedTransaction<Unstake>,
  ledger: Ledger,
  context: BlockContext
): ReceiptPlace {
  const held = stakeOf(ledger, payload.key)
  return releaseStake(ledger, context, {
    validator: payload.key,
    receiver: to,
    destination: homeShard(to, context.shards),
    amounts: {
      consumer: consumer < held.consumer ? consumer : held.consumer,
      industrial: industrial < held.industrial ? industrial : held.industrial
    },
    origin: id
  })
}
