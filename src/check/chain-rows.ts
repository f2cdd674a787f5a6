/** The rows of a chain that are not blocks: marks, certificates, boundaries, snapshots, and rows that nothing explains. */
import { equal, toHex, utf8 } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import { CertifiedHeaderType } from '../codec/messages.ts'
import type { CertifiedHeader } from '../codec/messages.ts'
import { blockHash } from '../codec/block.ts'
import { decode } from '../codec/ssz.ts'
import { CertificateType, FINALISE } from '../codec/statement.ts'
import type { Certificate } from '../codec/statement.ts'
import { isOver } from './certificates.ts'
import { isBoundary } from '../sharding/epochs.ts'
import type { StoppedDatabase } from './database.ts'
import type { Report } from './findings.ts'
import { CHAIN_LAYOUT, CHAIN_ROWS } from './layout.ts'
import { ChainMarkType, TipType, readCount } from './records.ts'
import { checkEpochProofs, checkStateSnapshots } from './state-snapshot-rows.ts'
import type { ChainRows } from './chain-scope.ts'
import type { PlacedBlock } from './walk.ts'

export async function checkChainRows(rows: ChainRows): Promise<void> {
  const finality = await checkCertificates(rows)
  await checkMeta(rows, finality)
  await checkBoundaries(rows)
  await checkSnapshots(rows)
  await checkEpochProofs(rows)
  await checkStateSnapshots(rows)
  await checkLeftovers(rows)
}

/** @returns the certificate of the last block. */
async function checkCertificates(rows: ChainRows): Promise<Certificate | undefined> {
  const { database, walked, report } = rows
  const last = walked.blocks.length - 1
  let covered = 0
  let finality: Certificate | undefined
  for await (const [key, value] of database.rows(CHAIN_ROWS.certificate)) {
    const height = readCount(key)
    const decoded = decode(CertificateType, value)
    if (height === undefined || !decoded.ok) {
      report('certificate', height ?? toHex(key), 'it cannot be decoded')
      continue
    }
    const problem = await certificateProblem(rows, 'certificate', height, decoded.value)
    if (problem !== undefined) report('certificate', height, problem)
    else {
      covered = height
      finality = decoded.value
    }
  }
  if (covered < last)
    report('certificate', last, `no valid certificate above height ${covered} makes it final`)
  return covered === last ? finality : undefined
}

async function certificateProblem(
  rows: ChainRows,
  bucket: string,
  height: number,
  certificate: Certificate
): Promise<string | undefined> {
  const { walked, directory, epochs, report, signatures } = rows
  const block = walked.blocks[height]
  if (block === undefined || height === 0) return 'there is no such block to certify'
  if (certificate.kind !== FINALISE || !isOver(certificate, { ...block, chain: walked.chain })) {
    return 'it is not a finality certificate of the block stored here'
  }
  if (!isViewOf(certificate, block)) {
    return `it is of view ${certificate.view}, the block of view ${block.view}`
  }
  const where = `${directory}: ${chainName(walked.chain)} ${bucket} ${height}`
  return signatures.certificate(certificate, { epochs, where, report })
}

/** Only a boundary block is proposed again in later views (C9). */
const isViewOf = ({ view }: Certificate, block: PlacedBlock): boolean =>
  view === block.view || (block.isBoundary && view > block.view)

async function checkMeta(rows: ChainRows, finality: Certificate | undefined): Promise<void> {
  const { database, report } = rows
  const identity = identityProblem(rows, database.get(CHAIN_ROWS.meta, utf8('identity')))
  if (identity !== undefined) report('meta', 'identity', identity)
  const final = tipProblem(rows, finality, database.get(CHAIN_ROWS.meta, utf8('final')))
  if (final !== undefined) report('meta', 'final', final)
  for await (const key of database.keys(CHAIN_ROWS.meta)) {
    if (!META_NAMES.some((name) => equal(key, utf8(name)))) report('meta', toHex(key), 'an unknown name')
  }
}

const META_NAMES = ['identity', 'final', 'earliest']

function identityProblem({ walked, network }: ChainRows, bytes: Uint8Array | undefined): string | undefined {
  const mark = bytes === undefined ? undefined : decode(ChainMarkType, bytes)
  if (mark === undefined || !mark.ok) return MISSING
  const { schema, chain } = mark.value
  if (schema === CHAIN_LAYOUT && chain === walked.chain && equal(mark.value.network, network))
    return undefined
  return `schema ${schema}, chain ${chainName(chain)}, network ${toHex(mark.value.network)}`
}

function tipProblem(
  { walked: { blocks } }: ChainRows,
  finality: Certificate | undefined,
  bytes: Uint8Array | undefined
): string | undefined {
  const tip = bytes === undefined ? undefined : decode(TipType, bytes)
  if (tip === undefined || !tip.ok) return MISSING
  const { height, hash, epoch, view } = tip.value
  const last = blocks.at(-1)
  if (height !== blocks.length - 1) return `height ${height}, but blocks up to ${blocks.length - 1}`
  // The last header cannot be read, which was reported: nothing to compare with.
  if (last === undefined) return undefined
  if (!equal(hash, last.hash) || epoch !== last.epoch) return 'it names another block than the last one'
  if (view === (finality?.view ?? last.view)) return undefined
  return `view ${view} is not the one in which the block became final`
}

