import assert from 'node:assert/strict'
import { hasRoom } from '../../../../src/net/discovery/compose.ts'
import type { Sessions } from '../../../../src/net/sessions.ts'

/** So many sessions of each direction, and nothing else that is asked for. */
const sessionsOf = (inbound: number, outbound: number): Sessions => {
  const all = [
    ...Array.from({ length: inbound }, () => ({ direction: 'inbound' })),
    ...Array.from({ length: outbound }, () => ({ direction: 'outbound' }))
  ]
  return { size: all.length, all: () => all } as unknown as Sessions
}

describe('room for peers', () => {
  it('DIS-11: whoever connects gets four fifths of the places, the rest is for those that are dialled', () => {
    const room = (inbound: number, outbound: number, direction: 'inbound' | 'outbound', maxPeers = 10) =>
      hasRoom(sessionsOf(inbound, outbound), { maxPeers, outboundPercent: 20 }, direction)
    assert.equal(room(7, 0, 'inbound'), true)
    assert.equal(room(8, 0, 'inbound'), false)
    assert.equal(room(8, 1, 'outbound'), true)
    assert.equal(room(8, 2, 'outbound'), false)
    assert.equal(room(0, 9, 'inbound'), true)
    assert.equal(room(0, 10, 'inbound'), false)
    assert.equal(room(8, 0, 'inbound', 20), true)
    assert.equal(room(0, 0, 'inbound', 1), true)
  })
})
