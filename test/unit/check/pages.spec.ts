import assert from 'node:assert/strict'
import { CHAIN_ROWS } from '../../../src/check/layout.ts'
import { checkState } from '../../../src/check/state-rows.ts'
import { PREFIX_ACCOUNT, PREFIX_CLAIM } from '../../../src/codec/state-records.ts'
import { fromHex, toHex, u64be, utf8 } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { shardId } from '../../../src/primitives/chain-id.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import { EMPTY_VIEW, commit } from '../../../src/state/commit.ts'
import { pathOf } from '../../../src/state/hashes.ts'
import { isLeafPage, leafRows } from '../../../src/state/leaf-page.ts'
import { Leaves } from '../../../src/state/leaves.ts'
import { Page } from '../../../src/state/page.ts'
import { checkGenesisOf } from '../../support/data-directory.ts'

const keyOf = (number: number): Hex =>
  toHex(
    Uint8Array.of(number % 4 === 0 ? PREFIX_CLAIM : PREFIX_ACCOUNT, ...sha256(u64be(number)).subarray(0, 21))
  )
const contentsOf = (count: number): Map<Hex, Uint8Array> =>
  new Map(Array.from({ length: count }, (_, i) => [keyOf(i), u64be(i)]))

/** Rows as a chain's database has them: keys without the bucket, the values of accounts in no row. */
class Rows {
  readonly pages = new Map<string, Uint8Array>()
  readonly state = new Map<Hex, Uint8Array>()
  readonly root: Uint8Array

  constructor(contents: ReadonlyMap<Hex, Uint8Array>) {
    const { pages, root } = commit(EMPTY_VIEW, contents)
    this.root = root
    for (const [id, page] of pages) if (page !== undefined) this.pages.set(id, new Uint8Array(page))
    for (const [key, value] of contents) if (fromHex(key)[0] !== PREFIX_ACCOUNT) this.state.set(key, value)
  }

  async *rows(prefix: number): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    if (prefix === CHAIN_ROWS.page) for (const [id, page] of this.pages) yield [utf8(id), page]
    if (prefix === CHAIN_ROWS.state) for (const [key, value] of this.state) yield [fromHex(key), value]
    await Promise.resolve()
  }

  /** What is said of them, the totals aside, which they lack. */
  async check(): Promise<string[]> {
    const found: string[] = []
    const scope = { genesis: checkGenesisOf(1), chain: shardId(0), stateRoot: this.root }
    await checkState(this, scope, (bucket, at, problem) => {
      if (at !== 'totals' && !problem.startsWith('a record cannot')) found.push(`${bucket} ${at}: ${problem}`)
    })
    return found
  }
}

const SIZES = [1, 24, 25, 400]

