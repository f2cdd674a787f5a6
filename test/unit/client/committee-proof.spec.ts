import { deepEqual, equal, ok } from 'node:assert/strict'
import { verifyCommitteeProof } from '../../../src/client/committee-proof.ts'
import { blockHash } from '../../../src/codec/block.ts'
import { CommitteeProofType } from '../../../src/codec/committee-proof.ts'
import type { CommitteeProof } from '../../../src/codec/committee-proof.ts'
import { makeCommitteeProof } from '../../../src/node/committee-proof.ts'
import { genesisToJson } from '../../../src/params/genesis-json.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ProofWorld } from '../../../src/testing/proof-world.ts'
import { A, paidScene, proofWorld } from '../../support/proof-scene.ts'

describe('the light check', () => {
  let world: ProofWorld
  let genesis = ''
  let bytes: Uint8Array
  let proof: CommitteeProof

  const made = (checkpoint?: number): Uint8Array => {
    const sources = { genesis: world.genesis, coord: world.store(COORD) }
    const answer = makeCommitteeProof(sources, world.tip(COORD), checkpoint)
    if (!answer.ok) throw new RangeError(answer.detail)
    return answer.value
  }

  before(async () => {
    world = await proofWorld()
    await paidScene(world)
    genesis = genesisToJson(world.genesis)
    bytes = made()
    proof = CommitteeProofType.deserialize(bytes)
  })

  const code = (change: Partial<CommitteeProof>): string => {
    const checked = verifyCommitteeProof(CommitteeProofType.serialize({ ...proof, ...change }), genesis)
    return checked.ok ? 'ok' : checked.code
  }

  it('PRF-9, C32: from the genesis to the committees of the running epoch, of every chain', () => {
    const checked = verifyCommitteeProof(bytes, genesis)
    ok(checked.ok)
    const { epoch, place, committees } = checked.value
    const { header } = world.tip(COORD)
    const hash = blockHash(header)
    deepEqual([epoch, place], [header.epoch, { chain: 'coord', height: header.height, hash: toHex(hash) }])
    ok(epoch > 1)
    deepEqual(
      committees.map(({ chain, n, quorum, f }) => [chain, n, quorum, f]),
      [0, 1, 'coord'].map((chain) => [chain, 4, 3, 1])
    )
    const keys = committees[2]!.validators.map(({ validator }) => validator)
    deepEqual(keys, world.genesis.validators.map(({ key }) => toHex(key)).toSorted())
  })

  it('PRF-9: what another committee signed, another chain’s header or another certificate proves nothing', () => {
    equal(code({}), 'ok')
    equal(code({ version: 2 }), 'proof-malformed')
    equal(code({ header: world.tip(A).header }), 'proof-chains')
    equal(code({ header: { ...proof.header, timeMs: proof.header.timeMs + 1 } }), 'proof-certificate')
    const [first = new Uint8Array(64)] = proof.certificate.signatures
    const forged = { ...proof.certificate, signatures: proof.certificate.signatures.map(() => first) }
    equal(code({ certificate: forged }), 'proof-signatures')
  })

  it('PRF-9, PRF-4: every epoch from the genesis on is shown, and no more', () => {
    equal(code({ epochs: proof.epochs.slice(1) }), 'proof-epochs')
    equal(code({ epochs: proof.epochs.slice(0, -1) }), 'proof-epochs')
    const [link] = proof.epochs
    const forged = { ...link!, certificate: { ...link!.certificate, signatures: [] } }
    equal(code({ epochs: [forged, ...proof.epochs.slice(1)] }), 'proof-signatures')
  })

  it('PRF-9, PRF-3: or from a block that the reader vouches for', () => {
    const height = 9
    const hash = world.store(COORD).hashAt(height)!
    const shorter = made(height)
    equal(CommitteeProofType.deserialize(shorter).start.length, 1)
    const checked = verifyCommitteeProof(shorter, genesis, { height, hash })
    ok(checked.ok)
    const other = verifyCommitteeProof(shorter, genesis, { height, hash: new Uint8Array(32) })
    equal(other.ok ? 'ok' : other.code, 'proof-start')
  })
})
