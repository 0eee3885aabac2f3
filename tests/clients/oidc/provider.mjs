// A real OpenID Connect provider on this machine, of the package oidc-provider. Everybody may sign in as anybody; who is in
// which group is in MEMBERSHIPS. Prints where it is.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const web = createRequire(new URL("../../../crates/dashboard/web/package.json", import.meta.url));
const { default: Provider } = await import(web.resolve("oidc-provider"));
// Standard output says where it is, and nobody reads on.
console.info = console.error;
const groups = JSON.parse(process.env.MEMBERSHIPS);
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  // A client on the same machine: its port is not looked at (RFC 8252).
  clients: [
    {
      application_type: "native",
      client_id: "fuelcell",
      client_secret: process.env.CLIENT_SECRET,
      redirect_uris: ["http://127.0.0.1/api/session/callback"],
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email", "email_verified"], groups: ["groups"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["a key of this run"] },
  jwks: { keys: [{ ...key, kid: "first", alg: "RS256", use: "sig" }] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      preferred_username: id,
      email: `${id}@example.com`,
      email_verified: true,
      groups: groups[id] ?? [],
    }),
  }),
});
server.on("request", provider.callback());
console.log(`the provider is ${issuer}`);
