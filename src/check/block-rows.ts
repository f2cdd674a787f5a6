/** The blocks of one chain database in height order, each checked against its own hashes and linked to the one before. */
import { equal, toHex, u64be } from '../primitives/bytes.ts'
import { receiveBlock } from '../chain/receive.ts'
import { HeaderType, blockHash } from '../codec/block.ts'
import type { Block, Header } from '../codec/block.ts'
import { decode } from '../codec/ssz.ts'
import type { StoppedDatabase } from './database.ts'
import type { Report } from './findings.ts'
import { CHAIN_ROWS } from './layout.ts'
import { readCount } from './records.ts'

export interface StoredBlock {
  readonly height: number
  /** undefined: the header cannot be read or is not the one its hash says. */
  readonly header: Header | undefined
  readonly hash: Uint8Array
  /** undefined: the body is missing or another; the header was read then. */
  readonly block: Block | undefined
  /** Whether the parent is the block stored below. */
  readonly linked: boolean
}

/**
 * Rows that cannot be a block are reported and skipped.
 * @param earliest height of the oldest block that the database says it has; its parent is not here
 */
export async function* readBlocks(
  database: StoppedDatabase,
  report: Report,
  earliest = 0
): AsyncIterable<StoredBlock> {
  let next = earliest
  let parent: Uint8Array | undefined
  for await (const [key, value] of database.rows(CHAIN_ROWS.header)) {
    const height = readCount(key)
    if (height === undefined) {
      report('header', toHex(key), 'a key that is no height')
      continue
    }
    if (height !== next) report('header', height, `the header before it is missing: ${next} was expected`)
    const header = readHeader(height, value, report)
    const hash = value.subarray(0, 32)
    const linked = height === earliest || (height === next && header !== undefined && isChild(header, parent))
    if (header !== undefined && !linked)
      report('header', height, 'its parent is not the block stored below it')
    const block = header === undefined ? undefined : readBody(database, header, report)
    yield { height, header, hash, block, linked }
    parent = hash
    next = height + 1
  }
}

const isChild = (header: Header, parent: Uint8Array | undefined): boolean =>
  parent !== undefined && equal(header.parent, parent)

function readHeader(height: number, value: Uint8Array, report: Report): Header | undefined {
  const decoded = decode(HeaderType, value.subarray(32))
  if (value.length < 32 || !decoded.ok) {
    report('header', height, 'it cannot be decoded')
    return undefined
  }
  const header = decoded.value
  if (header.height !== height) {
    report('header', height, `it is the header of height ${header.height}`)
    return undefined
  }
  const hash = blockHash(header)
  if (equal(hash, value.subarray(0, 32))) return header
  report('header', height, `it has the hash ${toHex(hash)}, stored as ${toHex(value.subarray(0, 32))}`)
  return undefined
}

function readBody(database: StoppedDatabase, header: Header, report: Report): Block | undefined {
  const bytes = database.get(CHAIN_ROWS.body, u64be(header.height))
  if (bytes === undefined) {
    report('body', header.height, 'it is missing')
    return undefined
  }
  const block = receiveBlock(header, bytes)
  if (block.ok) return block.value
  report('body', header.height, block.detail)
  return undefined
}
