/** The machine's records and the journal's: the journal keeps a leader's block inside its proposal. */
import { unreachable } from '../../primitives/errors.ts'
import { receiveBlock } from '../../chain/receive.ts'
import type { JournalRecord as MachineRecord } from '../../consensus/types.ts'
import type { JournalRecord as StoredRecord } from '../../store/journal.ts'

export function toJournal(record: MachineRecord): StoredRecord {
  switch (record.type) {
    case 'vote':
      return { kind: 'vote', vote: record.vote }
    case 'certificate':
      return { kind: 'certificate', certificate: record.certificate }
    case 'block':
      return { kind: 'block', block: record.block }
    case 'proposal':
      return { kind: 'proposal', proposal: record.proposal }
    default:
      return unreachable(record)
  }
}

export function epochOf(record: StoredRecord): number {
  switch (record.kind) {
    case 'vote':
      return record.vote.epoch
    case 'certificate':
      return record.certificate.epoch
    case 'block':
      return record.block.header.epoch
    case 'proposal':
      return record.proposal.vote.epoch
    default:
      return unreachable(record)
  }
}

/** Records of one epoch; a stored proposal gives back its block, too. */
export function fromJournal(record: StoredRecord, epoch: number): MachineRecord[] {
  switch (record.kind) {
    case 'vote':
      return record.vote.epoch === epoch ? [{ type: 'vote', vote: record.vote }] : []
    case 'certificate':
      return record.certificate.epoch === epoch
        ? [{ type: 'certificate', certificate: record.certificate }]
        : []
    case 'block':
      return record.block.header.epoch === epoch ? [{ type: 'block', block: record.block }] : []
    case 'proposal': {
      const { proposal } = record
      if (proposal.vote.epoch !== epoch) return []
      const block = receiveBlock(proposal.header, proposal.body)
      const own: MachineRecord = { type: 'proposal', view: proposal.vote.view, proposal }
      return block.ok ? [{ type: 'block', block: block.value }, own] : [own]
    }
    default:
      return unreachable(record)
  }
}
