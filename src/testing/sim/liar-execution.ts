/**
 * A faulty leader executes what it makes, as an honest one does: a block whose roots are wrong would be refused for them,
 * and the rule that its lie is about would never be asked.
 */
import { toHex } from '../../primitives/bytes.ts'
import { recordAttendance } from '../../chain/attendance.ts'
import { readDelivery } from '../../chain/delivery.ts'
import { executeBlock } from '../../chain/judge.ts'
import { receiveBlock } from '../../chain/receive.ts'
import { rewardFields } from '../../chain/reward.ts'
import type { Header } from '../../codec/block.ts'
import { receiptsOutRoot } from '../../codec/outcome.ts'
import type { Ground } from '../../node/chain/block-tree.ts'
import { judgementOfPlace } from '../../node/chain/judgement.ts'
import type { Chains } from '../../node/chains.ts'
import { stateAfter } from '../../state/overlay.ts'
import { checkStateless } from '../../state/stateless.ts'
import { readTotals } from '../../state/supply.ts'

export interface FalseBlock {
  readonly header: Header
  readonly body: Uint8Array
}

/** A block with the roots that its execution gives, and what a child of it stands on. */
export interface Executed {
  readonly block: FalseBlock
  readonly ground: Ground
}

/** @returns undefined where the liar lacks the parent, or the block may not be executed there at all. */
export type Execute = (block: FalseBlock, parent?: Ground) => Executed | undefined

export function createExecute(chains: () => Chains | undefined): Execute {
  return (block, on) => {
    const node = chains()
    const chain = node?.list.find((one) => one.chain === block.header.chain)
    const parent = on ?? chain?.tree.ground(toHex(block.header.parent))
    return node === undefined || parent === undefined ? undefined : executeOn(node, block, parent)
  }
}

function executeOn({ constants, epochs }: Chains, { header, body }: FalseBlock, parent: Ground) {
  const snapshot = epochs.snapshot(header.epoch)
  const received = receiveBlock(header, body)
  if (snapshot === undefined || !received.ok) return undefined
  const { transactions, deliveries, evidence } = received.value.body
  const checked = transactions.flatMap((bytes) => {
    const one = checkStateless(constants, bytes)
    return one.ok ? [one.value] : []
  })
  const delivered = deliveries.flatMap((bytes) => {
    const read = readDelivery(bytes)
    if (!read.ok) return []
    const { header: of, entries, acknowledgement } = read.value
    const receipts = entries.flatMap(({ entry }) => entry.receipts)
    return [{ source: of.chain, bytes, receipts, acknowledgement: acknowledgement[0]?.lane }]
  })
  if (checked.length !== transactions.length || evidence.length > 0) return undefined
  const schedule = epochs.schedule(header.chain, header.epoch)
  const place = judgementOfPlace(header, parent, snapshot, constants, schedule)
  const against = { ...place, coordHash: header.coordHash, transactions: checked }
  const executed = executeBlock(received.value, against, delivered, [])
  if (!executed.ok) return undefined
  const { emitted, received: answers, changes } = executed.value
  const whole = {
    ...header,
    receiptsOutRoot: receiptsOutRoot(emitted, answers),
    stateRoot: changes.root,
    ...rewardFields(header.height, snapshot.params, readTotals(parent.state))
  }
  const made = receiveBlock(whole, body)
  if (!made.ok) return undefined
  const { hash } = made.value
  const state = stateAfter(parent.state, changes)
  const ground = { header: whole, hash, state, attendance: recordAttendance(parent.attendance, made.value) }
  return { block: { header: whole, body }, ground }
}
