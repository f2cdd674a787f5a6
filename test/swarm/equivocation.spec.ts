/** A validator that signs twice, among real nodes: proven, sanctioned and seated nowhere, on every one of them. */
import assert from 'node:assert/strict'
import { NOTARISE, VoteType } from '../../src/codec/statement.ts'
import { FRAME_VOTE } from '../../src/codec/messages.ts'
import { concat, toHex } from '../../src/primitives/bytes.ts'
import { createSwarm } from '../../src/testing/index.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { createConductPort } from '../../src/app/conduct-port.ts'
import { Arena } from '../support/arena.ts'
import { Hostile } from '../support/hostile.ts'
import { aVote, someHash } from '../support/forge.ts'

describe('a validator that signs twice', function () {
  this.timeout(180_000)

  it('C30, REQ-13, SAN-1, SAN-2: it is proven on every node, loses a level’s points, and sits nowhere from the next frozen epoch on', async () => {
    const overrides = { epochLength: 8, freezeDistance: 2 }
    const arena = await Arena.open({ sanctions: true, overrides, startMs: 60_000 })
    const hostile = await Hostile.create(arena.network)
    try {
      await hostile.join(arena.target)
      const key = arena.key.publicKey
      const isProven = (): boolean =>
        arena.swarm.running.every(({ chains }) => {
          const facts = createConductPort(chains!).validator(key)
          return facts?.standing.level === 1 && facts.standing.isExcluded
        })
      for (let attempt = 0; attempt < 8 && !isProven(); attempt++) {
        const { view } = arena.instance(COORD)
        for (const hash of [someHash(), someHash()]) {
          const vote = aVote(arena, COORD, { view, kind: NOTARISE, hash })
          await hostile.publish(COORD, 'vote', VoteType.serialize(vote))
        }
        await arena.swarm
          .until(isProven, { what: 'the proof in every state', timeoutMs: 4_000 })
          .catch(() => undefined)
      }
      assert.ok(isProven(), 'the offence stands in the state of every node')
      const isOut = (): boolean =>
        arena.swarm.running.every(({ chains }) =>
          chains!.list.every(({ driver }) =>
            driver.instance.config.committee.members.every((member) => toHex(member.key) !== toHex(key))
          )
        )
      await arena.swarm.until(isOut, { what: 'committees without it on every chain', timeoutMs: 40_000 })
      const listed = arena.swarm.running.map(({ chains }) =>
        createConductPort(chains!)
          .offences(5)
          .offences.map(({ id }) => toHex(id))
      )
      assert.ok(listed[0]!.length > 0)
      for (const other of listed) assert.deepEqual(other, listed[0])
      for (const { chains } of arena.swarm.running) {
        const facts = createConductPort(chains!).validator(key)!
        assert.deepEqual([facts.standing.penalty, facts.seats], [5_000_000n, []])
        for (const { weight } of facts.weights) assert.equal(weight.ineligible, 'sanctioned')
      }
      await arena.progress(3)
    } finally {
      await hostile.stop()
      await arena.swarm.stop()
    }
  })

  it('C30, REQ-13: what only a follower without a key saw reaches the state of the coordination chain', async () => {
    // Four validators of the genesis; the fourth key is the stranger's, and the fourth node follows.
    const swarm = await createSwarm({
      nodes: 4,
      validators: 4,
      overrides: { epochLength: 200, freezeDistance: 4 },
      configure: (index) => (index === 3 ? { validator: undefined } : {})
    })
    const arena = new Arena(swarm, { honest: 3, progressMs: 60_000 })
    const hostile = await Hostile.create(arena.network)
    try {
      await swarm.start()
      await arena.progress(2)
      const follower = swarm.node(3)
      assert.equal(follower.validator, undefined)
      await hostile.join(follower)
      const isProven = (): boolean =>
        swarm.running.every(
          ({ chains }) => createConductPort(chains!).validator(arena.key.publicKey)?.standing.level === 1
        )
      for (let attempt = 0; attempt < 8 && !isProven(); attempt++) {
        const { view } = follower.chains!.get(COORD)!.driver.instance
        for (const hash of [someHash(), someHash()]) {
          const vote = aVote(arena, COORD, { view, kind: NOTARISE, hash })
          // Nobody hands a vote of another on over this stream (C19), so nobody else has both.
          await hostile.frame(concat(Uint8Array.of(FRAME_VOTE), VoteType.serialize(vote)))
        }
        await swarm
          .until(isProven, { what: 'the proof in every state', timeoutMs: 4_000 })
          .catch(() => undefined)
      }
      assert.ok(isProven(), 'what the follower saw stands in the state of every node')
    } finally {
      await hostile.stop()
      await swarm.stop()
    }
  })
})
