import { deepEqual, equal } from 'node:assert/strict'
import { offenceId } from '../../../src/codec/evidence.ts'
import type { Offence } from '../../../src/codec/evidence.ts'
import { ACTION_DISPUTE, DisputeOrderType, DisputesType } from '../../../src/codec/sanctions.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { REGISTRY_MANA } from '../../../src/state/actions/coordination.ts'
import { applyBlock } from '../../../src/state/apply-block.ts'
import { commit } from '../../../src/state/commit.ts'
import { recordOffence } from '../../../src/state/conduct/evidence.ts'
import { disputesKey, sanctionKey } from '../../../src/state/conduct/keys.ts'
import { Ledger } from '../../../src/state/ledger.ts'
import { checkStateless } from '../../../src/state/stateless.ts'
import type { CheckedTransaction } from '../../../src/state/types.ts'
import {
  COIN,
  CONSTANTS,
  PARAMS,
  TRANSFER_MANA,
  aContext,
  genesisState,
  party,
  transferBytes,
  withParams
} from '../../support/state.ts'

const [accused, other] = [party(1), party(2)]
const offence: Offence = { publicKey: accused.key, chain: COORD, epoch: 1, view: 2, kind: 3 }
const ID = offenceId(offence)
const TEXT = new Uint8Array(32).fill(9)

/** Coordination's state with two accounts, in which one of them is proven guilty. */
function court() {
  const holds = ({ address }: typeof accused) => ({ address, consumer: COIN, industrial: 0n })
  const state = genesisState([holds(accused), holds(other)])
  const ledger = new Ledger(state)
  const at = { epoch: 1, height: 20, params: PARAMS }
  recordOffence(ledger, offence, at, () => ({ consumer: 0n, industrial: 0n }))
  return state.apply(commit(state, ledger.changedValues()))
}

function dispute(from: typeof accused, nonce: number, id = ID, chain = COORD): CheckedTransaction {
  const payload = DisputeOrderType.serialize({ offence: id, textHash: TEXT })
  const fields = {
    chain,
    action: ACTION_DISPUTE,
    nonce: BigInt(nonce),
    payload,
    maxMana: REGISTRY_MANA + TRANSFER_MANA,
    fee: 0n
  }
  const checked = checkStateless(CONSTANTS, transferBytes(from, {}, fields))
  if (!checked.ok) throw new RangeError(checked.code)
  return checked.value
}

describe('SAN-7: disputes', () => {
  const context = aContext({ chain: COORD, height: 33 })
  function failures(
    transactions: CheckedTransaction[],
    state = court(),
    at = context
  ): (string | undefined)[] {
    const done = applyBlock(state, at, { deliveries: [], transactions })
    if (!done.ok) throw new RangeError(done.detail)
    state.apply(done.value.changes)
    return done.value.results.map(({ failure }) => failure)
  }

  it('SAN-7, REG-6: it costs no fee, and mana like what a validator says of itself', () => {
    const { transaction } = dispute(accused, 0)
    deepEqual([transaction.fee, transaction.maxMana], [0n, 103n])
    deepEqual(failures([dispute(accused, 0)]), [undefined])
  })

  it('SAN-7: the accused contests: its word is listed, and nothing else changes', () => {
    const state = court()
    const before = state.get(sanctionKey(accused.key))
    deepEqual(failures([dispute(accused, 0)], state), [undefined])
    deepEqual(DisputesType.deserialize(state.get(disputesKey(ID))!).disputes, [
      { sender: accused.address, textHash: TEXT, height: 33 }
    ])
    deepEqual(state.get(sanctionKey(accused.key)), before)
  })

  it('SAN-7: nobody else contests, and nothing that is not proven', () => {
    deepEqual(failures([dispute(other, 0)]), ['not-accused'])
    deepEqual(failures([dispute(accused, 0, TEXT)]), ['unknown-offence'])
  })

  it('SAN-7: four times, not five', () => {
    const all = [0, 1, 2, 3, 4].map((nonce) => dispute(accused, nonce))
    deepEqual(failures(all), [undefined, undefined, undefined, undefined, 'disputes-full'])
  })

  it('SAN-7: a full state takes none', () => {
    const full = withParams({ maxStateBytes: 300 }, { chain: COORD })
    deepEqual(failures([dispute(accused, 0)], court(), full), ['state-full'])
  })

  it('SAN-7, TX-4: on the coordination chain alone', () => {
    const payload = DisputeOrderType.serialize({ offence: ID, textHash: TEXT })
    const elsewhere = checkStateless(
      CONSTANTS,
      transferBytes(accused, {}, { action: ACTION_DISPUTE, payload })
    )
    equal(elsewhere.ok ? 'taken' : elsewhere.code, 'wrong-chain')
  })
})
