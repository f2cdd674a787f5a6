import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import type { Counted } from '../../../src/net/crowding.ts'
import { isCrowdedAddress, isCrowdedPeer, machineOf } from '../../../src/net/crowding.ts'
import { NET_LIMITS } from '../../../src/net/limits.ts'

const { connectionsPerAddress, connectionsPerPeer } = NET_LIMITS
const connection = (address: string, direction: Counted['direction'] = 'inbound', peer = 'p'): Counted => ({
  direction,
  remoteAddr: multiaddr(address),
  remotePeer: { toString: () => peer }
})
const many = (count: number, make: (index: number) => Counted): Counted[] =>
  Array.from({ length: count }, (_, index) => make(index))
const PUBLIC = '/ip4/8.8.8.8/tcp'
const at = multiaddr(`${PUBLIC}/9`)

describe('crowding', () => {
  it('D14: connectionsPerAddress: so many inbound connections of one address, whatever the port, and not one more', () => {
    const below = many(connectionsPerAddress - 1, (port) => connection(`${PUBLIC}/${port + 1}`))
    assert.equal(isCrowdedAddress(below, at, false), false)
    assert.equal(isCrowdedAddress([...below, connection(`${PUBLIC}/99`)], at, false), true)
    assert.equal(isCrowdedAddress([...below, connection(`${PUBLIC}/99`, 'outbound')], at, false), false)
    assert.equal(isCrowdedAddress([...below, connection('/ip4/8.8.8.9/tcp/1')], at, false), false)
  })

  it('D14: an IPv6 /64 counts as one machine, its neighbour does not', () => {
    assert.equal(
      machineOf(multiaddr('/ip6/2a00:1:2:3::1/tcp/1')),
      machineOf(multiaddr('/ip6/2a00:1:2:3:ffff::9/tcp/2'))
    )
    assert.notEqual(
      machineOf(multiaddr('/ip6/2a00:1:2:3::1/tcp/1')),
      machineOf(multiaddr('/ip6/2a00:1:2:4::1/tcp/1'))
    )
    assert.equal(machineOf(multiaddr('/memory/a')), undefined)
  })

  it('D14: private addresses are counted unless private ones are allowed, public ones always', () => {
    const local = many(connectionsPerAddress, (port) => connection(`/ip4/10.0.0.1/tcp/${port + 1}`))
    const here = multiaddr('/ip4/10.0.0.1/tcp/99')
    assert.equal(isCrowdedAddress(local, here, false), true)
    assert.equal(isCrowdedAddress(local, here, true), false)
    const remote = many(connectionsPerAddress, (port) => connection(`${PUBLIC}/${port + 1}`))
    assert.equal(isCrowdedAddress(remote, at, true), true)
  })

  it('D14: connectionsPerPeer: so many connections of one peer, both ways, and not one more', () => {
    const open = many(connectionsPerPeer - 1, (port) => connection(`${PUBLIC}/${port + 1}`))
    assert.equal(isCrowdedPeer(open, 'p'), false)
    assert.equal(isCrowdedPeer([...open, connection(`${PUBLIC}/9`, 'outbound')], 'p'), true)
    assert.equal(isCrowdedPeer([...open, connection(`${PUBLIC}/9`, 'inbound', 'q')], 'p'), false)
  })
})
