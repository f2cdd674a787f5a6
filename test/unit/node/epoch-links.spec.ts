/** The epochs between what a reader trusts and what a proof uses: how much of them one answer may hold. */
import assert from 'node:assert/strict'
import { EpochProofType } from '../../../src/codec/state-snapshot.ts'
import type { EpochProof } from '../../../src/codec/state-snapshot.ts'
import { StateProofType } from '../../../src/codec/state-proof.ts'
import { EpochLinkType } from '../../../src/codec/transfer-proof.ts'
import { LINKS_BYTES_MAX, proveEpochs } from '../../../src/node/epoch-links.ts'
import { COMMITTEE_KEYS } from '../../../src/sharding/epoch-records.ts'
import { checkGenesisOf } from '../../support/data-directory.ts'

const VALUE_BYTES = 512 * 1024

describe('epochs of a proof', () => {
  const epochProof = (epoch: number): EpochProof => {
    const proof = StateProofType.defaultValue()
    const value = new Uint8Array(VALUE_BYTES).fill(epoch)
    const empty = EpochProofType.defaultValue()
    return {
      ...empty,
      records: COMMITTEE_KEYS.map(() => ({ value, proof }))
    }
  }
  const genesis = checkGenesisOf(4)
  const coord = {
    epochProof,
    header: () => undefined,
    final: { height: 9_999, hash: new Uint8Array(32), epoch: 99, view: 1 }
  }

  it('PRF-4: as many as there are, up to 8 MiB; one more is unavailable, and says that a checkpoint helps', () => {
    const upTo = (epoch: number) => proveEpochs({ genesis, coord } as never, [epoch])
    let epochs = 1
    while (upTo(epochs + 1).ok) epochs += 1
    const most = upTo(epochs)
    assert(most.ok)
    const bytes = most.value.epochs.reduce((sum, link) => sum + EpochLinkType.value_serializedSize(link), 0)
    assert(bytes <= LINKS_BYTES_MAX && bytes > LINKS_BYTES_MAX - 2 * COMMITTEE_KEYS.length * VALUE_BYTES)
    const refused = upTo(epochs + 1)
    assert(!refused.ok)
    assert.equal(refused.code, 'PROOF_UNAVAILABLE')
    assert.match(refused.detail, /checkpoint/)
  })
})