describe('icn check of the pages of a state', () => {
  it('finds nothing in what was written, however large', async () => {
    for (const size of SIZES) assert.deepEqual(await new Rows(contentsOf(size)).check(), [])
  })

  it('STA-13: finds a byte that is flipped anywhere in a page or a row', async () => {
    const rows = new Rows(contentsOf(60))
    assert.ok(
      [...rows.pages.values()].some(isLeafPage) && [...rows.pages.values()].some((page) => !isLeafPage(page))
    )
    for (const [bucket, map] of [
      ['page', rows.pages],
      ['state', rows.state]
    ] as const) {
      for (const bytes of map.values()) {
        for (let at = 0; at < bytes.length; at += 3) {
          bytes[at]! ^= 0x10
          const found = await rows.check()
          assert.ok(
            found.some((line) => line.startsWith(bucket)),
            `${bucket}, byte ${at}: ${found.join('; ')}`
          )
          bytes[at]! ^= 0x10
        }
      }
    }
    assert.deepEqual(await rows.check(), [])
  })

  it('finds a page or a row that is missing, and one too many', async () => {
    for (const size of SIZES) {
      const whole = new Rows(contentsOf(size))
      for (const id of whole.pages.keys()) {
        const rows = new Rows(contentsOf(size))
        rows.pages.delete(id)
        assert.ok((await rows.check()).includes(`page ${id}: it is missing`))
      }
      const key = [...whole.state.keys()].at(-1)!
      whole.state.delete(key)
      assert.ok((await whole.check()).includes(`state : the leaf of ${key} has no value`))
    }
    const rows = new Rows(contentsOf(400))
    const [id, page] = [...rows.pages].find(([, bytes]) => isLeafPage(bytes))!
    rows.pages.set(`${id}0`, page)
    rows.state.set(keyOf(1), u64be(1))
    assert.deepEqual(await rows.check(), [
      `state ${keyOf(1)}: an account has its place in a page`,
      `page ${id}0: no page leads to it`
    ])
  })

  it('STA-13: names a page that has a key twice, and goes on', async () => {
    const rows = new Rows(contentsOf(20))
    const page = rows.pages.get('')!
    const [first, second] = [...leafRows(page)].map(([key]) => key)
    second!.set(first!)
    assert.ok((await rows.check()).includes('page : two leaves have one key'))
  })

  it('STA-13: an account that its page has as a record of another kind is a finding, and no hash of it is looked for', async () => {
    const account = new Uint8Array(40)
    const rows = new Rows(new Map([...contentsOf(20)].map(([key]) => [key, account])))
    const page = rows.pages.get('')!
    const [key] = [...leafRows(page)].map(([each]) => each).filter((each) => each[0] === PREFIX_ACCOUNT)
    key![0] = PREFIX_CLAIM
    assert.ok((await rows.check()).includes('page : it cannot be decoded'))
  })

  it('STA-13: names what is wrong of pages that are sound in themselves, and of rows', async () => {
    const found = async (spoil: (rows: Rows) => void): Promise<string[]> => {
      const rows = new Rows(contentsOf(400))
      spoil(rows)
      return (await rows.check()).filter((line) => !line.includes('invariant 3'))
    }
    const whole = new Rows(contentsOf(400))
    const [leaf, page] = [...whole.pages].find(([, bytes]) => isLeafPage(bytes))!
    const [other] = [...whole.pages].filter(([, bytes]) => isLeafPage(bytes)).at(-1)!
    const room = (size: number) => new Uint8Array(size)
    const root = (change: (page: Page) => void): Uint8Array => {
      const stored = Page.decode(whole.pages.get('')!, '')
      change(stored)
      return stored.encode()
    }
    const slot = Number.parseInt(leaf[0]!, 16)
    const hash = Page.decode(whole.pages.get('')!, '').hash(16 + slot)
    const changed = Leaves.decode(page, leaf)
    const [account] = [...leafRows(page)].map(([key]) => key).filter((key) => key[0] === PREFIX_ACCOUNT)
    changed.set({ key: account!, path: pathOf(account!), value: u64be(7_777) })
    const mismatch = 'it has another hash than what leads to it'
    const spoilt = await found(({ pages }) => pages.set(leaf, changed.encode(leaf.length, room).bytes))
    assert.deepEqual(spoilt, [`page ${leaf}: ${mismatch}`])
    const led = await found(({ pages }) =>
      pages.set(
        '',
        root((each) => each.setSlot(slot, { hash: sha256(hash), count: 30 }))
      )
    )
    assert.deepEqual(led, [`page : ${mismatch}`, `page ${leaf[0]}: ${mismatch}`])
    const moved = await found(({ pages }) => pages.set(other, page))
    assert.ok(moved.includes(`page ${other}: a leaf belongs elsewhere`))
    const weighed = await found(({ pages }) =>
      pages.set(
        '',
        root((each) => each.setSlot(slot, { hash, count: 1 }))
      )
    )
    assert.ok(weighed.some((line) => line.startsWith(`page : slot ${slot} has `)))
    const cut = await found(({ pages }) => pages.set('', pages.get('')!.subarray(0, 40)))
    assert.ok(cut.includes('page : it cannot be decoded'))
    const [key] = [...whole.state.keys()]
    const valued = await found(({ state }) => state.set(key!, u64be(7_777)))
    assert.deepEqual(valued, [`state : ${key} has another value than its leaf`])
    const added = toHex(Uint8Array.of(PREFIX_CLAIM, 9))
    assert.deepEqual(await found(({ state }) => state.set(added, u64be(1))), [`state : ${added} has no leaf`])
  })

  it('finds pages that are not those of their state, though every hash is right', async () => {
    const parted = new Rows(contentsOf(24))
    const page = new Page()
    page.count = 24
    for (const [index, part] of Leaves.decode(parted.pages.get('')!, '').part(0).entries()) {
      if (part === undefined) continue
      const { bytes, slot } = part.encode(1, (size) => new Uint8Array(size))
      page.setSlot(index, slot)
      parted.pages.set(index.toString(16), bytes)
    }
    parted.pages.set('', page.encode())
    assert.deepEqual(page.hash(1), parted.root)
    const below = [...parted.pages.keys()].filter((id) => id !== '').sort()
    const found = await parted.check()
    assert.deepEqual(
      found.sort(),
      below.map((id) => `page ${id}: it belongs into the page above`)
    )
    const counted = new Rows(contentsOf(400))
    const root = counted.pages.get('')!
    root[4]! ^= 1
    assert.deepEqual(await counted.check(), ['page : it counts 401 leaves and has 400'])
  })
})
