import { describe, expect, test } from "vitest";
import { endOf, loginFailure } from "../../../../src/engine/openssh/sshFailures.ts";
import { SshLog } from "../../../../src/engine/openssh/sshLog.ts";

function read(text: string, pieces = 1): SshLog {
  const log = new SshLog(() => {});
  const size = Math.ceil(text.length / pieces);
  for (let at = 0; at < text.length; at += size) {
    log.add(text.slice(at, at + size));
  }
  return log;
}

describe("ssh's messages for a failed connection", () => {
  test.each([
    ["ssh: Could not resolve hostname nowhere: Name or service not known", "name-not-found"],
    ["ssh: connect to host 10.0.0.1 port 22: Connection refused", "refused"],
    ["ssh: connect to host 10.0.0.1 port 22: Connection timed out", "timed-out"],
    ["ssh: connect to host 10.0.0.1 port 22: Operation timed out", "timed-out"],
    ["ssh: connect to host 10.0.0.1 port 22: No route to host", "unreachable"],
    ["bind 198.51.100.1: Cannot assign requested address", "local"],
    ["kex_exchange_identification: read: Connection reset by peer", "reset"],
    ["kex_exchange_identification: Connection closed by remote host", "closed-during-handshake"],
    ["kex_exchange_identification: banner line contains invalid characters", "not-ssh"],
    ["Protocol major versions differ: 2 vs. 1", "protocol-version"],
    ["Bad packet length 1349676916.", "protocol"],
    ["command-line line 0: Bad SSH2 cipher spec 'none'.", "unsupported"],
    ["Something that no release has said so far", "openssh-failed"],
  ])("%s", (line, reason) => {
    expect(loginFailure(read(`${line}\n`)).reason).toBe(reason);
  });

  test("names the server's algorithms if both sides have none in common", () => {
    const line =
      "Unable to negotiate with 10.0.0.1 port 22: no matching key exchange method found. Their offer: a,b\n";
    expect(loginFailure(read(line))).toMatchObject({
      reason: "no-common-algorithm",
      mismatch: { keyword: "KexAlgorithms", offered: ["a", "b"], allowable: [], isFinal: true },
    });
  });

  test("names the tried methods and those that the server accepts", () => {
    const log = [
      "debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1",
      "debug1: Authentications that can continue: publickey,password",
      "debug1: Next authentication method: publickey",
      "debug1: Offering public key: /k ED25519 SHA256:x explicit",
      "debug1: Next authentication method: password",
      "alice@10.0.0.1: Permission denied (publickey,password).",
    ];
    expect(loginFailure(read(`${log.join("\r\n")}\r\n`, 7))).toMatchObject({
      reason: "refused",
      tried: ["publickey /k ED25519 SHA256:x explicit", "password"],
      methodsLeft: ["publickey", "password"],
    });
  });

  test("treats a disconnect as a refusal only after an attempt, and not if the server reports that it is busy", () => {
    const words = "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\n";
    const tried = "debug1: Offering public key: /k\n";
    expect(loginFailure(read(tried + words))).toMatchObject({ reason: "too-many-failures" });
    expect(loginFailure(read(words))).toMatchObject({ reason: "closed-during-handshake" });
    expect(loginFailure(read(tried + words.replace(":2:", ":12:"))).reason).toBe("closed-during-handshake");
  });

  test("control characters of a server do not reach the log", () => {
    const error = loginFailure(read("Received disconnect from 10.0.0.1 port 22:2: \u001b[2Jgone\n"));
    expect(error.message).not.toContain("\u001b");
  });
});

test.each([
  ["client_loop: send disconnect: Broken pipe", "lost"],
  ["Timeout, server 10.0.0.1 not responding.", "lost"],
  ["Connection to 10.0.0.1 closed by remote host.", "disconnected"],
  ["Received disconnect from 10.0.0.1 port 22:11: shutting down", "disconnected"],
  ["ssh_dispatch_run_fatal: message authentication code incorrect", "protocol"],
])("%s: how a connection ended", (line, reason) => {
  expect(endOf([line])).toMatchObject({ reason });
});
