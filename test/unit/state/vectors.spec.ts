import { equal, ok } from 'node:assert/strict'
import { fromHex } from '../../../src/primitives/bytes.ts'
import { decode } from '../../../src/codec/ssz.ts'
import { StateProofType } from '../../../src/codec/state-proof.ts'
import { rebuildRoot, verifyProof } from '../../../src/state/proof.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { stateVectors } from '../../../scripts/state-vectors.ts'
import { readText } from '../../support/repository.ts'

interface ProofVector {
  readonly name: string
  readonly root: string
  readonly key: string
  readonly value: readonly string[]
  readonly proof: string
}
interface StateVectors {
  readonly trees: readonly {
    readonly name: string
    readonly values: Record<string, string>
    readonly root: string
  }[]
  readonly accepted: readonly ProofVector[]
  readonly refused: readonly ProofVector[]
}

const text = readText('protocols/vectors/state.json')
const file = JSON.parse(text) as StateVectors

function holds({ root, key, value, proof }: ProofVector): boolean {
  const decoded = decode(StateProofType, fromHex(proof))
  const [found] = value
  return (
    decoded.ok &&
    verifyProof(fromHex(root), fromHex(key), found === undefined ? undefined : fromHex(found), decoded.value)
  )
}

describe('State vectors', () => {
  it('STA-14: the generator writes the same bytes again', () => {
    equal(stateVectors(), text)
  })

  it('STA-13: every tree has the root that its values give', () => {
    ok(file.trees.length > 0)
    for (const { name, values, root } of file.trees) {
      const flat = Object.entries(values).map(([key, value]) => [fromHex(key), fromHex(value)] as const)
      equal(toHex(rebuildRoot(flat)), root, name)
    }
  })

  it('STA-8, STA-9, STA-10: every accepted proof holds, every refused one does not', () => {
    ok(file.accepted.length > 0 && file.refused.length > 0)
    for (const vector of file.accepted) ok(holds(vector), vector.name)
    for (const vector of file.refused) ok(!holds(vector), vector.name)
  })
})
