// SPDX-License-Identifier: Apache-2.0
// @badgateway/oauth2-client: finds the endpoints by discovery; form-encodes for Basic, or does not in its "interop" mode.
import { OAuth2Client } from "@badgateway/oauth2-client";

export default async function (task) {
    const client = new OAuth2Client({
        server: task.issuer,
        clientId: task.client_id,
        clientSecret: task.client_secret,
        authenticationMethod: task.encoding === "loose" ? "client_secret_basic_interop" : task.method,
    });
    const { scope, ...extraParams } = task.parameters ?? {};
    const does = {
        token: async () => {
            const t = await client.clientCredentials({ scope: scope?.split(" "), extraParams });
            return { access_token: t.accessToken, expires_at: t.expiresAt };
        },
        introspect: () => client.introspect({ accessToken: task.token }),
        revoke: () => client.revoke({ accessToken: task.token }),
    };
    return does[task.does]();
}

export function refused(error) {
    return error.httpCode && { status: error.httpCode, ...error.parsedBody, error: error.oauth2Code };
}
