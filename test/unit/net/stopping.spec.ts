import assert from 'node:assert/strict'
import { stopEach } from '../../../src/net/stopping.ts'

describe('stopEach', () => {
  it('runs all in order, whoever fails, and throws the first failure', async () => {
    const ran: number[] = []
    const stops = [
      () => ran.push(1),
      async () => Promise.reject(new RangeError('second')),
      () => {
        throw new RangeError('third')
      },
      async () => Promise.resolve(ran.push(4))
    ]
    await assert.rejects(stopEach(stops), /second/)
    assert.deepEqual(ran, [1, 4])
  })

  it('waits for each before the next', async () => {
    const ran: string[] = []
    const slow = Promise.withResolvers<void>()
    const done = stopEach([async () => slow.promise.then(() => ran.push('slow')), () => ran.push('next')])
    await Promise.resolve()
    assert.deepEqual(ran, [])
    slow.resolve()
    await done
    assert.deepEqual(ran, ['slow', 'next'])
  })
})
