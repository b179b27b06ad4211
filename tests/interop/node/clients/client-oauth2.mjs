// SPDX-License-Identifier: Apache-2.0
// client-oauth2: sends id and secret for Basic as they are; in the body only when told to.
import ClientOAuth2 from "client-oauth2";

export default async function (task) {
    const client = new ClientOAuth2({ clientId: task.client_id, clientSecret: task.client_secret, accessTokenUri: `${task.issuer}/token` });
    const options = { body: task.parameters };
    if (task.method === "client_secret_post") {
        options.body = { ...task.parameters, client_id: task.client_id, client_secret: task.client_secret };
        options.headers = { Authorization: undefined };
    }
    return (await client.credentials.getToken(options)).data;
}

export function refused(error) {
    return error.code === "EAUTH" && error.body;
}
