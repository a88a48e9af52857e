// An authorization server that others wrote (npm oidc-provider), for the probe to
// attack:   node oidc-provider.mjs sound|careless
//
// sound has every defence that its options know. careless has them off: rotation
// of refresh tokens, who may look into tokens, and flows that nobody needs. It prints "listening on URL" and stops on SIGTERM.
import { createServer } from 'node:http';
import { once } from 'node:events';

import Provider from 'oidc-provider';

const careless = process.argv[2] === 'careless';

const http = createServer();
http.listen(0, '127.0.0.1');
await once(http, 'listening');
const issuer = `http://127.0.0.1:${http.address().port}`;

const client = (name) => ({
  client_id: name,
  client_secret: `secret-of-${name}-0123456789abcdef`,
  redirect_uris: [`http://127.0.0.1/${name}/callback`],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  application_type: 'native', // plain http on loopback
  token_endpoint_auth_method: 'client_secret_basic',
});

const provider = new Provider(issuer, {
  clients: [client('shop'), client('other')],
  cookies: { keys: ['probed-0123456789'] },
  scopes: ['openid', 'offline_access'],
  features: {
    devInteractions: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, client, token) => careless || token.clientId === client.clientId,
    },
    revocation: { enabled: true },
  },
  pkce: { required: () => !careless },
  responseTypes: careless ? ['code', 'id_token', 'none'] : ['code'],
  rotateRefreshToken: !careless,
  issueRefreshToken: async (ctx, { grantTypeAllowed }) => true,
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
});
provider.on('server_error', (ctx, error) => console.error(error));

http.on('request', provider.callback());
console.log(`listening on ${issuer}`);
process.on('SIGTERM', () => { http.closeAllConnections(); http.close(); process.exit(0); });
