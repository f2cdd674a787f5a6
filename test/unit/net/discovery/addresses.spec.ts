import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { hostOf, mayUse, readAddress, scopeOf, withoutPeer } from '../../../../src/net/discovery/addresses.ts'
import { Gate } from '../../../../src/net/gate.ts'

const scope = (text: string): string => scopeOf(multiaddr(text))
const PEER = '12D3KooWR2idSJiCrKFgoqscXKfXJDKiLogxaVHKDnZkzpuPnK5b'

describe('addresses that others tell', () => {
  const EXPECTED: Readonly<Record<string, readonly string[]>> = {
    public: [
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '8.8.8.8'
    ],
    private: [
      '10.0.0.0',
      '10.255.255.255',
      '100.64.0.0',
      '127.0.0.1',
      '169.254.1.1',
      '172.16.0.0',
      '172.31.255.255',
      '192.168.0.1'
    ],
    nowhere: [
      '0.0.0.0',
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.9',
      '224.0.0.1',
      '255.255.255.255'
    ]
  }
  for (const [expected, hosts] of Object.entries(EXPECTED)) {
    it(`DIS-8: of IPv4, ${hosts.join(', ')} are ${expected}`, () => {
      for (const host of hosts) assert.equal(scope(`/ip4/${host}/tcp/1`), expected, host)
    })
  }

  it('DIS-8: of IPv6, loopback, link-local, unique-local are private; wrapped, multicast, unspecified lead nowhere', () => {
    for (const host of ['::1', 'fe80::1', 'febf::1', 'fc00::1', 'fdff::1', 'fec0::1'])
      assert.equal(scope(`/ip6/${host}/tcp/1`), 'private', host)
    for (const host of ['::', 'ff02::1', '2001:db8::1', '64:ff9b::7f00:1', '::ffff:0:7f00:1'])
      assert.equal(scope(`/ip6/${host}/tcp/1`), 'nowhere', host)
    for (const host of ['2001:4860::1', '2600::1']) assert.equal(scope(`/ip6/${host}/tcp/1`), 'public', host)
  })

  it('DIS-8: an IPv4 address in IPv6 clothes is never public', () => {
    for (const host of ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8'])
      assert.notEqual(scope(`/ip6/${host}/tcp/1`), 'public', host)
  })

  it('DIS-8: names of this machine and of houses are private, others public; what is no host leads nowhere', () => {
    for (const name of [
      'localhost',
      'printer',
      'x.local',
      'x.localhost',
      'node.lan',
      'a.home.arpa',
      'db.internal'
    ])
      assert.equal(scope(`/dns4/${name}/tcp/1`), 'private', name)
    assert.equal(scope('/dns4/icn.example/tcp/1'), 'public')
    assert.equal(scope('/memory/a'), 'private')
    assert.equal(scope(`/p2p/${PEER}`), 'nowhere')
  })

  it('DIS-8: private ones are used with the permission alone, what leads nowhere never', () => {
    const [home, world, nowhere] = ['10.0.0.1', '8.8.8.8', '0.0.0.0'].map((host) =>
      multiaddr(`/ip4/${host}/tcp/1`)
    )
    assert.deepEqual(
      [mayUse(home!, false), mayUse(world!, false), mayUse(nowhere!, false)],
      [false, true, false]
    )
    assert.deepEqual([mayUse(home!, true), mayUse(world!, true), mayUse(nowhere!, true)], [true, true, false])
  })

  it('DIS-8: whatever wants to dial goes through the gate; what the operator wrote down passes', () => {
    const gate = new Gate(() => false, false)
    const address = multiaddr(`/ip4/127.0.0.1/tcp/1/p2p/${PEER}`)
    assert.equal(gate.denyDialMultiaddr(address), true)
    gate.allow(multiaddr('/ip4/127.0.0.1/tcp/1'))
    assert.equal(gate.denyDialMultiaddr(address), false)
    assert.equal(gate.denyDialMultiaddr(multiaddr('/ip4/127.0.0.1/tcp/2')), true)
    assert.equal(new Gate(() => false, true).denyDialMultiaddr(address), false)
  })

  it('DIS-2: bytes that are no address, too long or empty are passed over', () => {
    const address = multiaddr('/ip4/8.8.8.8/tcp/9000')
    assert.equal(readAddress(address.bytes)?.toString(), address.toString())
    assert.equal(readAddress(new Uint8Array(0)), undefined)
    assert.equal(readAddress(Uint8Array.of(4, 1)), undefined)
    const long = multiaddr(`/dns4/${'a'.repeat(125)}/tcp/1`)
    assert.ok(long.bytes.length > 128)
    assert.equal(readAddress(long.bytes), undefined)
    assert.equal(withoutPeer(multiaddr(`${address.toString()}/p2p/${PEER}`)).toString(), address.toString())
    assert.equal(hostOf(address), '8.8.8.8')
  })
})
