/** The node's database: identity, sign guard, journal, and the transactions it promised to carry. */
import { equal, toHex, utf8 } from '../primitives/bytes.ts'
import { offenceId } from '../codec/evidence.ts'
import { decode } from '../codec/ssz.ts'
import { checkStateless, signatureJob } from '../state/stateless.ts'
import { checkGuards, noteGuards } from './guard-rows.ts'
import { checkJournal } from './journal-rows.ts'
import { NODE_LAYOUT, NODE_ROWS } from './layout.ts'
import type { NodeRows } from './node-scope.ts'
import { checkPeers } from './peer-rows.ts'
import { NodeMarkType } from './records.ts'

export async function checkNode(rows: NodeRows): Promise<void> {
  const { database, report } = rows
  await checkMeta(rows)
  const guards = await checkGuards(rows)
  await checkJournal(rows, guards)
  noteGuards(rows, guards)
  await checkLocalTransactions(rows)
  await checkPeers(rows)
  await checkEvidence(rows)
  for await (const key of database.keysFrom(Math.max(...Object.values(NODE_ROWS)) + 1)) {
    report('other', toHex(key), 'a key of no bucket')
  }
}

async function checkMeta({ database, constants, report }: NodeRows): Promise<void> {
  const bytes = database.get(NODE_ROWS.meta, utf8('identity'))
  const mark = bytes === undefined ? undefined : decode(NodeMarkType, bytes)
  if (mark === undefined || !mark.ok) report('meta', 'identity', 'it is missing or cannot be decoded')
  else if (mark.value.schema !== NODE_LAYOUT || !equal(mark.value.network, constants.network)) {
    report('meta', 'identity', `schema ${mark.value.schema}, network ${toHex(mark.value.network)}`)
  }
  for await (const key of database.keys(NODE_ROWS.meta)) {
    if (!equal(key, utf8('identity'))) report('meta', toHex(key), 'an unknown name')
  }
}

async function checkLocalTransactions({ database, constants, verifier, report }: NodeRows): Promise<void> {
  for await (const [key, bytes] of database.rows(NODE_ROWS.localTransaction)) {
    const at = toHex(key)
    const checked = checkStateless(constants, bytes)
    if (!checked.ok) {
      report('localTransaction', at, `${checked.code}: ${checked.detail}`)
      continue
    }
    const { id, transaction } = checked.value
    const chain = Uint8Array.of(transaction.chain >> 8, transaction.chain & 0xff)
    if (!equal(key.subarray(0, 2), chain) || !equal(key.subarray(2), id)) {
      report('localTransaction', at, 'it is another transaction than its key says')
      continue
    }
    const [valid] = await verifier.verify([signatureJob(checked.value)])
    if (valid !== true) report('localTransaction', at, 'its signature is not valid')
  }
}

/** C30: what waits for a block proves an offence, and is found under it. */
async function checkEvidence({ database, directory, epochs, signatures, report }: NodeRows): Promise<void> {
  for await (const [key, bytes] of database.rows(NODE_ROWS.evidence)) {
    const place = { epochs, report, where: `${directory}: evidence ${toHex(key)}` }
    const offence = await signatures.evidence(bytes, place)
    if (offence === undefined) report('evidence', toHex(key), 'it proves nothing')
    else if (!equal(offenceId(offence), key)) report('evidence', toHex(key), 'it is of another offence')
  }
}
