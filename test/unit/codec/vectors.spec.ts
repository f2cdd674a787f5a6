import assert from 'node:assert/strict'
import { vectorFiles } from '../../../scripts/vectors/files.ts'
import { toPlain } from '../../../scripts/vectors/plain.ts'
import { containerTypes } from '../../../scripts/vectors/types.ts'
import {
  attendanceRoot,
  blockHash,
  bodyHash,
  BodyType,
  HeaderType,
  transactionsRoot
} from '../../../src/codec/block.ts'
import { decode } from '../../../src/codec/ssz.ts'
import type { Type } from '../../../src/codec/ssz.ts'
import { CertificateType, signedBytes, VoteType } from '../../../src/codec/statement.ts'
import {
  TransactionContentType,
  idOfWire,
  signedBytesOfWire,
  transactionId,
  transactionSignedBytes
} from '../../../src/codec/transaction.ts'
import { TransactionType, wireHash } from '../../../src/codec/transaction.ts'
import { addressOfKey, decodeAddress, encodeAddress, homeShard } from '../../../src/crypto/address.ts'
import { DOMAINS } from '../../../src/crypto/domains.ts'
import * as noble from '../../../src/crypto/ed25519-noble.ts'
import * as sodium from '../../../src/crypto/ed25519-sodium.ts'
import { verifyBranch } from '../../../src/crypto/merkle.ts'
import { fromHex, toHex } from '../../../src/primitives/bytes.ts'
import { listFolder, readJson, readText } from '../../support/repository.ts'

type Case = Readonly<Record<string, unknown>>
type File = Readonly<Record<string, unknown>>

const FOLDER = 'protocols/vectors'
const hexOf = (entry: Case, name: string): Uint8Array => fromHex(String(entry[name]))

/** An emptied list must not pass as a correct one. */
function list(file: File, name: string): Case[] {
  const cases = file[name] as Case[]
  assert.ok(cases.length > 0, `${name} has cases`)
  return cases
}

function typeNamed(name: string): Type<unknown> {
  const type = containerTypes().get(name)
  assert.ok(type !== undefined, `type ${name}`)
  return type
}

/** Decodes a case's bytes, compares its fields, and encodes it again. */
function accepted<T>(type: Type<T>, entry: Case): T {
  const bytes = hexOf(entry, 'bytes')
  const decoded = decode(type, bytes)
  assert.ok(decoded.ok, `${String(entry['name'])} is accepted`)
  assert.equal(toHex(type.serialize(decoded.value)), toHex(bytes))
  if (entry['fields'] !== undefined) assert.deepEqual(toPlain(decoded.value), entry['fields'])
  return decoded.value
}

function refused(cases: readonly Case[]): void {
  for (const entry of cases) {
    const verdict = decode(typeNamed(String(entry['type'])), hexOf(entry, 'bytes'))
    assert.equal(verdict.ok, false, `${String(entry['type'])} ${String(entry['name'])} is refused`)
  }
}

function homes(entry: Case, address: Uint8Array): void {
  for (const [shards, home] of Object.entries(entry['homeShards'] as Record<string, number>)) {
    assert.equal(homeShard(address, Number(shards)), home)
  }
}

function proofHolds(entry: Case): boolean {
  const branch = (entry['branch'] as string[]).map((node) => fromHex(node))
  return verifyBranch(hexOf(entry, 'root'), BigInt(String(entry['gindex'])), {
    leaf: hexOf(entry, 'leaf'),
    branch
  })
}

