// SPDX-License-Identifier: Apache-2.0
// An Express application behind express-oauth2-jwt-bearer (strict: typ must be at+jwt), asked with each token in turn.
import { once } from "node:events";
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";

export default async function (task) {
    const app = express();
    app.use(auth({ issuerBaseURL: task.issuer, audience: task.audience, strict: true, clockTolerance: 0, tokenSigningAlg: task.algs[0] }));
    app.get("/read", requiredScopes("api:read"), (req, res) => res.json(req.auth.payload));
    app.get("/write", requiredScopes("api:write"), (req, res) => res.json(req.auth.payload));
    app.use((error, req, res, next) => res.status(error.status ?? 500).set(error.headers ?? {}).json({ why: error.code ?? error.message }));
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
        return await Promise.all(task.asks.map(({ path, token }) => ask(`http://127.0.0.1:${server.address().port}${path}`, token)));
    } finally {
        server.close();
    }
}

async function ask(url, token) {
    const answer = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    return { status: answer.status, challenge: answer.headers.get("www-authenticate"), body: await answer.json() };
}
