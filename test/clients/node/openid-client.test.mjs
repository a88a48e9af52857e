// openid-client: what applications use that sit on oauth4webapi.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as client from 'openid-client'
import { newVerifier, plain } from './site.mjs'

const site = plain()

for (const [name, method] of [
  ['basic', client.ClientSecretBasic],
  ['post', client.ClientSecretPost],
  ['public', client.None],
]) {
  test(`login, refresh, userinfo, logout, app ${name}`, async () => {
    const app = site.app(name)
    const config = await client.discovery(
      new URL(site.url),
      app.client_id,
      { id_token_signed_response_alg: 'ES256' },
      method(app.client_secret),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    )
    assert.ok(config.serverMetadata().supportsPKCE())
    const pkceCodeVerifier = newVerifier()
    const expectedNonce = client.randomNonce()
    const { authorization_code: code } = await site.code(app, pkceCodeVerifier, { nonce: expectedNonce })
    // no redirect, so not by the library's function for redirects
    const tokens = await client.genericGrantRequest(config, 'authorization_code', { code, code_verifier: pkceCodeVerifier })
    assert.equal(tokens.claims().nonce, expectedNonce)
    const { sub } = tokens.claims()
    assert.equal(sub, site.person.id)
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).email, site.person.email)
    const next = await client.refreshTokenGrant(config, tokens.refresh_token)
    assert.notEqual(next.refresh_token, tokens.refresh_token)
    if (name !== 'public') {
      assert.equal((await client.tokenIntrospection(config, next.access_token)).active, true)
    }
    await client.tokenRevocation(config, next.refresh_token)
    await assert.rejects(client.refreshTokenGrant(config, next.refresh_token), { error: 'invalid_grant' })
  })
}
