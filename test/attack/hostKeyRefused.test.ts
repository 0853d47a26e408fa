import { generateKeyPairSync } from "node:crypto";
import { expect } from "vitest";
import { HostKeyError } from "../../src/trust/hostKeyErrors.ts";
import { never } from "../engine/contract/channels.ts";
import { attack, defer, engine, onePeer } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { hostilePair } from "./support/hostileServer.ts";

attack("a refused host key ends the connection before any login message", onePeer, async () => {
  const { peer, transport } = hostilePair();
  const refusal = new HostKeyError("changed", "no", {
    host: "web1",
    keyType: "ssh-ed25519",
    fingerprint: "SHA256:x",
  });
  const request = hostileRequest(
    { transport },
    { verifier: { preferredAlgorithms: async () => [], verify: () => Promise.reject(refusal) } },
  );
  const connecting = engine.connect(request, never());
  void peer.letIn();
  await expect(connecting).rejects.toBe(refusal);
  // SSH_MSG_SERVICE_REQUEST, SSH_MSG_USERAUTH_REQUEST
  expect([peer.counts.get(5), peer.counts.get(50)]).toEqual([undefined, undefined]);
  expect(transport.destroyed).toBe(true);
});

attack(
  "another host key in a later key exchange ends the connection without a question",
  onePeer,
  async () => {
    const { peer, transport } = hostilePair();
    const request = hostileRequest({ transport });
    const connecting = engine.connect(request, never());
    await peer.letIn();
    const connection = await connecting;
    defer(() => connection.destroy());
    const ended = new Promise((resolve) => connection.onDidClose(resolve));
    peer.hostKey = generateKeyPairSync("ed25519").privateKey;
    void peer.exchange();
    expect(await ended).toMatchObject({ reason: "protocol" });
    expect(request.verifier).toMatchObject({ seen: { length: 1 } });
  },
);
