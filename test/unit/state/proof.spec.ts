import { equal, ok } from 'node:assert/strict'
import { utf8, toHex } from '../../../src/primitives/bytes.ts'
import { StateProofType } from '../../../src/codec/state-proof.ts'
import { decode } from '../../../src/codec/ssz.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import { EMPTY_HASH, bitAt, innerHash, leafHash, pathOf } from '../../../src/state/hashes.ts'
import { proveKey, verifyProof } from '../../../src/state/proof.ts'
import { MemoryState } from '../../support/state.ts'

const names = Array.from({ length: 100 }, (_, i) => `key ${i}`)
const valueOf = (name: string): Uint8Array => utf8(`value of ${name}`)
const state = new MemoryState(
  commit(EMPTY_VIEW, new Map(names.map((name) => [toHex(utf8(name)), valueOf(name)])))
)

/** Every proof whose bytes differ from the given one in one byte. */
function* tampered(bytes: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const copy = bytes.slice()
      copy[i]! ^= flip
      yield copy
    }
  }
}

function refusesEveryTampering(key: Uint8Array, value: Uint8Array | undefined): void {
  const bytes = StateProofType.serialize(proveKey(state, key))
  for (const copy of tampered(bytes)) {
    const decoded = decode(StateProofType, copy)
    ok(!decoded.ok || !verifyProof(state.root, key, value, decoded.value))
  }
}

describe('State proofs', () => {
  it('STA-8: every key is provable with its value and with no other', () => {
    for (const name of names) {
      const proof = proveKey(state, utf8(name))
      ok(verifyProof(state.root, utf8(name), valueOf(name), proof))
      ok(!verifyProof(state.root, utf8(name), utf8('another value'), proof))
      ok(!verifyProof(state.root, utf8(name), undefined, proof))
      ok(!verifyProof(state.root, utf8(`${name}!`), valueOf(name), proof))
    }
  })

  it('STA-9: absence is proven where the path ends in nothing and where it ends in another leaf', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 200; i++) {
      const key = utf8(`absent ${i}`)
      const proof = proveKey(state, key)
      seen.add(proof.other.length)
      ok(verifyProof(state.root, key, undefined, proof))
      ok(!verifyProof(state.root, key, utf8('a value'), proof))
    }
    equal(seen.size, 2)
  })

  it('STA-9: in an empty tree everything is absent', () => {
    const proof = proveKey(EMPTY_VIEW, utf8('any'))
    ok(verifyProof(EMPTY_HASH, utf8('any'), undefined, proof))
    ok(!verifyProof(state.root, utf8('any'), undefined, proof))
  })

  it('STA-9: another leaf proves nothing when it is the key’s own or lies elsewhere', () => {
    const key = utf8('key 1')
    const own = proveKey(state, key)
    const leaf = { path: pathOf(key), valueHash: pathOf(valueOf('key 1')) }
    ok(!verifyProof(state.root, key, undefined, { ...own, other: [leaf] }))
    // The proof of key 1, offered as the absence of a key whose path leaves it after a few bits.
    for (let i = 0; i < 50; i++) {
      ok(!verifyProof(state.root, utf8(`absent ${i}`), undefined, { ...own, other: [leaf] }))
    }
  })

  it('STA-9: a leaf that lies where its path does not lead proves no absence, whatever the root', () => {
    const key = utf8('key 1')
    const path = pathOf(key)
    const elsewhere = path.slice()
    elsewhere[0]! ^= 0x80
    const leaf = { path: elsewhere, valueHash: path }
    const proof = { siblings: [EMPTY_HASH], other: [leaf] }
    const hash = leafHash(leaf.path, leaf.valueHash)
    const root = bitAt(path, 0) === 0 ? innerHash(hash, EMPTY_HASH) : innerHash(EMPTY_HASH, hash)
    ok(!verifyProof(root, key, undefined, proof))
  })

  it('STA-10: one leaf more than allowed, or a leaf beside a value, is refused', () => {
    const key = Array.from({ length: 200 }, (_, i) => utf8(`absent ${i}`)).find(
      (absent) => proveKey(state, absent).other.length === 1
    )!
    const proof = proveKey(state, key)
    ok(!verifyProof(state.root, key, undefined, { ...proof, other: [...proof.other, ...proof.other] }))
    const inclusion = proveKey(state, utf8('key 1'))
    ok(!verifyProof(state.root, utf8('key 1'), valueOf('key 1'), { ...inclusion, other: proof.other }))
    ok(
      !verifyProof(state.root, key, undefined, {
        ...proof,
        siblings: Array.from({ length: 257 }, () => EMPTY_HASH)
      })
    )
  })

  it('STA-10: a path has 256 bits: one sibling more is refused under any root', () => {
    const key = utf8('key 1')
    const path = pathOf(key)
    const forged = (depth: number): boolean => {
      let root = EMPTY_HASH
      for (let index = depth - 1; index >= 0; index--) {
        root = bitAt(path, index) === 0 ? innerHash(root, EMPTY_HASH) : innerHash(EMPTY_HASH, root)
      }
      const siblings = Array.from({ length: depth }, () => EMPTY_HASH)
      return verifyProof(root, key, undefined, { siblings, other: [] })
    }
    equal(forged(256), true)
    equal(forged(257), false)
  })

  it('STA-10: every proof with a changed byte is refused', () => {
    refusesEveryTampering(utf8('key 1'), valueOf('key 1'))
    for (let i = 0; i < 8; i++) refusesEveryTampering(utf8(`absent ${i}`), undefined)
  })
})
