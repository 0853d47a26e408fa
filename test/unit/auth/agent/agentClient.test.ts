import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAgentClient } from "../../../../src/auth/agent/agentClient.ts";
import { encodeBinding } from "../../../../src/auth/agent/agentMessages.ts";
import { AgentError } from "../../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../../src/base/errors.ts";
import { wireString, wireUint32 } from "../../../../src/base/wire.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { ed25519Blob, rsaBlob } from "../../../support/publicKeys.ts";

const never = new AbortController().signal;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "auth-agent-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a scripted agent", () => {
  let server: Server;
  let sockets: Socket[];
  let onRequest: (socket: Socket) => void;
  const path = (): string => join(folder, "odd");

  beforeEach(async () => {
    sockets = [];
    onRequest = () => {};
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.once("data", () => onRequest(socket));
    });
    server.listen(path());
    await once(server, "listening");
  });

  afterEach(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  });

  async function failure(reply: Buffer, chunk = reply.length): Promise<AgentError> {
    onRequest = (socket) => {
      for (let at = 0; at < reply.length; at += chunk) {
        socket.write(reply.subarray(at, at + chunk));
      }
      socket.end();
    };
    const error: unknown = await createAgentClient()
      .list(path(), never)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(AgentError);
    return error as AgentError;
  }

  it("that never replies times out, and its socket is closed", async () => {
    const clock = new ManualClock();
    const asked = new Promise<Socket>((resolve) => {
      onRequest = resolve;
    });
    const listing = createAgentClient(clock).list(path(), never);
    const gone = once(await asked, "close");
    const expectation = expect(listing).rejects.toMatchObject({ reason: "timed-out" });
    await clock.advance(5_000);
    await expectation;
    await gone;
    expect(clock.pendingTimers).toBe(0);
  });

  it("an abort ends a request at once, with the signal's reason", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const asked = new Promise<Socket>((resolve) => {
      onRequest = resolve;
    });
    const listing = createAgentClient(clock).list(path(), abort.signal);
    const gone = once(await asked, "close");
    abort.abort(new CancelledError());
    await expect(listing).rejects.toBeInstanceOf(CancelledError);
    await gone;
    expect(clock.pendingTimers).toBe(0);
  });

  it("that does not exist is unreachable", async () => {
    for (const nowhere of [join(folder, "nobody"), `/${"x".repeat(200)}`]) {
      await expect(createAgentClient().list(nowhere, never)).rejects.toMatchObject({ reason: "unreachable" });
    }
  });

  it("that closes without a reply gives a typed error", async () => {
    expect((await failure(Buffer.alloc(0))).reason).toBe("unreachable");
  });

  it("answers with failure", async () => {
    expect((await failure(wireString(Buffer.from([5])))).reason).toBe("malformed-reply");
  });

  it("that replies with invalid lengths gives a typed error", async () => {
    expect((await failure(Buffer.from("00000000", "hex"))).reason).toBe("malformed-reply");
    expect((await failure(Buffer.from("ffffffff", "hex"))).reason).toBe("malformed-reply");
    expect((await failure(wireString(Buffer.from("0cffffffff", "hex")))).reason).toBe("malformed-reply");
    expect((await failure(wireString(Buffer.from("0c00000001000000ff", "hex")))).reason).toBe(
      "malformed-reply",
    );
  });

  it("that replies in single bytes is understood", async () => {
    const list = Buffer.concat([
      Buffer.from("0c00000001", "hex"),
      wireString(wireString("ssh-future")),
      wireString("named"),
    ]);
    onRequest = (socket) => {
      for (const byte of wireString(list)) {
        socket.write(Buffer.from([byte]));
      }
    };
    const keys = await createAgentClient().list(path(), never);
    expect(keys.map(({ type, comment }) => ({ type, comment }))).toEqual([
      { type: "ssh-future", comment: "named" },
    ]);
  });

  const listed = (...keys: readonly (readonly [Buffer, string])[]): Buffer =>
    wireString(
      Buffer.concat([
        Buffer.of(12),
        wireUint32(keys.length),
        ...keys.flatMap(([blob, comment]) => [wireString(blob), wireString(comment)]),
      ]),
    );

  /** The agent's replies to one request after another. @returns the requests */
  function answering(...replies: readonly Buffer[]): Buffer[] {
    const asked: Buffer[] = [];
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.once("data", (request: Buffer) => {
        asked.push(request);
        socket.write(replies[asked.length - 1] ?? Buffer.alloc(0));
      });
    });
    return asked;
  }

  it("lists its keys in order, with a new connection for each request", async () => {
    const [one, two] = [ed25519Blob(1), rsaBlob(2)];
    const asked = answering(listed([one, "first"], [two, "zweiter \u00fc"]));
    const keys = await createAgentClient().list(path(), never);
    expect(keys.map(({ publicKey, type, comment }) => [publicKey, type, comment])).toEqual([
      [one, "ssh-ed25519", "first"],
      [two, "ssh-rsa", "zweiter \u00fc"],
    ]);
    expect(asked).toEqual([wireString(Buffer.of(11))]);
  });

  it.each([
    ["rsa-sha2-256", "rsa-sha2-256", 2],
    ["rsa-sha2-512", "rsa-sha2-512", 4],
    ["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-512", 4],
    ["ssh-ed25519", "ssh-ed25519", 0],
  ])("signs with %s: the signature's name is %s, the flag %d", async (algorithm, name, flag) => {
    const key = rsaBlob(1);
    const signature = Buffer.concat([wireString(name), wireString("signature")]);
    const asked = answering(
      listed([key, "key"]),
      wireString(Buffer.concat([Buffer.of(14), wireString(signature)])),
    );
    const [signer] = await createAgentClient().list(path(), never);
    expect(await signer?.sign(Buffer.from("data"), algorithm)).toEqual(signature);
    const request = Buffer.concat([Buffer.of(13), wireString(key), wireString("data"), wireUint32(flag)]);
    expect(asked[1]).toEqual(wireString(request));
  });

  it.each([
    ["refuses", Buffer.of(5), "refused"],
    [
      "signs with another algorithm",
      Buffer.concat([Buffer.of(14), wireString(wireString("ssh-rsa"))]),
      "refused",
    ],
    ["sends a truncated signature", Buffer.of(14, 0, 0, 0, 9), "malformed-reply"],
  ])("that %s when asked to sign gives a typed error", async (_, reply, reason) => {
    answering(listed([rsaBlob(1), "key"]), wireString(reply));
    const [signer] = await createAgentClient().list(path(), never);
    await expect(signer?.sign(Buffer.from("data"), "rsa-sha2-512")).rejects.toMatchObject({ reason });
  });

  it("has two minutes for a signature, which may need the user", async () => {
    const clock = new ManualClock();
    answering(listed([rsaBlob(1), "key"]));
    const [signer] = await createAgentClient(clock).list(path(), never);
    const asked = new Promise<void>((resolve) => server.once("connection", () => resolve()));
    const refused = expect(signer?.sign(Buffer.from("data"), "rsa-sha2-512")).rejects.toMatchObject({
      reason: "timed-out",
    });
    await asked;
    await clock.advance(119_999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    await refused;
    expect(clock.pendingTimers).toBe(0);
  });

  it("is not contacted if the login was already cancelled", async () => {
    const asked = answering(listed());
    await expect(
      createAgentClient().list(path(), AbortSignal.abort(new CancelledError())),
    ).rejects.toBeInstanceOf(CancelledError);
    expect(asked).toEqual([]);
  });

  it("accepts a key, and leaves no timer and no connection", async () => {
    const clock = new ManualClock();
    const asked = answering(wireString(Buffer.of(6)));
    await createAgentClient(clock).add?.(
      path(),
      { key: Buffer.from("key"), comment: "c" },
      { lifetime: 5 },
      never,
    );
    const add = Buffer.concat([Buffer.of(25), Buffer.from("key"), wireString("c")]);
    expect(asked).toEqual([wireString(Buffer.concat([add, Buffer.of(1), wireUint32(5)]))]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("that refuses a key gives a typed error", async () => {
    answering(wireString(Buffer.of(5)));
    const added = createAgentClient().add?.(path(), { key: Buffer.from("key"), comment: "" }, {}, never);
    await expect(added).rejects.toMatchObject({ reason: "refused" });
  });

  it("gets the server's binding first, and need not support it", async () => {
    const asked = answering(Buffer.concat([wireString(Buffer.of(5)), listed([ed25519Blob(1), "key"])]));
    const binding = { hostKey: ed25519Blob(2), sessionId: Buffer.from("id"), signature: Buffer.from("s") };
    const keys = await createAgentClient().list(path(), never, binding);
    expect(keys.map(({ comment }) => comment)).toEqual(["key"]);
    expect(asked).toEqual([Buffer.concat([wireString(encodeBinding(binding)), wireString(Buffer.of(11))])]);
  });

  it("without keys has none", async () => {
    answering(listed());
    expect(await createAgentClient().list(path(), never)).toEqual([]);
  });

  it("may reply with 256 KiB, and not with more", async () => {
    const room = 256 * 1024 - 5 - 8 - ed25519Blob(1).length;
    answering(listed([ed25519Blob(1), "x".repeat(room)]));
    expect((await createAgentClient().list(path(), never))[0]?.comment).toHaveLength(room);
    answering(listed([ed25519Blob(1), "x".repeat(room + 1)]));
    await expect(createAgentClient().list(path(), never)).rejects.toMatchObject({
      reason: "malformed-reply",
    });
  });
});
