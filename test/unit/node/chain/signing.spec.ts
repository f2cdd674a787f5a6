import assert from 'node:assert/strict'
import { ProposalType } from '../../../../src/codec/proposal.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { ZERO_HASH, u64be } from '../../../../src/primitives/bytes.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import { Journal } from '../../../../src/store/journal.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import { FINALISE, NETWORK, NOTARISE, NULLIFY } from '../../../support/consensus.ts'
import { Signers, settled } from '../../../support/node-fakes.ts'

import { aDriver, BASE, blockIn, leaderIndex, propose, voterIndex } from '../../../support/driver.ts'

describe('C11: durable before sent', () => {
  it('C11: a vote whose write never ends is not published, and counts for nothing', async () => {
    let hold = false
    const disk = new MemoryDisk({ schedule: (complete) => void (hold || complete()) })
    const running = await aDriver({ self: voterIndex, disk })
    hold = true
    propose(running)
    await settled()
    assert.deepEqual(running.publishedVotes(), [])
    assert.equal(running.driver.instance.views.get(1)?.notarise.values().next().value?.size, 1)
  })

  it('C11: once it is durable it is published, and vote and block are in the journal', async () => {
    const completes: (() => void)[] = []
    let hold = false
    const disk = new MemoryDisk({
      schedule: (complete) => void (hold ? completes.push(complete) : complete())
    })
    const running = await aDriver({ self: voterIndex, disk })
    hold = true
    const block = propose(running)
    await settled()
    assert.equal(running.network.published.length, 0)
    hold = false
    for (const complete of completes) complete()
    await settled()
    const [vote] = running.publishedVotes()
    assert.deepEqual([vote?.kind, vote?.signer, vote?.hash], [NOTARISE, voterIndex, block.hash])
    const kinds = (await running.journal.load(COORD)).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['block', 'vote'])
    disk.crash()
    const again = await Journal.open(disk.open())
    assert.equal((await again.load(COORD)).length, 2)
  })

  it('C11: a leader’s write holds the proposal, and the proposal is what is sent', async () => {
    const running = await aDriver({ self: leaderIndex })
    running.built.block = blockIn(running, 1)
    running.clock.advance(200)
    await settled()
    assert.deepEqual(
      running.network.published.map(({ kind }) => kind),
      ['block']
    )
    const proposal = ProposalType.deserialize(running.network.published[0]!.data)
    assert.deepEqual(
      [proposal.vote.kind, proposal.vote.view, proposal.vote.hash],
      [NOTARISE, 1, running.built.block.hash]
    )
    const kinds = (await running.journal.load(COORD)).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['proposal', 'vote'])
  })

  it('C11: a failed write ends the chain’s loop and is told; nothing is sent any more', async () => {
    const running = await aDriver({ self: voterIndex })
    running.disk.crash()
    propose(running)
    await settled()
    assert.equal(running.events.errors.length, 1)
    assert.deepEqual(running.network.published, [])
    running.clock.advance(60_000)
    await settled()
    assert.deepEqual(running.network.published, [])
  })
})