const RUNNERS: Readonly<Record<string, (file: File) => void>> = {
  'addresses.json': (file) => {
    assert.deepEqual(
      list(file, 'domains').map(({ tag }) => tag),
      Object.values(DOMAINS).map(toHex)
    )
    for (const entry of list(file, 'accepted')) {
      const address = addressOfKey(hexOf(entry, 'publicKey'), Number(entry['keyType']))
      assert.equal(toHex(address), entry['address'])
      assert.equal(encodeAddress(address), entry['text'])
      assert.deepEqual(decodeAddress(String(entry['text'])), address)
      homes(entry, address)
      if (entry['seed'] === undefined) continue
      assert.equal(toHex(sodium.publicKeyFromSeed(hexOf(entry, 'seed'))), entry['publicKey'])
    }
    for (const entry of list(file, 'refused')) {
      assert.equal(decodeAddress(String(entry['text'])), undefined, String(entry['name']))
    }
  },
  'transactions.json': (file) => {
    const network = hexOf(file, 'network')
    for (const entry of list(file, 'accepted')) {
      const tx = accepted(TransactionType, entry)
      const content = TransactionContentType.clone(tx)
      const signed = transactionSignedBytes(network, content)
      assert.equal(toHex(signed), entry['signedBytes'])
      assert.deepEqual(signedBytesOfWire(network, hexOf(entry, 'bytes')), signed)
      assert.equal(toHex(transactionId(network, content)), entry['id'])
      assert.equal(toHex(idOfWire(network, hexOf(entry, 'bytes'))), entry['id'])
      assert.equal(toHex(wireHash(hexOf(entry, 'bytes'))), entry['wireHash'])
      assert.equal(toHex(TransactionType.hashTreeRoot(tx)), entry['root'])
      assert.equal(sodium.verify(tx.signature, signed, tx.sender), true)
      const address = addressOfKey(tx.sender, tx.keyType)
      assert.equal(encodeAddress(address), entry['senderAddress'])
      homes(entry, address)
    }
    for (const entry of list(file, 'transfers')) accepted(typeNamed('Transfer'), entry)
    refused([...list(file, 'refused'), ...list(file, 'refusedTransfers')])
  },
  'headers.json': (file) => {
    for (const entry of list(file, 'accepted')) {
      assert.equal(toHex(blockHash(accepted(HeaderType, entry))), entry['hash'])
    }
    refused(list(file, 'refused'))
  },
  'votes.json': (file) => {
    for (const entry of list(file, 'accepted')) {
      const vote = accepted(VoteType, entry)
      const signed = signedBytes(hexOf(file, 'network'), vote)
      assert.equal(toHex(signed), entry['signedBytes'])
      assert.equal(sodium.verify(vote.signature, signed, hexOf(entry, 'publicKey')), true)
    }
    refused(list(file, 'refused'))
  },
  'certificates.json': (file) => {
    const committee = file['committee'] as string[]
    for (const entry of list(file, 'accepted')) {
      const certificate = accepted(CertificateType, entry)
      assert.equal(toHex(CertificateType.hashTreeRoot(certificate)), entry['root'])
      const signed = signedBytes(hexOf(file, 'network'), certificate)
      assert.equal(toHex(signed), entry['signedBytes'])
      const keys = certificate.signers.intersectValues(committee.slice(0, certificate.signers.bitLen))
      assert.equal(keys.length, certificate.signatures.length)
      keys.forEach((key, i) =>
        assert.equal(sodium.verify(certificate.signatures[i]!, signed, fromHex(key)), true)
      )
    }
    refused(list(file, 'refused'))
  },
  'objects.json': (file) => {
    const cases = list(file, 'accepted')
    for (const entry of cases) {
      const type = typeNamed(String(entry['type']))
      assert.equal(toHex(type.hashTreeRoot(accepted(type, entry))), entry['root'])
    }
    const named = new Set(cases.map((entry) => entry['type']))
    for (const name of containerTypes().keys()) assert.ok(named.has(name), `an object of ${name}`)
    refused(list(file, 'refused'))
  },
  'roots.json': (file) => {
    for (const entry of list(file, 'transactionLists')) {
      const hashes = (entry['wireHashes'] as string[]).map((hash) => fromHex(hash))
      assert.equal(toHex(transactionsRoot(hashes)), entry['transactionsRoot'])
    }
    for (const entry of list(file, 'bodies')) {
      const body = accepted(BodyType, entry)
      const hashes = body.transactions.map(wireHash)
      assert.deepEqual(hashes.map(toHex), entry['wireHashes'])
      assert.equal(toHex(transactionsRoot(hashes)), entry['transactionsRoot'])
      assert.equal(toHex(bodyHash(hexOf(entry, 'bytes'))), entry['bodyHash'])
      assert.equal(toHex(attendanceRoot(body.attendance)), entry['attendanceRoot'])
      assert.equal(toHex(BodyType.fields.deliveries.hashTreeRoot(body.deliveries)), entry['deliveriesRoot'])
    }
  },
  'proofs.json': (file) => {
    const good = [...list(file, 'fields'), ...list(file, 'transactions'), file['length'] as Case]
    for (const entry of good) assert.equal(proofHolds(entry), true, String(entry['name']))
    for (const entry of list(file, 'fields')) {
      assert.equal(String(HeaderType.getPathInfo([String(entry['field'])]).gindex), entry['gindex'])
    }
    for (const entry of list(file, 'refused')) assert.equal(proofHolds(entry), false, String(entry['name']))
  },
  'signatures.json': (file) => {
    for (const entry of list(file, 'cases')) {
      const [signature, message, key] = [
        hexOf(entry, 'signature'),
        hexOf(entry, 'message'),
        hexOf(entry, 'publicKey')
      ]
      const valid = entry['valid'] === 1
      assert.equal(sodium.verify(signature, message, key), valid, `sodium: ${String(entry['name'])}`)
      assert.equal(noble.verify(signature, message, key), valid, `noble: ${String(entry['name'])}`)
    }
  }
}

/** Files whose runner is the spec of the layer that made them, with its path. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'atomic.json': 'test/unit/state/atomic-vectors.spec.ts',
  'cooperation.json': 'test/unit/cooperation/vectors.spec.ts',
  'emission.json': 'test/unit/chain/emission.spec.ts',
  'evidence.json': 'test/unit/consensus/evidence-vectors.spec.ts',
  'genesis.json': 'test/unit/sharding/vectors.spec.ts',
  'gossip.json': 'test/unit/node/chain/gossip-vectors.spec.ts',
  'leaders.json': 'test/unit/sharding/vectors.spec.ts',
  'state.json': 'test/unit/state/vectors.spec.ts'
}

describe('Protocol vectors', () => {
  const files = listFolder(FOLDER).filter((name) => name !== 'README.md')

  it('every vector file has a runner, and every runner its file', () => {
    const runners = [...Object.keys(RUNNERS), ...Object.keys(RUN_ELSEWHERE)]
    assert.deepEqual(files, runners.toSorted())
    for (const [name, spec] of Object.entries(RUN_ELSEWHERE)) assert.ok(readText(spec).includes(name), spec)
  })

  for (const [name, run] of Object.entries(RUNNERS)) {
    const file = readJson(`${FOLDER}/${name}`) as File
    const rules = (file['rules'] as string[]).join(' ')
    it(`${rules}: ${name} has the verdicts and values it states`, () => run(file))
  }

  it('ENC-1: generated anew, every generated file has the bytes that are committed', () => {
    for (const [name, text] of vectorFiles()) {
      assert.ok(text === readText(`${FOLDER}/${name}`), `${name} is current: run generate-vectors`)
    }
  })
})
