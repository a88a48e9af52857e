// One line for each judge's test, in the form of test/clients/run.
import { basename } from 'node:path'

export default async function* lines(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (data.details?.type === 'suite') continue
    const verdict = data.skip !== undefined ? 'skipped' : type === 'test:pass' ? 'ok' : 'FAILED'
    yield `${verdict.padEnd(7)} ${basename(data.file, '.test.mjs').padEnd(13)} ${data.name}\n`
  }
}
