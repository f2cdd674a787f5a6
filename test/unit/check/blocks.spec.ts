import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkDirectories, findingLine } from '../../../src/check/index.ts'
import { BodyType, attendanceRoot, blockHash, bodyHash } from '../../../src/codec/block.ts'
import type { Body, Header } from '../../../src/codec/block.ts'
import { CertificateType, FINALISE, NOTARISE, signedBytes } from '../../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../../src/codec/statement.ts'
import { TransactionType } from '../../../src/codec/transaction.ts'
import { inlineVerifier } from '../../../src/crypto/inline-verifier.ts'
import { publicKeyFromSeed, signWithSeed } from '../../../src/crypto/ed25519.ts'
import { networkId } from '../../../src/params/genesis.ts'
import { toHex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { NODE_BUCKETS, bucketRange } from '../../../src/store/buckets.ts'
import type { FinalBlock } from '../../../src/store/chain-store.ts'
import { openLevel } from '../../../src/store/level.ts'
import {
  SHARD,
  checkGenesisOf,
  databasePath,
  makeDirectory,
  validatorSeed
} from '../../support/data-directory.ts'
import type { DirectoryInit, Tamper } from '../../support/data-directory.ts'

const GENESIS = checkGenesisOf(4)
const FOUR: DirectoryInit = { genesis: GENESIS, validators: 4, coord: 6, shard: 5 }

const withHeader = (final: FinalBlock, fields: Partial<Header>): FinalBlock => {
  const header = { ...final.block.header, ...fields }
  return { ...final, block: { ...final.block, header, hash: blockHash(header) } }
}

function withBody(final: FinalBlock, fields: Partial<Body>): FinalBlock {
  const body = { ...final.block.body, ...fields }
  const bodyBytes = BodyType.serialize(body)
  const changed = withHeader(final, {
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    attendanceRoot: attendanceRoot(body.attendance)
  })
  return { ...changed, block: { ...changed.block, body, bodyBytes } }
}

const bitten = (bytes: Uint8Array): Uint8Array => {
  const copy = bytes.slice()
  copy[copy.length - 1]! ^= 1
  return copy
}

/** The same transaction with a signature of nothing. */
const unsigned = (bytes: Uint8Array): Uint8Array =>
  TransactionType.serialize({ ...TransactionType.deserialize(bytes), signature: new Uint8Array(64) })

/** Changes one block. */
const at =
  (chain: ChainId, height: number, change: (final: FinalBlock) => FinalBlock): Tamper =>
  (final, of, header) =>
    of === chain && header.height === height ? change(final) : final

describe('icn check: blocks that a quorum certified and that are wrong', () => {
  let base: string
  let count = 0
  const findings = async (init: Partial<DirectoryInit>): Promise<string[]> => {
    const { path } = await makeDirectory(join(base, String(count++)), { ...FOUR, ...init }, 'none')
    const report = await checkDirectories([path], { verifier: inlineVerifier })
    return report.findings.map((finding) => findingLine(finding).slice(path.length + 2))
  }
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'icn-check-blocks-'))
  })
  after(() => rmSync(base, { recursive: true }))

  it('four validators, nothing wrong: no finding', async () => {
    assert.deepEqual(await findings({}), [])
  })

  it('C7: another state root than execution gives (invariant 3)', async () => {
    const root = new Uint8Array(32).fill(9)
    const tamper = at(SHARD, 5, (final) => ({
      ...withHeader(final, { stateRoot: root }),
      changes: { ...final.changes, root }
    }))
    const found = await findings({ tamper })
    assert.match(found[0]!, /^0 header 5: wrong-state-root: /)
    assert.ok(found.some((line) => line.startsWith('0 state: invariant 3: the flat values have root ')))
    assert.ok(found.some((line) => line.startsWith('0 page: it has another hash than what leads to it')))
  })

  it('C7: another time, proposer, view, reference or reward than a validator accepts', async () => {
    const cases: [Partial<Header>, RegExp][] = [
      [{ timeMs: 1 }, /time-too-early/],
      [{ proposer: new Uint8Array(32) }, /wrong-proposer/],
      [{ rewardConsumer: 1n }, /wrong-reward/],
      [
        { coordHash: new Uint8Array(32).fill(1) },
        /it refers to coordination height 5, where another block is final here/
      ],
      [{ coordHeight: 7 }, /it refers to coordination height 7, which could not be verified/],
      [{ version: 2 }, /wrong-instance/]
    ]
    for (const [fields, expected] of cases) {
      const found = await findings({ tamper: at(SHARD, 5, (final) => withHeader(final, fields)) })
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0]!, /^0 header 5: /)
      assert.match(found[0]!, expected)
    }
  })

  it('C6: a block that extends a boundary block within its epoch', async () => {
    const tamper = at(COORD, 5, (final) => withHeader(final, { epoch: 0, view: 5 }))
    const found = await findings({ coord: 5, shard: 0, tamper })
    assert.match(found[0]!, /^coord header 5: wrong-epoch: epoch 0 where epoch 1 runs/)
  })

  it('M2: a transaction whose signature is not valid', async () => {
    const tamper = at(SHARD, 2, (final) =>
      withBody(final, { transactions: final.block.body.transactions.map(unsigned) })
    )
    const found = await findings({ shard: 2, tamper })
    assert.deepEqual(found, ['0 body 2: bad-transaction: transaction 0: its signature is not valid'])
  })

  it('C25: a parent certificate with a signature that is not valid', async () => {
    const tamper = at(COORD, 3, (final) => {
      const { attendance } = final.block.body
      const parentCertificate = attendance.parentCertificate.map((certificate) => ({
        ...certificate,
        signatures: certificate.signatures.with(0, bitten(certificate.signatures[0]!))
      }))
      return withBody(final, { attendance: { ...attendance, parentCertificate } })
    })
    const found = await findings({ coord: 3, shard: 0, tamper })
    assert.match(
      found[0]!,
      /^coord body 3: its parent certificate: the signature of [0-9a-f]{64} is not valid/
    )
    assert.match(found[1]!, /^coord header 3: wrong-attendance/)
  })

  describe('C28: a late vote', () => {
    /** Of the member that the certificate of coordination block 3 over its parent does not name. */
    const late = (final: FinalBlock, fields: Partial<Vote> = {}): FinalBlock => {
      const { attendance } = final.block.body
      const [{ chain, epoch, view, hash, signers }] = attendance.parentCertificate as [Certificate]
      const signer = [0, 1, 2, 3].find((index) => !signers.get(index))!
      const vote = { chain, epoch, view, hash, kind: NOTARISE, signer, signature: new Uint8Array(64) }
      const seeds = [0, 1, 2, 3].map(validatorSeed)
      const keys = seeds.map((seed) => ({ seed, key: toHex(publicKeyFromSeed(seed)) }))
      const { seed } = keys.sort((a, b) => (a.key < b.key ? -1 : 1))[signer]!
      const signature = signWithSeed(signedBytes(networkId(GENESIS), vote), seed)
      return withBody(final, {
        attendance: { ...attendance, lateVotes: [{ ...vote, signature, ...fields }] }
      })
    }
    const found = async (fields?: Partial<Vote>): Promise<string[]> =>
      findings({ coord: 3, shard: 0, tamper: at(COORD, 3, (final) => late(final, fields)) })

    it('C28, COOP-20: that nobody recorded, with its signature, is in order; the state counts it', async () => {
      assert.deepEqual(await found(), [
        'coord header 3: wrong-state-root: execution of coord 3 gives another root'
      ])
    })

    it('C28: whose signature is not valid', async () => {
      const [first, second] = await found({ signature: new Uint8Array(64) })
      assert.match(first!, /^coord body 3: its late vote of member \d: the signature of [0-9a-f]{64} is not/)
      assert.match(second!, /^coord header 3: wrong-attendance: a late vote does not hold/)
    })

    it('C28: for none of the last ancestors', async () => {
      const [, second] = await found({ view: 9 })
      assert.match(second!, /^coord header 3: wrong-attendance: .*for none of the last ancestors/)
    })
  })

  describe('C5: a finality certificate', () => {
    const sign = (unsigned: Certificate, seeds: readonly Uint8Array[]): Certificate => ({
      ...unsigned,
      signatures: seeds.map((seed) => signWithSeed(signedBytes(networkId(GENESIS), unsigned), seed))
    })
    /** The certificate that the directory would have held, changed. */
    const certified = async (change: (certificate: Certificate) => Certificate): Promise<string[]> => {
      const { path } = await makeDirectory(join(base, String(count++)), FOUR, 'none')
      const location = databasePath(path, 'coord')
      const database = await openLevel(location, { isNew: false })
      const key = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 6)
      const value = CertificateType.deserialize(database.get(key)!)
      await database.batch([{ type: 'put', key, value: CertificateType.serialize(change(value)) }], {
        sync: true
      })
      await database.close()
      const report = await checkDirectories([path], { verifier: inlineVerifier })
      return report.findings.map((finding) => findingLine(finding).slice(path.length + 2))
    }

    it('with one signature missing', async () => {
      const found = await certified((certificate) => {
        const signers = certificate.signers.clone()
        const last = signers.getTrueBitIndexes().at(-1)!
        signers.set(last, false)
        return { ...certificate, signers, signatures: certificate.signatures.slice(0, -1) }
      })
      assert.deepEqual(found, [
        'coord certificate 6: 2 signers, the quorum is 3',
        'coord certificate 6: no valid certificate above height 5 makes it final'
      ])
    })

    it('with fewer signatures than signers, or signed by a stranger', async () => {
      const short = await certified((certificate) => ({
        ...certificate,
        signatures: certificate.signatures.slice(0, -1)
      }))
      assert.match(short[0]!, /^coord certificate 6: 2 signatures of 3 signers/)
      const strange = await certified((certificate) => sign(certificate, [9, 10, 11].map(validatorSeed)))
      assert.match(strange[0]!, /^coord certificate 6: the signature of [0-9a-f]{64} is not valid/)
    })

    it('of another view, kind or block than the one stored', async () => {
      const view = await certified((certificate) => ({ ...certificate, view: certificate.view + 1 }))
      assert.match(view[0]!, /^coord certificate 6: it is of view 3, the block of view 2/)
      const kind = await certified((certificate) => ({ ...certificate, kind: 1 }))
      assert.match(
        kind[0]!,
        /^coord certificate 6: it is not a finality certificate of the block stored here/
      )
      const hash = await certified((certificate) => ({
        ...certificate,
        hash: new Uint8Array(32),
        kind: FINALISE
      }))
      assert.match(
        hash[0]!,
        /^coord certificate 6: it is not a finality certificate of the block stored here/
      )
    })
  })

  it('C12: a statement that only a guard remembers contradicts another directory', async () => {
    const one = { ...FOUR, genesis: checkGenesisOf(1), validators: 1 }
    const paths: string[] = []
    for (const votes of ['finalise', 'nullify'] as const) {
      const { path } = await makeDirectory(join(base, String(count++)), one, votes)
      const database = await openLevel(databasePath(path, 'node'), { isNew: false })
      for await (const [key] of database.range(bucketRange(NODE_BUCKETS.journal))) {
        await database.batch([{ type: 'del', key }], { sync: true })
      }
      await database.close()
      paths.push(path)
    }
    const report = await checkDirectories(paths, { verifier: inlineVerifier })
    assert.equal(report.findings.length, 2)
    for (const finding of report.findings) {
      assert.match(finding.problem, /^invariant 2: key .* finalise .*: guard\) and nullify .*: guard\)/)
    }
  })
})
