/** The one door to fast-check: one seed for the run, printed when a property fails, replayed with FC_SEED. */
import fc from 'fast-check'

const given = process.env['FC_SEED']
const seed = given === undefined ? Date.now() & 0x7fffffff : Number(given)

fc.configureGlobal({ seed, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true })

export { fc }
