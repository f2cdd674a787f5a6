import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { ownFault } from '../../../src/net/context.ts'
import { judgeStatus } from '../../../src/net/handshake.ts'
import { limitTable } from '../../../src/net/limits.ts'
import {
  createPeerKey,
  loadPeerKey,
  peerKeyFromSeed,
  peerOfKey,
  savePeerKey
} from '../../../src/net/peer-key.ts'
import { decodeResult, encodeResult, RESULT_CODES } from '../../../src/net/request-codes.ts'
import { protocolOf, STATUS_PROTOCOL, topicOf } from '../../../src/net/topics.ts'
import { AssertionFailure } from '../../../src/primitives/errors.ts'
import { COORD, shardId } from '../../../src/primitives/chain-id.ts'
import { statusOf } from '../../support/net.ts'
import { repositoryPath } from '../../support/repository.ts'

const network = Uint8Array.from({ length: 32 }, (_, i) => i)

describe('names, codes and keys of the network', () => {
  it('GOS-1 REQ-1: topics and protocols carry the first 8 bytes of the network id', () => {
    assert.equal(topicOf(network, COORD, 'vote'), '/icn/0001020304050607/coord/vote/1')
    assert.equal(topicOf(network, shardId(3), 'tx'), '/icn/0001020304050607/3/tx/1')
    assert.equal(protocolOf(network, 'consensus'), '/icn/0001020304050607/consensus/1')
    assert.equal(protocolOf(network, 'kad'), '/icn/0001020304050607/kad/1')
    assert.equal(STATUS_PROTOCOL, '/icn/status/1')
  })

  it('REQ-7: a result is one byte 0 … 4; anything else is none', () => {
    for (const [code, result] of RESULT_CODES.entries()) {
      assert.deepEqual(encodeResult(result), Uint8Array.of(code))
      assert.equal(decodeResult(Uint8Array.of(code)), result)
    }
    for (const wrong of [[], [5], [255], [0, 0]])
      assert.equal(decodeResult(Uint8Array.from(wrong)), undefined)
  })

  it('REQ-4: statuses match when all 32 bytes of the network do and no required feature is missing', () => {
    const local = statusOf(network, { features: 5n, required: 4n })
    assert.ok(judgeStatus(local, statusOf(network, { features: 4n, required: 1n })).ok)
    assert.ok(judgeStatus(local, statusOf(network, { features: (1n << 63n) | 4n, required: 0n })).ok)
    const cases: [ReturnType<typeof statusOf>, string][] = [
      [statusOf(Uint8Array.from(network).fill(0, 31), { features: 4n }), 'wrong-network'],
      [statusOf(network, { features: 1n }), 'missing-features'],
      [statusOf(network, { features: 4n, required: 2n }), 'missing-features']
    ]
    for (const [remote, code] of cases) {
      const verdict = judgeStatus(local, remote)
      assert.equal(verdict.ok ? 'ok' : verdict.code, code)
    }
  })

  it('keys: one seed is one peer; a file is private, is loaded as saved, and never overwritten', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'icn-key-'))
    try {
      const seed = new Uint8Array(32).fill(1)
      assert.equal(peerOfKey(await peerKeyFromSeed(seed)), peerOfKey(await peerKeyFromSeed(seed)))
      await assert.rejects(peerKeyFromSeed(new Uint8Array(31)), { code: 'NET_KEY_INVALID' })
      const path = join(folder, 'peer.key')
      const key = await createPeerKey()
      await savePeerKey(path, key)
      assert.equal((await stat(path)).mode & 0o777, 0o600)
      assert.equal(peerOfKey(await loadPeerKey(path)), peerOfKey(key))
      await assert.rejects(savePeerKey(path, key), { code: 'EEXIST' })
      await writeFile(path, 'nonsense')
      await assert.rejects(loadPeerKey(path), { code: 'NET_KEY_INVALID' })
      await writeFile(path, privateKeyToProtobuf(await generateKeyPair('secp256k1')))
      await assert.rejects(loadPeerKey(path), { code: 'NET_KEY_INVALID' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('a broken invariant found by a peer’s message ends the process; any other error is only our fault', async () => {
    const listeners = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[]
    process.removeAllListeners('uncaughtException')
    try {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      process.once('uncaughtException', resolve)
      assert.equal(ownFault(new Error('only wrong')), 'only wrong')
      const broken = new AssertionFailure('broken')
      assert.equal(ownFault(broken), 'broken')
      assert.equal(await promise, broken)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })

  it('LIM-1: protocols/limits.md lists every network limit with its value, and no other', async () => {
    const text = await readFile(repositoryPath('protocols/limits.md'), 'utf8')
    const section = /^## Network\n(?<rows>[^]*?)(?=^## |$(?![^]))/mu.exec(text)?.groups?.['rows'] ?? ''
    const rows = [...section.matchAll(/^\| `([\w.]+)` \| ([\d,]+) \|/gmu)]
    const listed = new Map(rows.map(([, name, value]) => [name!, Number(value!.replaceAll(',', ''))]))
    assert.deepEqual(Object.fromEntries(listed), Object.fromEntries(limitTable()))
  })
})
