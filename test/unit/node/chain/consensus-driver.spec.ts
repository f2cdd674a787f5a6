import assert from 'node:assert/strict'
import type { Block } from '../../../../src/codec/block.ts'
import { ownVotes } from '../../../../src/consensus/votes.ts'
import { VerifyPoolError } from '../../../../src/crypto/errors.ts'
import { COORD } from '../../../../src/primitives/chain-id.ts'
import { ZERO_HASH, u64be } from '../../../../src/primitives/bytes.ts'
import { sha256Of } from '../../../../src/crypto/hash.ts'
import { Journal } from '../../../../src/store/journal.ts'
import { MemoryDisk } from '../../../../src/store/memory.ts'
import { FINALISE, NETWORK, NOTARISE, NULLIFY, PARAMS, WALL_MS } from '../../../support/consensus.ts'
import { Signers, settled } from '../../../support/node-fakes.ts'

import { VALID, aDriver, blockIn, propose, voterIndex } from '../../../support/driver.ts'
import type { Running } from '../../../support/driver.ts'

describe('C7: judging', () => {
  it('C7: trouble of the verifier is no verdict: the block is judged again', async () => {
    let failing = true
    const running = await aDriver({
      self: voterIndex,
      judge: () =>
        failing
          ? Promise.reject(new VerifyPoolError({ code: 'CRYPTO_QUEUE_FULL', jobs: 1, bytes: 1 }))
          : Promise.resolve(VALID)
    })
    const block = propose(running)
    await settled()
    assert.deepEqual([running.judged.length, running.publishedVotes().length], [1, 0])
    assert.deepEqual(running.events.errors, [])
    failing = false
    running.clock.advance(100)
    await settled()
    assert.equal(running.judged.length, 2)
    assert.deepEqual(
      running.publishedVotes().map(({ hash }) => hash),
      [block.hash]
    )
  })

  it('C7: any other failure is told and decides nothing about the block', async () => {
    const running = await aDriver({ self: voterIndex, judge: () => Promise.reject(new Error('disk')) })
    propose(running)
    await settled()
    assert.equal(running.events.errors.length, 1)
    assert.deepEqual(running.publishedVotes(), [])
    assert.equal(
      running.events.said.some((one) => one.startsWith('invalid')),
      false
    )
  })

  it('C7, C17: an invalid block is told with its reason, and the view nullified', async () => {
    const running = await aDriver({
      self: voterIndex,
      judge: () => Promise.resolve({ ok: false, code: 'wrong-state-root', detail: 'x' })
    })
    propose(running)
    await settled()
    assert.deepEqual(
      running.publishedVotes().map(({ kind }) => kind),
      [NULLIFY]
    )
    assert.ok(running.events.said.includes('invalid 1 wrong-state-root: x'))
  })

  it('C7: no verdict on an abandoned branch', async () => {
    const running = await aDriver({ self: voterIndex, judge: () => Promise.resolve(undefined) })
    propose(running)
    await settled()
    assert.deepEqual([running.publishedVotes().length, running.driver.instance.blocks.size], [0, 1])
  })
})

