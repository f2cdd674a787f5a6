/** The spec output, then one line that a log reader cannot misread: `N passed, N failed`. */
import Mocha from 'mocha'

export default class Tally extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    runner.once('end', () => {
      const { passes = 0, failures = 0 } = runner.stats ?? {}
      process.stdout.write(`${passes} passed, ${failures} failed\n`)
    })
  }
}
