/**
 * The state on disk: its tree rebuilt from the flat values by the definition, the stored pages read apart from them,
 * and the counters recounted. All three must lead to the state root of the last header.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { fromUtf8 } from '../primitives/bytes.ts'
import { ChainTotalsType } from '../codec/state-records.ts'
import { decode } from '../codec/ssz.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Genesis } from '../params/genesis.ts'
import { EMPTY_HASH, pathOf } from '../state/hashes.ts'
import { TOTALS_KEY } from '../state/keys.ts'
import { LEAVES_MAX, isInPage, isLeafPage, leafRows } from '../state/leaf-page.ts'
import { Leaves } from '../state/leaves.ts'
import { Page } from '../state/page.ts'
import { rebuildRoot } from '../state/proof.ts'
import { issuedBy, recount, wrongCounters } from '../state/supply.ts'
import type { StoppedDatabase } from './database.ts'
import { StateError } from '../state/errors.ts'
import type { Report } from './findings.ts'
import { CHAIN_ROWS } from './layout.ts'
import { issued } from './replay.ts'

type FlatValues = readonly (readonly [Uint8Array, Uint8Array])[]
/** Keys, and what stands in a page for their values. */
type LeafRows = FlatValues

const SLOTS = 16
const TOP = 1
/** Keys named when the flat values are wrong. */
const NAMED_KEYS = 10

export async function checkState(
  database: Pick<StoppedDatabase, 'rows'>,
  { genesis, chain, stateRoot }: { genesis: Genesis; chain: ChainId; stateRoot: Uint8Array },
  report: Report
): Promise<void> {
  const values: [Uint8Array, Uint8Array][] = []
  for await (const [key, value] of database.rows(CHAIN_ROWS.state)) {
    if (isInPage(key[0])) report('state', toHex(key), 'an account has its place in a page')
    else values.push([key, value])
  }
  const pages = new Map<string, Uint8Array>()
  for await (const [key, value] of database.rows(CHAIN_ROWS.page)) pages.set(pageName(key), value)
  const leaves = checkPages(pages, stateRoot, report)
  for (const [key, value] of leaves) if (isInPage(key[0])) values.push([key, value])
  const rebuilt = rebuildRoot(values)
  if (!equal(rebuilt, stateRoot)) {
    report(
      'state',
      '',
      `invariant 3: the flat values have root ${toHex(rebuilt)}, the last header ${toHex(stateRoot)}`
    )
    nameDifferences(values, leaves, report)
  }
  checkSupply(values, { genesis, chain }, report)
}

/** Page keys are the text of the nibble path; what is no text cannot be the name of a page. */
function pageName(key: Uint8Array): string {
  try {
    return fromUtf8(key)
  } catch {
    return `0x${toHex(key)}`
  }
}

/** @returns the leaves of all pages: keys, and what stands there for their values. */
function checkPages(pages: ReadonlyMap<string, Uint8Array>, stateRoot: Uint8Array, report: Report): LeafRows {
  const leaves: (readonly [Uint8Array, Uint8Array])[] = []
  const visited = new Set<string>()
  /** @returns how many leaves lie below. */
  const visit = (name: string, expected: Uint8Array, isBelowFew: boolean): number => {
    const bytes = pages.get(name)
    if (bytes === undefined) {
      if (!equal(expected, EMPTY_HASH)) report('page', name, 'it is missing')
      return 0
    }
    visited.add(name)
    const own = isLeafPage(bytes) ? readLeafPage(name, bytes, expected, report) : undefined
    if (own !== undefined) {
      for (const leaf of own) leaves.push(leaf)
      if (isBelowFew) report('page', name, 'it belongs into the page above')
      return own.length
    }
    if (isLeafPage(bytes)) return 0
    const page = readInnerPage(name, bytes, expected, report)
    if (page === undefined) return 0
    let count = 0
    for (let index = 0; index < SLOTS; index++) {
      if (page.weight(SLOTS + index) === 0) continue
      const isFew = page.count <= LEAVES_MAX
      const below = visit(name + index.toString(16), page.hash(SLOTS + index), isFew)
      if (page.weight(SLOTS + index) !== Math.min(2, below))
        report('page', name, `slot ${index} has ${below} leaves`)
      count += below
    }
    if (count !== page.count) report('page', name, `it counts ${page.count} leaves and has ${count}`)
    return count
  }
  visit('', stateRoot, false)
  for (const name of pages.keys()) if (!visited.has(name)) report('page', name, 'no page leads to it')
  return leaves
}