describe('C12: the guard and the driver', () => {
  it('C12: what the guard refuses is not sent, is told, and stops signing', async () => {
    const running = await aDriver({ self: voterIndex })
    const { validator } = running
    const taken = validator!.sign({
      network: NETWORK,
      chain: COORD,
      epoch: 0,
      view: 1,
      kind: NOTARISE,
      hash: sha256Of(u64be(77))
    })
    assert.ok(taken.ok)
    propose(running)
    await settled()
    assert.deepEqual(running.publishedVotes(), [])
    assert.match(
      running.events.said.find((one) => one.startsWith('refused'))!,
      /notarised-another/
    )
    assert.equal(running.driver.instance.signing, false)
    running.clock.advance(60_000)
    await settled()
    assert.deepEqual(running.network.published, [])
  })

  it('C12, C22: views that were final before the store came back are silent; those above them are not', async () => {
    const schedule = new Signers().book(0).schedule(COORD, 0)
    const leaders = [1, 2, 3].map((view) => schedule.leader(view))
    const running = await aDriver({ self: [0, 1, 2, 3].find((member) => !leaders.includes(member))! })
    const { driver, signers, validator } = running
    validator!.guard.raiseFloor(COORD, 0, 2)
    const ended = (view: number): void =>
      driver.enqueue({ type: 'certificate', certificate: signers.certificate(NULLIFY, view), byGossip: true })
    propose(running, 2)
    await settled()
    ended(1)
    await settled()
    assert.match(
      running.events.said.find((one) => one.startsWith('refused'))!,
      /view-below-floor/
    )
    assert.deepEqual(running.publishedVotes(), [])
    // What would have gone along is on disk all the same: the next vote rests on it (C11).
    const held = (await running.journal.load(COORD)).map(({ kind }) => kind)
    assert.ok(held.includes('certificate'), held.join())
    const block = propose(running, 3)
    ended(2)
    await settled()
    assert.deepEqual(
      running.publishedVotes().map(({ view, kind, hash }) => [view, kind, hash]),
      [[3, NOTARISE, block.hash]]
    )
  })

  it('C22: a twin’s statement stops signing for good', async () => {
    const running = await aDriver({ self: voterIndex })
    const reason = await running.validator!.noticeTwin({
      network: NETWORK,
      chain: COORD,
      epoch: 0,
      view: 9,
      kind: NULLIFY,
      hash: ZERO_HASH
    })
    assert.match(reason!, /in use elsewhere/)
    propose(running)
    await settled()
    running.clock.advance(60_000)
    await settled()
    assert.deepEqual(running.network.published, [])
    assert.equal(running.validator!.state, 'refused')
  })

  it('C12, C22: a validator that still listens signs nothing, and catches up on it when it may', async () => {
    const running = await aDriver({ self: voterIndex, listening: true })
    const block = propose(running)
    await settled()
    assert.deepEqual(running.network.published, [])
    running.validator!.activate()
    running.driver.enqueue({ type: 'signing', enabled: true })
    await settled()
    assert.deepEqual(
      running.publishedVotes().map(({ hash }) => hash),
      [block.hash]
    )
  })

  it('C22: own votes of before the restart bind after it', async () => {
    const first = await aDriver({ self: voterIndex })
    const block = propose(first)
    await settled()
    assert.equal(first.publishedVotes().length, 1)
    const records = await first.journal.load(COORD)
    const disk = new MemoryDisk()
    const journal = await Journal.open(disk.open())
    await journal.write(records)
    disk.crash()
    const second = await aDriver({ self: voterIndex, disk })
    assert.ok(second.driver.instance.views.get(1)?.ownNotarise)
    assert.equal(second.driver.instance.blocks.size, 1)
    second.driver.enqueue({ type: 'vote', vote: second.signers.vote(leaderIndex, NOTARISE, 1, block.hash) })
    await settled()
    assert.deepEqual(second.publishedVotes(), [])
  })

  it('C12: a follower signs nothing', async () => {
    const running = await aDriver({ self: null })
    propose(running)
    await settled()
    running.clock.advance(60_000)
    await settled()
    assert.deepEqual(running.network.published, [])
  })
})

describe('C19, C22: what is given out after a restart', () => {
  it('C19: the finality certificate of the last final block, which only the store still has', async () => {
    const signers = new Signers()
    const certificate = signers.certificate(FINALISE, 7, BASE.hash)
    const running = await aDriver({ self: voterIndex, certificate })
    assert.deepEqual(running.driver.instance.finality, certificate)
  })

  it('C20: that of an older epoch is not this instance’s', async () => {
    const signers = new Signers()
    const certificate = signers.certificate(FINALISE, 7, BASE.hash, 9)
    const running = await aDriver({ self: voterIndex, certificate })
    assert.equal(running.driver.instance.finality, undefined)
  })
})
