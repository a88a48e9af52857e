// The schemas of SARIF and of JUnit, by validators that others wrote, over what
// the review writes of a running server and of Salesforce metadata.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import Ajv from 'ajv-draft-04'
import addFormats from 'ajv-formats'
import { validateXML } from 'xmllint-wasm'
import { plain } from './site.mjs'

const site = plain()
const schema = (name) => readFileSync(`${process.env.CLIENTS_SCHEMAS}/${name}`, 'utf8')

const ajv = addFormats(new Ajv({ allErrors: true, strict: false }))
const sarif = ajv.compile(JSON.parse(schema('sarif-schema-2.1.0.json')))
const junit = (contents) => validateXML({ xml: [{ fileName: 'junit.xml', contents }], schema: [schema('junit-10.xsd')] })

// review runs the command; a finding is no failure here.
function review(form, ...words) {
  const run = spawnSync(process.env.CLIENTS_BINARY, ['review', ...words, '-o', form], { encoding: 'utf8', maxBuffer: 64 << 20 })
  assert.ok([0, 1].includes(run.status), `exit code ${run.status}: ${run.stderr}`)
  return run.stdout
}

const subjects = [
  ['a running server', '--data', `${site.dir}/data`],
  ['risky metadata', `${process.env.CLIENTS_METADATA}/risky`],
  ['healthy metadata', `${process.env.CLIENTS_METADATA}/healthy`],
]

for (const [name, ...words] of subjects) {
  test(`SARIF of ${name}`, () => {
    const log = JSON.parse(review('sarif', ...words))
    assert.ok(sarif(log), JSON.stringify(sarif.errors, null, 2))
    assert.ok(log.runs[0].results.length > 0)
  })
  test(`JUnit of ${name}`, async () => {
    const text = review('junit', ...words)
    const { valid, errors } = await junit(text)
    assert.ok(valid, JSON.stringify(errors, null, 2))
    assert.match(text, /<testcase /)
  })
}

test('the validators refuse what is wrong', async () => {
  const log = JSON.parse(review('sarif', ...subjects[0].slice(1)))
  delete log.runs[0].tool
  log.runs[0].results[0].level = 'severe'
  assert.equal(sarif(log), false)
  assert.deepEqual(sarif.errors.map((e) => e.keyword).sort(), ['enum', 'required'])
  const text = review('junit', ...subjects[0].slice(1))
  assert.equal((await junit(text.replace('<testcase ', '<testcase verdict="x" '))).valid, false)
})
