// SPDX-License-Identifier: Apache-2.0
// simple-oauth2: form-encodes id and secret for Basic, or, in its loose mode, sends them as they are.
import { ClientCredentials } from "simple-oauth2";

export default async function (task) {
    const client = new ClientCredentials({
        client: { id: task.client_id, secret: task.client_secret },
        auth: { tokenHost: task.issuer, tokenPath: "/token" },
        options: {
            authorizationMethod: task.method === "client_secret_post" ? "body" : "header",
            credentialsEncodingMode: task.encoding ?? "strict",
        },
    });
    return (await client.getToken(task.parameters)).token;
}

export function refused(error) {
    return error.isBoom && { status: error.output.statusCode, ...error.data?.payload };
}
