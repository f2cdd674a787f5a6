/**
 * The state on disk: its tree rebuilt from the flat values by the definition, the stored pages read apart from them,
 * and the counters recounted. All three must lead to the state root of the last header.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import type { Hex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { fromUtf8 } from '../primitives/bytes.ts'
import { ChainTotalsType } from '../codec/state-records.ts'
import { decode } from '../codec/ssz.ts'
import { sha256 } from '../crypto/hash.ts'
import type { Genesis } from '../params/genesis.ts'
import { EMPTY_HASH, pathOf } from '../state/hashes.ts'
import { TOTALS_KEY } from '../state/keys.ts'
import { Page } from '../state/page.ts'
import { rebuildRoot } from '../state/proof.ts'
import { issuedBy, recount, wrongCounters } from '../state/supply.ts'
import type { StoppedDatabase } from './database.ts'
import { StateError } from '../state/errors.ts'
import type { Report } from './findings.ts'
import { CHAIN_ROWS } from './layout.ts'
import { issued } from './replay.ts'

type FlatValues = readonly (readonly [Uint8Array, Uint8Array])[]

const SLOTS = 16
const TOP = 1
/** Keys named when the flat values are wrong. */
const NAMED_KEYS = 10

export async function checkState(
  database: StoppedDatabase,
  { genesis, chain, stateRoot }: { genesis: Genesis; chain: ChainId; stateRoot: Uint8Array },
  report: Report
): Promise<void> {
  const values: [Uint8Array, Uint8Array][] = []
  for await (const row of database.rows(CHAIN_ROWS.state)) values.push([...row])
  const pages = new Map<string, Uint8Array>()
  for await (const [key, value] of database.rows(CHAIN_ROWS.page)) pages.set(pageName(key), value)
  const leaves = checkPages(pages, stateRoot, report)
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

/** @returns the value hash of each leaf by its path. */
function checkPages(
  pages: ReadonlyMap<string, Uint8Array>,
  stateRoot: Uint8Array,
  report: Report
): ReadonlyMap<Hex, Uint8Array> {
  const leaves = new Map<Hex, Uint8Array>()
  const visited = new Set<string>()
  const visit = (name: string, expected: Uint8Array): void => {
    const bytes = pages.get(name)
    if (bytes === undefined) {
      if (!equal(expected, EMPTY_HASH)) report('page', name, 'it is missing')
      return
    }
    visited.add(name)
    const page = readPage(name, bytes, expected, report)
    for (let index = 0; page !== undefined && index < SLOTS; index++) {
      const slot = page.slot(index)
      const path = name + index.toString(16)
      if (slot === undefined) continue
      if (slot instanceof Uint8Array) visit(path, slot)
      else if (toHex(slot.path).startsWith(path)) leaves.set(toHex(slot.path), slot.valueHash)
      else report('page', name, `slot ${index} holds a leaf that belongs elsewhere`)
    }
  }
  visit('', stateRoot)
  for (const name of pages.keys()) if (!visited.has(name)) report('page', name, 'no page leads to it')
  return leaves
}

/** Hashed anew from its slots: decoding believes the inner nodes that a page stores. */
function readPage(name: string, bytes: Uint8Array, expected: Uint8Array, report: Report): Page | undefined {
  try {
    const stored = Page.decode(bytes, name)
    const page = new Page()
    for (let index = 0; index < SLOTS; index++) page.setSlot(index, stored.slot(index))
    const isSparse = name !== '' && page.weight(TOP) < 2
    if (!equal(page.encode(), bytes)) report('page', name, 'an inner node is not the hash of its children')
    else if (!equal(page.hash(TOP), expected))
      report('page', name, 'it has another hash than what leads to it')
    else if (isSparse) report('page', name, 'a page below the root with fewer than two leaves')
    return page
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    report('page', name, 'it cannot be decoded')
    return undefined
  }
}

function nameDifferences(values: FlatValues, leaves: ReadonlyMap<Hex, Uint8Array>, report: Report): void {
  const missing = new Set(leaves.keys())
  const wrong: string[] = []
  for (const [key, value] of values) {
    const path = toHex(pathOf(key))
    const hash = leaves.get(path)
    missing.delete(path)
    if (hash === undefined) wrong.push(`${toHex(key)} has no leaf`)
    else if (!equal(hash, sha256(value))) wrong.push(`${toHex(key)} has another value than its leaf`)
  }
  for (const path of missing) wrong.push(`the leaf ${path} has no value`)
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
