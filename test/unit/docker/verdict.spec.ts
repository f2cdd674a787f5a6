import assert from 'node:assert/strict'
import { BEHIND_MAX, NetworkVerdict, STILL_MS_MAX } from '../../../scripts/docker/verdict.ts'

const NODES = ['a', 'b']

/** Both nodes healthy since 0, both chains final at 10. */
function whole(): NetworkVerdict {
  const verdict = new NetworkVerdict(NODES)
  for (const name of NODES) {
    verdict.sync(name, 'coord', 10, 'live', 0)
    verdict.sync(name, 0, 10, 'live', 0)
    verdict.health(name, true, 0)
  }
  return verdict
}

describe('docker: what is wrong with a network', () => {
  it('nothing is missing where all are healthy, live and near each other', () => {
    const verdict = whole()
    assert.deepEqual([verdict.missing(), verdict.findings], [[], []])
    verdict.sync('a', 0, 10 + BEHIND_MAX, 'live', 1)
    assert.deepEqual(verdict.missing(), [])
    verdict.sync('a', 0, 11 + BEHIND_MAX, 'live', 2)
    assert.deepEqual(verdict.missing(), ['b has chain 0 final at 10, others at 16'])
  })

  it('names who is not healthy, lacks a chain, has nothing final or is behind; leaves out who is away', () => {
    assert.deepEqual(new NetworkVerdict(NODES).missing(), ['no node says how far its chains are'])
    const verdict = whole()
    verdict.health('b', false, 1)
    assert.deepEqual([verdict.missing(), verdict.missing(['b'])], [['b is not healthy'], []])
    assert.deepEqual([verdict.isHeard('b'), new NetworkVerdict(NODES).isHeard('b')], [true, false])
    const other = new NetworkVerdict(NODES)
    other.sync('a', 'coord', 3, 'bodies', 0)
    other.sync('a', 0, 0, 'live', 0)
    other.health('a', true, 0)
    other.health('b', true, 0)
    assert.deepEqual(other.missing(), [
      'a has chain coord in mode bodies',
      'a has no final block of chain 0',
      'b does not have chain coord',
      'b does not have chain 0'
    ])
  })

  it('a healthy node may stand still for ten seconds, and not longer, on any chain', () => {
    const verdict = whole()
    verdict.final('a', 'coord', 11, 'x', 5_000)
    verdict.health('a', true, STILL_MS_MAX)
    assert.deepEqual(verdict.findings, [])
    verdict.health('a', true, STILL_MS_MAX + 1)
    const finding = 'a is healthy, but its chain 0 stands still at 10 for 10 s'
    assert.deepEqual(verdict.findings, [finding])
    verdict.final('a', 0, 11, 'y', STILL_MS_MAX + 2)
    assert.deepEqual(verdict.findings, [finding], 'what was found stays found')
  })

  it('a node that says it is not healthy may stand still; its time begins when it says so again', () => {
    const verdict = whole()
    verdict.health('a', false, 9_000)
    verdict.health('a', false, 30_000)
    verdict.health('a', true, 40_000)
    verdict.health('a', true, 40_000 + STILL_MS_MAX)
    assert.deepEqual(verdict.findings, [])
    verdict.health('a', true, 40_001 + STILL_MS_MAX)
    assert.equal(verdict.findings.length, 2)
  })

  it('a healthy node that never says how far it is, is found', () => {
    const verdict = new NetworkVerdict(NODES)
    verdict.health('a', true, 0)
    verdict.health('a', true, STILL_MS_MAX + 1)
    assert.deepEqual(verdict.findings, ['a is healthy, but does not say how far its chains are'])
  })

  it('two final blocks at one height are found', () => {
    const verdict = whole()
    verdict.final('a', 0, 11, 'x', 1)
    verdict.final('b', 0, 11, 'x', 1)
    verdict.final('b', 'coord', 11, 'y', 1)
    assert.deepEqual(verdict.findings, [])
    verdict.final('a', 'coord', 11, 'z', 2)
    assert.deepEqual(verdict.findings, ['chain coord has two final blocks at 11: b and a differ'])
  })
})