describe('C24: hand-over in the driver', () => {
  /** Height 8 ends epoch 0: the block is said to be at that height. */
  async function ended(self: number | null = voterIndex): Promise<Running & { boundary: Block }> {
    const running = await aDriver({ self })
    const boundary = blockIn(running, 1, { height: 8 })
    running.driver.enqueue({ type: 'block', block: boundary })
    await settled()
    return { ...running, boundary }
  }

  it('C24: with the boundary block stored, the next epoch runs in view 1 on top of it', async () => {
    const running = await ended()
    const certificate = running.signers.certificate(FINALISE, 1, running.boundary.hash)
    running.driver.enqueue({ type: 'certificate', certificate, byGossip: true })
    await settled()
    const { config, view, final } = running.driver.instance
    assert.deepEqual([config.epoch, view, final.height, final.view], [1, 1, 8, 0])
    assert.deepEqual(final.hash, running.boundary.hash)
    assert.deepEqual(running.committed, [[8]])
    assert.equal(running.driver.instance.signing, true)
  })

  it('C24: verified inputs of the next epoch wait for it, at most 512, and are then heard', async () => {
    const running = await ended()
    const { driver, signers } = running
    for (let view = 1; view <= 600; view++) {
      driver.enqueueFor(1, {
        type: 'certificate',
        certificate: signers.certificate(NULLIFY, view, ZERO_HASH, 1),
        byGossip: true
      })
    }
    await settled()
    assert.equal(driver.instance.view, 1)
    driver.enqueue({
      type: 'certificate',
      certificate: signers.certificate(FINALISE, 1, running.boundary.hash),
      byGossip: true
    })
    await settled()
    assert.deepEqual([driver.instance.config.epoch, driver.instance.view], [1, 513])
  })

  it('C24, GOS-11: of the early proposals of one view two blocks wait', async () => {
    const running = await ended()
    const { driver, signers } = running
    for (let i = 0; i < 10; i++) {
      const block = blockIn(running, 1, {
        epoch: 1,
        height: 9,
        parent: running.boundary.hash,
        timeMs: WALL_MS + i
      })
      driver.enqueueFor(1, { type: 'block', block, proposedIn: 1 + (i % 2) })
    }
    driver.enqueue({
      type: 'certificate',
      certificate: signers.certificate(FINALISE, 1, running.boundary.hash),
      byGossip: true
    })
    await settled()
    assert.equal(driver.instance.blocks.size, 4)
  })

  it('C24: inputs of an ended epoch are ignored', async () => {
    const running = await ended()
    const { driver, signers } = running
    driver.enqueue({
      type: 'certificate',
      certificate: signers.certificate(FINALISE, 1, running.boundary.hash),
      byGossip: true
    })
    driver.enqueue({ type: 'certificate', certificate: signers.certificate(NULLIFY, 5), byGossip: true })
    await settled()
    assert.deepEqual([driver.instance.config.epoch, driver.instance.view], [1, 1])
    driver.enqueueFor(0, {
      type: 'certificate',
      certificate: signers.certificate(NULLIFY, 6),
      byGossip: true
    })
    await settled()
    assert.equal(driver.instance.view, 1)
  })
})

describe('C22, C24: a store that came back behind its journal', () => {
  const schedule = (epoch: number) => new Signers().book(epoch).schedule(COORD, epoch)

  /** A member that nullified view 1 of a later epoch, in which it leads neither of the first two views. */
  async function behind(epoch: number) {
    const leaders = [1, 2].map((view) => schedule(epoch).leader(view))
    const self = [0, 1, 2, 3].find((member) => !leaders.includes(member))!
    const disk = new MemoryDisk()
    const own = new Signers().vote(self, NULLIFY, 1, ZERO_HASH, epoch)
    await (await Journal.open(disk.open())).write([{ kind: 'vote', vote: own }])
    disk.crash()
    const running = await aDriver({ self, disk, epochs: [0, 1, 2] })
    // Its guard remembers it, too.
    const said = { network: NETWORK, chain: COORD, epoch, view: 1, kind: NULLIFY, hash: ZERO_HASH } as const
    assert.ok(running.validator!.sign(said).ok)
    return { ...running, own }
  }

  /** Makes the boundary block of the running epoch final. */
  async function end(running: Running): Promise<Block> {
    const { epoch, base } = running.driver.instance.config
    const boundary = blockIn(running, 1, { epoch, height: 8 * (epoch + 1), parent: base.hash })
    running.driver.enqueue({ type: 'block', block: boundary })
    const certificate = running.signers.certificate(FINALISE, 1, boundary.hash, epoch)
    running.driver.enqueue({ type: 'certificate', certificate, byGossip: true })
    await settled()
    return boundary
  }

  /** By the leader of the view, on the boundary block. */
  async function offer(running: Running, view: number, parent: Block): Promise<Block> {
    const { epoch } = running.driver.instance.config
    const leader = schedule(epoch).leader(view)
    const proposer = running.signers.committee.members[leader]!.key
    const height = parent.header.height + 1
    const block = blockIn(running, view, { epoch, height, parent: parent.hash, proposer })
    running.driver.enqueue({ type: 'block', block, proposedIn: view })
    running.driver.enqueue({
      type: 'vote',
      vote: running.signers.vote(leader, NOTARISE, view, block.hash, epoch)
    })
    await settled()
    return block
  }

  it('C22: own votes of the next epoch bind when it begins, are given to peers, and signing goes on', async () => {
    const running = await behind(1)
    assert.deepEqual(ownVotes(running.driver.instance, 0), [], 'not before')
    const boundary = await end(running)
    const { instance } = running.driver
    assert.deepEqual([instance.config.epoch, instance.views.get(1)?.ownNullify], [1, true])
    assert.deepEqual(ownVotes(instance, 0), [running.own])
    await offer(running, 1, boundary)
    assert.deepEqual(running.publishedVotes(), [])
    running.driver.enqueue({
      type: 'certificate',
      certificate: running.signers.certificate(NULLIFY, 1, ZERO_HASH, 1),
      byGossip: true
    })
    const { hash } = await offer(running, 2, boundary)
    assert.deepEqual(
      running.publishedVotes().map((vote) => [vote.epoch, vote.view, vote.kind, vote.hash]),
      [[1, 2, NOTARISE, hash]]
    )
    assert.deepEqual(
      running.events.said.filter((one) => one.startsWith('refused')),
      [],
      'the guard is never asked for what it would have to refuse'
    )
  })

  it('C22: those of the epoch after wait for it', async () => {
    const running = await behind(2)
    await end(running)
    assert.deepEqual(ownVotes(running.driver.instance, 0), [])
    await end(running)
    assert.equal(running.driver.instance.config.epoch, 2)
    assert.deepEqual(ownVotes(running.driver.instance, 0), [running.own])
  })
})

