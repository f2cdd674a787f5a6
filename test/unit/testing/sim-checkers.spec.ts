import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import { COORD } from '../../../src/primitives/chain-id.ts'
import { ZERO_HASH } from '../../../src/primitives/bytes.ts'
import { FINALISE, NOTARISE, NULLIFY, VoteType, statementBytes } from '../../../src/codec/statement.ts'
import type { StatementKind } from '../../../src/codec/statement.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import type { Header } from '../../../src/codec/block.ts'
import { Agreement } from '../../../src/testing/sim/checkers/agreement.ts'
import { keyedCrypto } from '../../../src/testing/sim/crypto.ts'
import { StatementBook } from '../../../src/testing/sim/statements.ts'
import { COVERED, coverageText, neverReached, noCoverage } from '../../../src/testing/sim/coverage.ts'

const NETWORK = sha256(Uint8Array.of(9))
const hashOf = (number: number): Uint8Array => sha256(Uint8Array.of(number))
const signers = [0, 1, 2, 3].map((index) => keyedCrypto.signer(Uint8Array.of(index)))

describe('simulator: statements that left a machine', () => {
  let conflicts: string[] = []
  let book = new StatementBook(() => undefined)

  beforeEach(() => {
    conflicts = []
    book = new StatementBook((text) => conflicts.push(text))
  })

  function vote(kind: StatementKind, hash: Uint8Array, place = { epoch: 0, view: 1 }): Uint8Array {
    const fields = { chain: COORD, ...place, kind, hash }
    const signature = book.watch(signers[0]!).sign(statementBytes({ network: NETWORK, ...fields }))
    return VoteType.serialize({ ...fields, signer: 0, signature })
  }

  const CONFLICTS: readonly (readonly [string, StatementKind, number, StatementKind, number])[] = [
    ['two notarise hashes', NOTARISE, 1, NOTARISE, 2],
    ['two finalise hashes', FINALISE, 1, FINALISE, 2],
    ['nullify and finalise', NULLIFY, 0, FINALISE, 1]
  ]
  for (const [name, kind, hash, otherKind, otherHash] of CONFLICTS) {
    it(`invariant 2: ${name} in one view is a conflict, in either order`, () => {
      const [one, other] = [vote(kind, hashOf(hash)), vote(otherKind, hashOf(otherHash))]
      book.left('vote', other)
      book.left('vote', one)
      assert.equal(conflicts.length, 1)
    })
  }

  it('invariant 2: one statement twice, notarise and finalise, notarise and nullify are none', () => {
    for (const kind of [NOTARISE, NOTARISE, FINALISE] as const) book.left('vote', vote(kind, hashOf(1)))
    const next = { epoch: 0, view: 2 }
    book.left('vote', vote(NOTARISE, hashOf(2), next))
    book.left('vote', vote(NULLIFY, ZERO_HASH, next))
    book.left('vote', vote(NOTARISE, hashOf(3), { epoch: 1, view: 1 }))
    assert.deepEqual(conflicts, [])
  })

  it('C11: a signature that never left binds nobody', () => {
    vote(NOTARISE, hashOf(1))
    book.left('vote', vote(NOTARISE, hashOf(2)))
    assert.deepEqual([conflicts, book.made], [[], 2])
  })
})

describe('simulator: agreement', () => {
  const committee = signers.map(({ publicKey }) => publicKey)

  function stage() {
    const violations: string[] = []
    const violation = (text: string): unknown => violations.push(text)
    const agreement = new Agreement({
      network: NETWORK,
      committee: () => committee,
      verifier: keyedCrypto.verifier,
      violation
    })
    return { agreement, violations }
  }

  function event(
    height: number,
    hash: Uint8Array,
    change: { root?: Uint8Array; by?: readonly number[] } = {}
  ) {
    const statement = { network: NETWORK, chain: COORD, epoch: 0, view: height, kind: FINALISE, hash }
    const by = change.by ?? [0, 1, 2]
    const bits = BitArray.fromBoolArray(committee.map((_, index) => by.includes(index)))
    const signatures = by.map((index) => signers[index]!.sign(statementBytes(statement)))
    const header = { height, stateRoot: change.root ?? ZERO_HASH } as Header
    const certificate = { ...statement, signers: bits, signatures }
    return {
      chain: COORD,
      header,
      hash,
      certificate,
      transactionIds: [],
      state: { get: () => undefined },
      tookMs: 0
    }
  }

  it('invariant 1: two final blocks at one height are a violation, one at two nodes is none', () => {
    const { agreement, violations } = stage()
    agreement.onFinal(0, event(1, hashOf(1)))
    agreement.onFinal(1, event(1, hashOf(1)))
    assert.deepEqual(violations, [])
    agreement.onFinal(2, event(1, hashOf(2)))
    assert.match(violations.join(), /^invariant 1/)
  })

  it('invariant 3: one block with two state roots is a violation', () => {
    const { agreement, violations } = stage()
    agreement.onFinal(0, event(1, hashOf(1)))
    agreement.onFinal(1, event(1, hashOf(1), { root: hashOf(5) }))
    assert.match(violations.join(), /^invariant 3/)
  })

  it('invariant 6: a height left out, repeated, or lower after a restart is a violation', () => {
    for (const after of [1, 3]) {
      const { agreement, violations } = stage()
      agreement.onFinal(0, event(1, hashOf(1)))
      agreement.onFinal(0, event(after, hashOf(after)))
      assert.match(violations.join(), /^invariant 6/)
    }
    const { agreement, violations } = stage()
    agreement.onFinal(0, event(1, hashOf(1)))
    agreement.onRestarted(0, COORD, 1)
    assert.deepEqual(violations, [])
    agreement.onRestarted(0, COORD, 0)
    assert.match(violations.join(), /^invariant 6/)
  })

  it('C5: a certificate below a quorum, or with a signature of another key, is a violation', async () => {
    const { agreement, violations } = stage()
    agreement.onFinal(0, event(1, hashOf(1), { by: [0, 1] }))
    assert.match(violations.join(), /2 signers, not 3/)
    const forged = event(1, hashOf(2))
    forged.certificate.signatures[0] = signers[3]!.sign(hashOf(1))
    const other = stage()
    other.agreement.onFinal(0, forged)
    await Promise.resolve()
    await Promise.resolve()
    assert.match(other.violations.join(), /does not verify/)
  })
})

describe('simulator: coverage', () => {
  it('D19: what was never reached is named', () => {
    const coverage = { ...noCoverage(), crashes: 1 }
    assert.equal(neverReached(coverage, COVERED).includes('crashes'), false)
    assert.equal(neverReached(coverage, COVERED).includes('epochs'), true)
    assert.match(coverageText(coverage, COVERED), /crashes=1/)
  })
})
