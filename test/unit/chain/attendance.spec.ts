import assert from 'node:assert/strict'
import { BitArray } from '@chainsafe/ssz'
import {
  LATE_ANCESTORS,
  attendanceOf,
  chooseLateVotes,
  judgeLateVotes,
  recordAttendance
} from '../../../src/chain/attendance.ts'
import type { AttendanceBook } from '../../../src/chain/attendance.ts'
import { MAX_LATE_VOTES } from '../../../src/codec/block.ts'
import type { Attendance, Block } from '../../../src/codec/block.ts'
import { NULLIFY } from '../../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../../src/codec/statement.ts'
import { ZERO_HASH } from '../../../src/primitives/bytes.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { NOTARISE, aBlock } from '../../support/consensus.ts'

const MEMBERS = 4

const voteFor = ({ header, hash }: Block, signer: number, fields: Partial<Vote> = {}): Vote => {
  const { chain, epoch, view } = header
  return { chain, epoch, view, kind: NOTARISE, hash, signer, signature: new Uint8Array(64), ...fields }
}

const certificateOf = ({ header, hash }: Block, signers: readonly number[]): Certificate => {
  const { chain, epoch, view } = header
  const bits = BitArray.fromBoolArray(Array.from({ length: MEMBERS }, (_, index) => signers.includes(index)))
  return { chain, epoch, view, kind: NOTARISE, hash, signers: bits, signatures: [] }
}

const withAttendance = (block: Block, attendance: Attendance): Block => ({
  ...block,
  body: { ...block.body, attendance }
})

/** Heights 1 … count in views of the same number; each certificate names members 0, 1 and 2. */
function aChain(count: number, epoch = 0): Block[] {
  const blocks: Block[] = []
  for (let height = 1; height <= count; height++) {
    const parent = blocks.at(-1)
    const block = aBlock({ height, view: height, epoch, ...(parent && { parent: parent.hash }) })
    const parentCertificate = parent === undefined ? [] : [certificateOf(parent, [0, 1, 2])]
    blocks.push(withAttendance(block, { parentCertificate, lateVotes: [] }))
  }
  return blocks
}

/** The verdict on late votes in a child of the last block. */
function judged(blocks: readonly Block[], lateVotes: readonly Vote[], book = attendanceOf(blocks)): string {
  const parent = blocks.at(-1)!
  const attendance = { parentCertificate: [certificateOf(parent, [0, 1, 2])], lateVotes: [...lateVotes] }
  const header = { ...parent.header, height: parent.header.height + 1, view: parent.header.view + 1 }
  return judgeLateVotes(header, attendance, book, MEMBERS)?.detail.replace(/^.*: /, '') ?? 'valid'
}

const recordedIn = (book: AttendanceBook): number[][] => book.map(({ recorded }) => [...recorded])

describe('C28: who is recorded', () => {
  it('C28: those that the child’s certificate names, and those whose late vote a descendant carries', () => {
    const [first, second, third] = aChain(3)
    const late = withAttendance(third!, { ...third!.body.attendance, lateVotes: [voteFor(first!, 3)] })
    assert.deepEqual(recordedIn(attendanceOf([first!, second!])), [[0, 1, 2], []])
    assert.deepEqual(recordedIn(attendanceOf([first!, second!, late])), [[0, 1, 2, 3], [0, 1, 2], []])
  })

  it(`C28: of the last ${LATE_ANCESTORS} ancestors, and what is read from that many blocks is the same`, () => {
    const blocks = aChain(12)
    const book = attendanceOf(blocks)
    assert.deepEqual(
      book.map(({ view }) => view),
      [5, 6, 7, 8, 9, 10, 11, 12]
    )
    assert.deepEqual(attendanceOf(blocks.slice(-LATE_ANCESTORS)), book)
  })

  it('C28: an epoch begins with an empty book, and so does genesis', () => {
    const blocks = aChain(3)
    const first = aBlock({ height: 4, view: 1, epoch: 1, parent: blocks.at(-1)!.hash })
    assert.deepEqual(
      recordAttendance(attendanceOf(blocks), first).map(({ view, epoch }) => [epoch, view]),
      [[1, 1]]
    )
    assert.deepEqual(recordAttendance([], aBlock({ height: 0, view: 0 })), [])
  })

  it('C28: what a book says of other branches does not change', () => {
    const [first, second, third] = aChain(3)
    const book = attendanceOf([first!])
    recordAttendance(book, second!)
    assert.deepEqual(recordedIn(book), [[]])
    assert.deepEqual(recordedIn(recordAttendance(book, third!)), [[], []])
  })
})

