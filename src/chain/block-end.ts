/**
 * What the rules change at the end of every block of every chain, also of an empty one (STA-16): after deliveries and
 * transactions, before receipts are numbered and the tree is updated. Builders, judges, sync, `icn check` and the
 * simulator all come through here, since a block is only ever made by `buildBlock` and accepted by `judgeBlock`.
 *
 * It must be cheap where it has nothing to do: it runs a few times for each block.
 */
import type { BlockEnd } from '../state/apply-block.ts'
import { payReward } from '../state/emission.ts'
import { recordOffence } from '../state/conduct/evidence.ts'
import { slashStake } from '../state/conduct/slash.ts'
import type { Ledger } from '../state/ledger.ts'
import type { BlockEndContext } from './block-end-context.ts'
import { countFacts } from './facts-step.ts'
import { freezeSeats, mixReveal } from './freeze-step.ts'

/** One step of a block's end. */
type EndStep = (ledger: Ledger, context: BlockEndContext) => void

/** C30: before an epoch is frozen, so that whoever is proven guilty in that very block is not seated in it. */
const recordOffences: EndStep = (ledger, { offences, epoch, height, params }) => {
  for (const offence of offences) recordOffence(ledger, offence, { epoch, height, params }, slashStake)
}

/** In their order. A step reads and writes records of its own by `ledger.record` and `ledger.setRecord`. */
const STEPS: readonly EndStep[] = [payReward, recordOffences, countFacts, mixReveal, freezeSeats]

export const endOfBlock =
  (context: BlockEndContext): BlockEnd =>
  (ledger) => {
    for (const step of STEPS) step(ledger, context)
  }