describe('the loop of the driver', () => {
  it('C19: beyond 8,192 waiting inputs votes are dropped, certificates are not', async () => {
    let hold = false
    const disk = new MemoryDisk({ schedule: (complete) => void (hold || complete()) })
    const running = await aDriver({ self: voterIndex, disk })
    hold = true
    propose(running)
    await settled()
    const vote = running.signers.vote(0, NULLIFY, 1)
    for (let i = 0; i < 9_000; i++) running.driver.enqueue({ type: 'vote', vote })
    assert.equal(running.driver.queued, 8_192)
    running.driver.enqueue({
      type: 'certificate',
      certificate: running.signers.certificate(NULLIFY, 1),
      byGossip: true
    })
    assert.equal(running.driver.queued, 8_193)
  })

  it('C16: certificates formed here are published and journaled', async () => {
    const running = await aDriver({ self: null })
    for (const signer of [0, 1, 2]) {
      running.driver.enqueue({ type: 'vote', vote: running.signers.vote(signer, NULLIFY, 1) })
    }
    await settled()
    assert.deepEqual(
      running.network.published.map(({ kind }) => kind),
      ['certificate']
    )
    assert.deepEqual(
      (await running.journal.load(COORD)).map(({ kind }) => kind),
      ['certificate']
    )
    assert.ok(running.events.said.includes('nullified 1'))
    assert.ok(running.events.said.includes('entered 0/2'))
  })

  it('C18: a missing block is asked for', async () => {
    const running = await aDriver({ self: null })
    const hash = sha256Of(u64be(3))
    running.driver.enqueue({
      type: 'certificate',
      certificate: running.signers.certificate(NOTARISE, 1, hash),
      byGossip: true
    })
    await settled()
    assert.deepEqual(running.fetched, [hash])
  })

  it('C27: an alarm is told', async () => {
    const running = await aDriver({
      self: null,
      judge: () => Promise.resolve({ ok: false, code: 'wrong-state-root', detail: '' })
    })
    const block = blockIn(running, 1)
    running.driver.enqueue({ type: 'block', block })
    running.driver.enqueue({
      type: 'certificate',
      certificate: running.signers.certificate(FINALISE, 1, block.hash),
      byGossip: true
    })
    await settled()
    assert.ok(running.events.said.some((one) => one.startsWith('halted')))
    assert.deepEqual(running.committed, [])
  })

  it('C17, C21: time alone wakes it, and after the stop nothing does', async () => {
    const running = await aDriver({ self: voterIndex })
    running.clock.advance(1_200)
    await settled()
    assert.deepEqual(
      running.publishedVotes().map(({ kind }) => kind),
      [NULLIFY]
    )
    await running.driver.stop()
    assert.equal(running.clock.waiting, 0)
    running.driver.enqueue({
      type: 'certificate',
      certificate: running.signers.certificate(NULLIFY, 1),
      byGossip: true
    })
    await settled()
    assert.equal(running.driver.instance.view, 1)
  })

  it('C10: parameters are those of the epoch’s snapshot', async () => {
    const running = await aDriver({ self: null })
    assert.deepEqual(running.driver.instance.config.params, PARAMS)
    assert.equal(running.driver.instance.config.self, undefined)
  })
})