describe('C28: late votes in a block', () => {
  const blocks = aChain(10)
  const at = (height: number): Block => blocks[height - 1]!

  it('C28: of the parent and of seven before it, not of the ninth', () => {
    assert.equal(judged(blocks, [voteFor(at(10), 3)]), 'valid')
    assert.equal(judged(blocks, [voteFor(at(3), 3)]), 'valid')
    assert.equal(judged(blocks, [voteFor(at(2), 3)]), 'for none of the last ancestors')
  })

  it('C28: not of a member that is recorded, by the own certificate, an earlier one or an earlier late vote', () => {
    assert.equal(judged(blocks, [voteFor(at(10), 0)]), 'recorded before')
    assert.equal(judged(blocks, [voteFor(at(7), 2)]), 'recorded before')
    const { attendance } = at(10).body
    const late = withAttendance(at(10), { ...attendance, lateVotes: [voteFor(at(7), 3)] })
    assert.equal(judged([...blocks.slice(0, 9), late], [voteFor(at(7), 3)]), 'recorded before')
  })

  it('C28: ascending by view and signer, so none twice', () => {
    const book = attendanceOf(blocks).map((one) => ({ ...one, recorded: new Set<number>() }))
    const of = (...votes: [number, number][]): string =>
      judged(
        blocks,
        votes.map(([height, signer]) => voteFor(at(height), signer)),
        book
      )
    assert.equal(of([8, 1], [8, 3], [9, 0]), 'valid')
    assert.equal(of([8, 3], [8, 1]), 'out of order')
    assert.equal(of([9, 0], [8, 1]), 'out of order')
    assert.equal(of([8, 3], [8, 3]), 'out of order')
  })

  it('C28: notarise votes of this chain and epoch, for the ancestor’s hash in its view, by a member', () => {
    const instance = 'not a notarise vote of this instance'
    const rows: [Partial<Vote>, string][] = [
      [{ kind: NULLIFY, hash: ZERO_HASH }, instance],
      [{ kind: 3 }, instance],
      [{ chain: shardId(1) }, instance],
      [{ epoch: 1 }, instance],
      [{ signer: MEMBERS }, 'no such member'],
      [{ view: 8 }, 'for none of the last ancestors'],
      [{ hash: ZERO_HASH }, 'for none of the last ancestors']
    ]
    for (const [fields, expected] of rows) {
      assert.equal(judged(blocks, [voteFor(at(9), 3, fields)]), expected, JSON.stringify(fields))
    }
    assert.equal(at(9).header.chain, COORD)
  })

  it('C28: an ancestor of the epoch before is none', () => {
    const first = aBlock({ height: 11, view: 1, epoch: 1, parent: at(10).hash })
    const book = [...attendanceOf(blocks), ...attendanceOf([first])]
    const vote = voteFor(at(10), 3, { epoch: 1 })
    assert.equal(judged([first], [vote], book), 'for none of the last ancestors')
  })
})

describe('C28: choosing late votes', () => {
  it('C28: whom nobody recorded, oldest first, in the order that is judged', () => {
    const blocks = aChain(9)
    const certificate = certificateOf(blocks.at(-1)!, [0, 1, 2])
    const held = (signers: readonly number[]) => (of: { readonly view: number }) =>
      signers.map((signer) => voteFor(blocks[of.view - 1]!, signer))
    const chosen = chooseLateVotes(attendanceOf(blocks), { epoch: 0, certificate }, held([3, 1]))
    assert.deepEqual(
      chosen.map(({ view, signer }) => [view, signer]),
      [2, 3, 4, 5, 6, 7, 8, 9].map((view) => [view, 3])
    )
    assert.equal(judged(blocks, chosen), 'valid')
  })

  it(`C28: at most ${MAX_LATE_VOTES}`, () => {
    const blocks = aChain(9)
    const held = (of: { readonly view: number }): Vote[] =>
      Array.from({ length: 6 }, (_, index) => voteFor(blocks[of.view - 1]!, 8 - index))
    const chosen = chooseLateVotes(attendanceOf(blocks), { epoch: 0, certificate: undefined }, held)
    assert.equal(chosen.length, MAX_LATE_VOTES)
    assert.deepEqual(
      chosen.slice(0, 6).map(({ signer }) => signer),
      [3, 4, 5, 6, 7, 8]
    )
  })

  it('C28: none for a child of the base', () => {
    const blocks = aChain(3)
    const all = (): Vote[] => [voteFor(blocks[2]!, 3)]
    assert.deepEqual(chooseLateVotes(attendanceOf(blocks), { epoch: 1, certificate: undefined }, all), [])
  })
})
