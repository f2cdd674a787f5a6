import assert from 'node:assert/strict'
import { addressOfKey } from '../../../src/crypto/address.ts'
import { DOMAINS } from '../../../src/crypto/domains.ts'
import { sha256, sha256Of } from '../../../src/crypto/hash.ts'
import * as noble from '../../../src/crypto/sha256-noble.ts'
import * as node from '../../../src/crypto/sha256-node.ts'
import { concat, toHex, utf8 } from '../../../src/primitives/bytes.ts'

describe('Hash and domain tags', () => {
  it('CRY-8: SHA-256 has its published values in both back ends', () => {
    const published = {
      '': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    }
    for (const [text, digest] of Object.entries(published)) {
      for (const backend of [node.sha256, noble.sha256, sha256])
        assert.equal(toHex(backend(utf8(text))), digest)
    }
  })

  it('CRY-8: both back ends agree on every length around the block size, views of a larger buffer included', () => {
    const buffer = Uint8Array.from({ length: 300 }, (_, i) => i & 255)
    for (let length = 0; length <= 200; length++) {
      const view = buffer.subarray(3, 3 + length)
      const digest = node.sha256(view)
      assert.equal(toHex(digest), toHex(noble.sha256(view)))
      assert.equal(digest.length, 32)
      assert.equal(digest.constructor, Uint8Array)
    }
  })

  it('CRY-8: joined parts hash like their concatenation', () => {
    const parts = [utf8('a'), new Uint8Array(0), utf8('bc')]
    assert.equal(toHex(sha256Of(...parts)), toHex(sha256(concat(...parts))))
  })

  it('CRY-4: every domain tag has 32 bytes, ends in zero, and is unlike every other', () => {
    const tags = Object.values(DOMAINS)
    assert.equal(new Set(tags.map(toHex)).size, tags.length)
    for (const tag of tags) {
      assert.equal(tag.length, 32)
      assert.equal(tag.at(-1), 0)
    }
  })

  it('CRY-5: an address is of a key of 32 bytes, whatever key came before it', () => {
    const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const expected = (key: Uint8Array): string =>
      `00${toHex(sha256Of(DOMAINS.address, Uint8Array.of(0), key).subarray(0, 20))}`
    for (const key of [first, second, first]) assert.equal(toHex(addressOfKey(key)), expected(key))
    for (const length of [0, 31, 33]) assert.throws(() => addressOfKey(new Uint8Array(length)))
  })
})
