// jsforce: the Salesforce client of the JavaScript world. It cannot start a
// headless login, so the first request is made by hand with its verifier.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import jsforce from 'jsforce'
import { newVerifier, plain, soon } from './site.mjs'

const site = plain()

function open(name) {
  const app = site.app(name)
  const oauth2 = new jsforce.OAuth2({
    loginUrl: site.url,
    clientId: app.client_id,
    clientSecret: app.client_secret,
    redirectUri: app.redirect_uris[0],
    useVerifier: true,
  })
  return { app, oauth2 }
}

async function login(name) {
  const { app, oauth2 } = open(name)
  assert.equal(oauth2.codeVerifier.length, 171)
  const tokens = await oauth2.requestToken(await site.salesforceCode(app, oauth2.codeVerifier))
  return { app, oauth2, tokens }
}

function samePerson(identity, { id }) {
  assert.equal(identity.user_id, site.person.id)
  assert.equal(identity.username, site.person.username)
  assert.equal(identity.id, id)
}

for (const name of ['salesforce', 'sdk']) {
  test(`code, refresh, identity, revocation, app ${name}`, async () => {
    const { app, oauth2, tokens } = await login(name)
    for (const member of ['access_token', 'refresh_token', 'instance_url', 'id', 'scope', 'signature', 'issued_at']) {
      assert.equal(typeof tokens[member], 'string', member)
    }
    assert.equal(tokens.instance_url, site.url)
    assert.ok(tokens.id.endsWith(`/${site.person.id}`))
    if (app.client_secret) {
      const signature = createHmac('sha256', app.client_secret).update(tokens.id + tokens.issued_at).digest('base64')
      assert.equal(tokens.signature, signature)
    }
    // the library sends its verifier with the refresh, too
    const next = await oauth2.refreshToken(tokens.refresh_token)
    assert.equal(next.id, tokens.id)
    const connection = new jsforce.Connection({ instanceUrl: next.instance_url, accessToken: next.access_token })
    samePerson(await connection.identity(), tokens) // it has to be told where the identity is
    await oauth2.revokeToken(next.refresh_token)
    await assert.rejects(oauth2.refreshToken(next.refresh_token), { name: 'invalid_grant' })
    assert.ok(
      await soon(() =>
        connection.identity().then(
          () => false,
          () => true,
        ),
      ),
      'the access token outlives its login',
    )
  })
}

test('a connection that redeems the code itself', async () => {
  const { app, oauth2 } = open('salesforce')
  const connection = new jsforce.Connection({ oauth2 })
  const user = await connection.authorize(await site.salesforceCode(app, oauth2.codeVerifier))
  assert.equal(user.id, site.person.id)
  samePerson(await connection.identity(), { id: user.url })
  await connection.logout(true)
  await assert.rejects(connection.identity())
})

test('a connection refreshes by itself', async () => {
  const { oauth2, tokens } = await login('salesforce')
  const connection = new jsforce.Connection({
    oauth2,
    instanceUrl: tokens.instance_url,
    accessToken: '00D000000000001!expired',
    refreshToken: tokens.refresh_token,
  })
  let renewed
  connection.on('refresh', (token) => (renewed = token))
  const user = await connection.request(`/services/data/v51.0/sobjects/User/${site.person.id}`)
  assert.equal(user.Username, site.person.username)
  assert.ok(renewed)
})

test('refusals are read', async () => {
  const { app, oauth2 } = open('salesforce')
  const code = await site.salesforceCode(app, oauth2.codeVerifier)
  const right = oauth2.codeVerifier
  oauth2.codeVerifier = newVerifier()
  await assert.rejects(oauth2.requestToken(code), { name: 'invalid_grant' })
  oauth2.codeVerifier = right
  oauth2.clientSecret = 'wrong'
  await assert.rejects(oauth2.requestToken(code), { name: /^invalid_client/ })
  oauth2.clientSecret = app.client_secret
  assert.ok((await oauth2.requestToken(code)).access_token)
  await assert.rejects(oauth2.requestToken('nothing'), { name: 'invalid_grant' })
  await assert.rejects(oauth2.revokeToken('nothing'), { name: 'invalid_token' })
  // the flow of names and passwords for tokens does not exist here
  const { username, password } = site.person
  await assert.rejects(oauth2.authenticate(username, password), { name: 'unsupported_grant_type' })
})