/** Hashed anew from its slots: decoding believes the inner nodes that a page stores. */
function readInnerPage(
  name: string,
  bytes: Uint8Array,
  expected: Uint8Array,
  report: Report
): Page | undefined {
  try {
    const stored = Page.decode(bytes, name)
    const page = new Page()
    page.count = stored.count
    for (let index = 0; index < SLOTS; index++) {
      const [count, hash] = [stored.weight(SLOTS + index), stored.hash(SLOTS + index)]
      if (count > 0) page.setSlot(index, { count, hash })
    }
    if (!equal(page.encode(), bytes)) report('page', name, 'an inner node is not the hash of its children')
    else if (!equal(page.hash(TOP), expected))
      report('page', name, 'it has another hash than what leads to it')
    return page
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    report('page', name, 'it cannot be decoded')
    return undefined
  }
}

/** Made anew from its keys and values: decoding believes the splits that a page stores, and their hashes. */
function readLeafPage(
  name: string,
  bytes: Uint8Array,
  expected: Uint8Array,
  report: Report
): LeafRows | undefined {
  try {
    Leaves.decode(bytes, name)
    const rows = [...leafRows(bytes)]
    if (rows.some(([key]) => !toHex(pathOf(key)).startsWith(name))) {
      report('page', name, 'a leaf belongs elsewhere')
      return undefined
    }
    const made = new Leaves()
    for (const [key, value] of rows) made.set({ key, path: pathOf(key), value })
    if (made.count < rows.length) {
      report('page', name, 'two leaves have one key')
      return undefined
    }
    const page = made.encode(name.length, (size) => new Uint8Array(size))
    if (!equal(page.bytes, bytes)) report('page', name, 'it is not what its rows make')
    else if (!equal(page.slot.hash, expected))
      report('page', name, 'it has another hash than what leads to it')
    return rows
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    report('page', name, 'it cannot be decoded')
    return undefined
  }
}

function nameDifferences(values: FlatValues, leaves: LeafRows, report: Report): void {
  const missing = new Map(leaves.map(([key, value]) => [toHex(key), value]))
  const wrong: string[] = []
  for (const [key, value] of values) {
    const name = toHex(key)
    const stands = missing.get(name)
    missing.delete(name)
    if (stands === undefined) wrong.push(`${name} has no leaf`)
    else if (!isInPage(key[0]) && !equal(stands, sha256(value)))
      wrong.push(`${name} has another value than its leaf`)
  }
  for (const name of missing.keys()) wrong.push(`the leaf of ${name} has no value`)
  for (const text of wrong.slice(0, NAMED_KEYS)) report('state', '', text)
}

/** Invariant 4, and that the counters which say so are true. */
function checkSupply(
  values: FlatValues,
  { genesis, chain }: { genesis: Genesis; chain: ChainId },
  report: Report
): void {
  const bytes = values.find(([key]) => equal(key, TOTALS_KEY))?.[1]
  const totals = bytes === undefined ? undefined : decode(ChainTotalsType, bytes)
  if (totals === undefined || !totals.ok) {
    report('state', 'totals', 'they are missing or cannot be decoded')
    return
  }
  const held = issuedBy(totals.value)
  const expected = issued(genesis, chain)
  for (const token of ['consumer', 'industrial'] as const) {
    if (held[token] === expected[token]) continue
    report('state', 'totals', `invariant 4: ${held[token]} of ${token} exist, ${expected[token]} were issued`)
  }
  try {
    for (const counter of wrongCounters(totals.value, recount(values))) {
      report('state', 'totals', `${counter} differs from a recount of the records`)
    }
  } catch (error) {
    // The records have fixed widths: the codec's only way to say that a value is none.
    report(
      'state',
      '',
      `a record cannot be decoded: ${error instanceof Error ? error.message : String(error)}`
    )
  }
}