const MISSING = 'it is missing or cannot be decoded'

/** C24: the last block of each ended epoch, with its certificate. */
async function checkBoundaries(rows: ChainRows): Promise<void> {
  const { database, walked, report } = rows
  const expected = new Map<number, PlacedBlock>()
  for (const block of walked.blocks) if (block?.isBoundary === true) expected.set(block.epoch, block)
  for await (const [key, value] of database.rows(CHAIN_ROWS.boundary)) {
    const epoch = readCount(key)
    const decoded = decode(CertifiedHeaderType, value)
    if (epoch === undefined || !decoded.ok) {
      report('boundary', epoch ?? toHex(key), 'it cannot be decoded')
      continue
    }
    const problem = await boundaryProblem(rows, epoch, decoded.value, expected.get(epoch))
    if (problem !== undefined) report('boundary', epoch, problem)
    expected.delete(epoch)
  }
  for (const epoch of expected.keys()) report('boundary', epoch, 'it is missing')
}

async function boundaryProblem(
  rows: ChainRows,
  epoch: number,
  boundary: CertifiedHeader,
  block: PlacedBlock | undefined
): Promise<string | undefined> {
  const { header, certificate } = boundary
  if (block === undefined) {
    if (header.height < rows.walked.earliest) return oldBoundaryProblem(rows, epoch, boundary)
    return rows.walked.isComplete ? 'that epoch has not ended' : undefined
  }
  if (!equal(blockHash(header), block.hash)) return 'its header is not the block that ended the epoch'
  return certificateProblem(rows, 'boundary', header.height, certificate)
}

/** Of an epoch that ended below the oldest block: proven by its certificate alone (C32). */
async function oldBoundaryProblem(
  { walked, directory, epochs, report, signatures }: ChainRows,
  epoch: number,
  { header, certificate }: CertifiedHeader
): Promise<string | undefined> {
  const length = epochs.get(epoch)?.snapshot.params.epochLength
  if (length === undefined) return 'its epoch is not known'
  if (header.epoch !== epoch || header.chain !== walked.chain || !isBoundary(header, epoch, length)) {
    return 'its header does not end that epoch'
  }
  const block = { chain: walked.chain, epoch, hash: blockHash(header) }
  if (certificate.kind !== FINALISE || !isOver(certificate, block))
    return 'its certificate is of another block'
  const where = `${directory}: ${chainName(walked.chain)} boundary ${epoch}`
  return signatures.certificate(certificate, { epochs, where, report })
}

async function checkSnapshots({ database, walked, epochs, report }: ChainRows): Promise<void> {
  const expected = new Map<number, Uint8Array>()
  if (walked.chain === COORD)
    for (const { snapshot, bytes } of epochs.all) expected.set(snapshot.epoch, bytes)
  for await (const [key, value] of database.rows(CHAIN_ROWS.snapshot)) {
    const epoch = readCount(key) ?? -1
    const bytes = expected.get(epoch)
    expected.delete(epoch)
    if (bytes !== undefined && !equal(bytes, value)) {
      report('snapshot', epoch, 'it is not the one computed from coordination state')
    }
    if (bytes === undefined && (walked.isComplete || walked.chain !== COORD)) {
      report('snapshot', epoch < 0 ? toHex(key) : epoch, 'no block of this chain froze it')
    }
  }
  for (const epoch of expected.keys()) report('snapshot', epoch, 'it is missing')
}

/** Rows of no block and of no bucket. What a block lacks was reported by the walk. */
async function checkLeftovers({ database, walked, report }: ChainRows): Promise<void> {
  const { blocks, isComplete, verified, transactions, received } = walked
  for (const bucket of ['body', 'results'] as const) {
    for await (const key of database.keys(CHAIN_ROWS[bucket])) {
      const height = readCount(key)
      if (height === undefined || height >= blocks.length || height < walked.earliest)
        report(bucket, height ?? toHex(key), 'of no block here')
    }
  }
  if (isComplete) {
    await expectCount(database, 'heightOfHash', verified + 1 - walked.earliest, report)
    if (walked.earliest === 0) {
      await expectCount(database, 'transaction', transactions, report)
      await expectCount(database, 'received', received, report)
    }
  }
  for await (const key of database.keysFrom(Math.max(...Object.values(CHAIN_ROWS)) + 1)) {
    report('other', toHex(key), 'a key of no bucket')
  }
}

/** Every row that belongs here was looked up by its key, so a greater number means rows that do not. */
async function expectCount(
  database: StoppedDatabase,
  bucket: 'heightOfHash' | 'transaction' | 'received',
  expected: number,
  report: Report
): Promise<void> {
  let count = 0
  for await (const _key of database.keys(CHAIN_ROWS[bucket])) count += 1
  if (count > expected) report(bucket, '', `${count} rows where the blocks have ${expected}`)
}
