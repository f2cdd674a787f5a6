import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import {
  FINALISE,
  NOTARISE,
  NULLIFY,
  isStatementKind,
  signedBytes,
  statementBytes
} from '../../../src/codec/statement.ts'
import type { Statement, Vote } from '../../../src/codec/statement.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { ZERO_HASH, concat, utf8 } from '../../../src/primitives/bytes.ts'

const statement: Statement = {
  network: new Uint8Array(32).fill(1),
  chain: shardId(2),
  epoch: 3,
  view: 4,
  kind: NOTARISE,
  hash: new Uint8Array(32).fill(5)
}

describe('what a validator signs', () => {
  it('C4: tag, network, chain, epoch, view, kind and hash, each of fixed width', () => {
    const tag = concat(utf8('icn/statement/1'), new Uint8Array(32 - 'icn/statement/1'.length))
    const count = (value: number): Uint8Array => Uint8Array.of(value, 0, 0, 0, 0, 0, 0, 0)
    deepEqual(
      statementBytes(statement),
      concat(
        tag,
        statement.network,
        Uint8Array.of(2, 0),
        count(3),
        count(4),
        Uint8Array.of(1),
        statement.hash
      )
    )
  })

  it('C4: every field changes the bytes, so no signature serves twice', () => {
    const others: Partial<Statement>[] = [
      { network: new Uint8Array(32).fill(2) },
      { chain: COORD },
      { epoch: 4 },
      { view: 5 },
      { kind: FINALISE },
      { hash: ZERO_HASH }
    ]
    for (const fields of others) {
      notDeepEqual(statementBytes({ ...statement, ...fields }), statementBytes(statement))
    }
  })

  it('C4: a vote is signed as its statement; signer and signature are not in it', () => {
    const { network, ...said } = statement
    const vote: Vote = { ...said, signer: 7, signature: new Uint8Array(64).fill(9) }
    deepEqual(signedBytes(network, vote), statementBytes(statement))
  })

  it('C4: there are three kinds', () => {
    deepEqual([NOTARISE, NULLIFY, FINALISE], [1, 2, 3])
    deepEqual([0, 1, 2, 3, 4].map(isStatementKind), [false, true, true, true, false])
    equal(statementBytes(statement).length, 32 + 32 + 2 + 8 + 8 + 1 + 32)
  })
})
