import assert from 'node:assert/strict'
import { TwinWatch } from '../../../../src/node/chain/twin-watch.ts'
import type { Validator } from '../../../../src/node/validator.ts'
import type { Statement } from '../../../../src/codec/statement.ts'
import { FINALISE, NETWORK, NOTARISE } from '../../../support/consensus.ts'
import { RecordedEvents, Signers, settled } from '../../../support/node-fakes.ts'

const hash = new Uint8Array(32).fill(7)

/** The validator is the member of that index; a statement of view 9 is the only one it does not know. */
function aWatch(member: number) {
  const signers = new Signers()
  const noticed: Statement[] = []
  const events = new RecordedEvents()
  const validator = {
    publicKey: signers.committee.members[member]!.key,
    noticeTwin: async (statement: Statement) => {
      noticed.push(statement)
      return statement.view === 9 ? 'in use elsewhere' : undefined
    }
  } as unknown as Validator
  const watch = new TwinWatch({ validator, epochs: signers.book(0), events }, NETWORK)
  return { signers, watch, noticed, events }
}

const views = (noticed: readonly Statement[]): string[] => noticed.map(({ kind, view }) => `${kind}/${view}`)

describe('C22: statements of the own key that others hold', () => {
  it('C22: in certificates that name the own key, and in no others', () => {
    const { watch, signers, noticed } = aWatch(2)
    watch.inCertificate(signers.certificate(FINALISE, 3, hash))
    assert.deepEqual(views(noticed), [`${FINALISE}/3`])
    const other = aWatch(3)
    other.watch.inCertificate(signers.certificate(FINALISE, 3, hash))
    assert.deepEqual(other.noticed, [])
  })

  it('C22, C28: in what a block records, late votes included', () => {
    const { watch, signers, noticed } = aWatch(2)
    watch.inAttendance({
      parentCertificate: [signers.certificate(NOTARISE, 5, hash)],
      lateVotes: [signers.vote(2, NOTARISE, 4, hash), signers.vote(3, NOTARISE, 4, hash)]
    })
    assert.deepEqual(views(noticed), [`${NOTARISE}/5`, `${NOTARISE}/4`])
  })

  it('C22: one that the guard does not know is told', async () => {
    const { watch, signers, events } = aWatch(1)
    watch.notice(signers.vote(1, NOTARISE, 8, hash))
    await settled()
    assert.deepEqual(events.said, [])
    watch.notice(signers.vote(1, NOTARISE, 9, hash))
    await settled()
    assert.match(events.said.join(), /elsewhere/)
  })

  it('C22: a follower has no key to watch for', () => {
    const { signers, events } = aWatch(0)
    const watch = new TwinWatch({ validator: undefined, epochs: signers.book(0), events }, NETWORK)
    watch.inAttendance({
      parentCertificate: [signers.certificate(NOTARISE, 5, hash)],
      lateVotes: [signers.vote(2, NOTARISE, 4, hash)]
    })
    watch.notice(signers.vote(2, NOTARISE, 9, hash))
    assert.deepEqual(events.said, [])
  })
})
