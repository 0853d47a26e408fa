import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { WireReader, wireString, wireUint32 } from "../../../../src/base/wire.ts";
import { GlobalRequests } from "../../../../src/engine/channels/globalRequests.ts";
import { RemoteForwards } from "../../../../src/engine/channels/remoteForwards.ts";
import type { ForwardAddress } from "../../../../src/engine/connectionEngine.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";

const nothing = Buffer.alloc(0);
const noBody = (): WireReader => new WireReader(nothing);
const never = (): AbortSignal => new AbortController().signal;

/** Requests whose packets are numbered from 0, and the names of sent ones. */
function requests() {
  const sent: string[] = [];
  const made = new GlobalRequests((bytes, onSent) => {
    onSent(sent.length);
    const reader = new WireReader(Buffer.from(bytes), 1);
    sent.push(reader.text() ?? "");
    // Without want-reply, replies could no longer be matched to requests by their order.
    expect(reader.boolean()).toBe(true);
  });
  return { made, sent };
}

describe("global requests", () => {
  test("replies belong to requests in the order of sending", async () => {
    const { made, sent } = requests();
    const first = made.request("a", nothing, never(), ({ accepted }) => accepted);
    const second = made.request("b", nothing, never(), ({ body }) => body.uint32());
    made.receive(false, noBody());
    made.receive(true, new WireReader(wireUint32(7)));
    expect([await first, await second]).toEqual([false, 7]);
    expect(sent).toEqual(["a", "b"]);
  });

  test("a keepalive request resolves to the time until its reply, whatever that is", async () => {
    const { made, sent } = requests();
    const before = performance.now();
    const pings = [made.keepalive(never()), made.keepalive(never())];
    made.receive(false, noBody());
    made.receive(true, noBody());
    for (const took of await Promise.all(pings)) {
      expect(took).toBeGreaterThanOrEqual(0);
      expect(took).toBeLessThanOrEqual(performance.now() - before);
    }
    expect(sent).toEqual(["keepalive@openssh.com", "keepalive@openssh.com"]);
  });

  test("the reply to an aborted request is not taken for that of the next one", async () => {
    const { made } = requests();
    const abort = new AbortController();
    const late: boolean[] = [];
    const given = made.request(
      "a",
      nothing,
      abort.signal,
      () => "first",
      ({ accepted }) => late.push(accepted),
    );
    const next = made.request("b", nothing, never(), ({ accepted }) => accepted);
    abort.abort(new Error("given up"));
    await expect(given).rejects.toThrow("given up");
    made.receive(true, noBody());
    made.receive(false, noBody());
    expect(await next).toBe(false);
    expect(late).toEqual([true]);
  });

  test("SSH_MSG_UNIMPLEMENTED answers the request of that packet, and no other", () => {
    const { made } = requests();
    const settled: string[] = [];
    for (const name of ["a", "b", "c"]) {
      made.send(name, nothing, (reply) => settled.push(`${name}:${reply?.accepted}`));
    }
    made.unimplemented(9);
    expect(settled).toEqual([]);
    made.unimplemented(1);
    made.unimplemented(0);
    made.receive(true, noBody());
    expect(settled).toEqual(["b:false", "a:false", "c:true"]);
  });

  test("a request whose signal has aborted is not sent", async () => {
    const { made, sent } = requests();
    const request = made.request("a", nothing, AbortSignal.abort(new Error("given up")), () => true);
    await expect(request).rejects.toThrow("given up");
    expect(sent).toEqual([]);
  });

  test("a settled request leaves no listener on its signal", async () => {
    const { made } = requests();
    const [answered, given] = [new AbortController(), new AbortController()];
    const first = made.request("a", nothing, answered.signal, () => "first");
    const second = made.request("b", nothing, given.signal, () => "second");
    given.abort(new Error("given up"));
    made.receive(true, noBody());
    expect(await first).toBe("first");
    await expect(second).rejects.toThrow("given up");
    made.receive(true, noBody());
    for (const { signal } of [answered, given]) {
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
  });

  test("an unexpected reply is ignored", async () => {
    const { made } = requests();
    made.receive(true, noBody());
    const asked = made.request("a", nothing, never(), ({ accepted }) => accepted);
    made.receive(false, noBody());
    expect(await asked).toBe(false);
  });

  test("the end of the connection rejects pending and later requests", async () => {
    const { made, sent } = requests();
    const waiting = made.request("a", nothing, never(), () => true);
    made.end();
    await expect(waiting).rejects.toMatchObject({ reason: "connection-ended" });
    await expect(made.request("b", nothing, never(), () => true)).rejects.toMatchObject({
      reason: "connection-ended",
    });
    expect(sent).toEqual(["a"]);
    expect(() => made.receive(true, noBody())).not.toThrow();
  });
});

describe("listeners on the server", () => {
  const at: ForwardAddress = { type: "tcp", host: "localhost", port: 0 };
  const opened = (host: string, port: number): WireReader =>
    new WireReader(
      Buffer.concat([
        ...[wireUint32(host.length), Buffer.from(host), wireUint32(port)],
        ...[wireUint32(1), Buffer.from("x"), wireUint32(1)],
      ]),
    );

  function forwards() {
    const { made, sent } = requests();
    return { requests: made, sent, forwards: new RemoteForwards(made, new RecordingLogger()) };
  }

  test("a connection to an address that was not requested is refused, also while the request is pending", async () => {
    const all = forwards();
    const listening = all.forwards.listen(at, async () => () => {}, never());
    expect(all.forwards.accept("forwarded-tcpip", opened("localhost", 4000))).toBe(1);
    all.requests.receive(true, new WireReader(wireUint32(4000)));
    // In the turn of the reply: the next message of the server may be a connection.
    expect(all.forwards.accept("forwarded-tcpip", opened("localhost", 4000))).toBeInstanceOf(Promise);
    const listener = await listening;
    expect(listener.port).toBe(4000);
    for (const [host, port] of [
      ["localhost", 4001],
      ["127.0.0.1", 4000],
      ["", 4000],
    ] as const) {
      expect(all.forwards.accept("forwarded-tcpip", opened(host, port))).toBe(1);
    }
    listener.dispose();
    listener.dispose();
    expect(all.forwards.accept("forwarded-tcpip", opened("localhost", 4000))).toBe(1);
    expect(all.sent).toEqual(["tcpip-forward", "cancel-tcpip-forward"]);
  });

  test.each([
    ["no port", nothing],
    ["port 0", wireUint32(0)],
    ["a port above 65535", wireUint32(70_000)],
  ])("a reply with %s grants nothing", async (_name, body) => {
    const all = forwards();
    const listening = all.forwards.listen(at, async () => () => {}, never());
    all.requests.receive(true, new WireReader(Buffer.from(body)));
    await expect(listening).rejects.toMatchObject({ reason: "refused-by-server" });
  });

  test.each<[string, ForwardAddress, Buffer]>([
    ["a port", at, Buffer.concat([wireString("localhost"), wireUint32(0)])],
    ["a socket", { type: "unix", path: "/run/a" }, wireString("/run/a")],
  ])("%s is requested by its address", async (_name, address, payload) => {
    const sent: Buffer[] = [];
    const made = new GlobalRequests((bytes) => sent.push(Buffer.from(bytes)));
    const listening = new RemoteForwards(made, new RecordingLogger()).listen(
      address,
      async () => () => {},
      never(),
    );
    expect(sent[0]?.subarray(-payload.length)).toEqual(payload);
    made.end();
    await expect(listening).rejects.toMatchObject({ reason: "connection-ended" });
  });

  test.each([
    ["192.0.2.4", "192.0.2.4:5"],
    ["a".repeat(255), `${"a".repeat(255)}:5`],
    ["a".repeat(256), `${"a".repeat(255)}:5`],
  ])("a connection's originator is passed on, and cut", async (from, shown) => {
    const all = forwards();
    const originators: unknown[] = [];
    const handler = async (originator: string | undefined) => {
      originators.push(originator);
      return undefined;
    };
    const listening = all.forwards.listen(at, handler, never());
    all.requests.receive(true, new WireReader(wireUint32(4000)));
    await listening;
    const fields = [wireString("localhost"), wireUint32(4000), wireString(from), wireUint32(5)];
    void all.forwards.accept("forwarded-tcpip", new WireReader(Buffer.concat(fields)));
    expect(originators).toEqual([shown]);
  });

  test("the highest port is valid", async () => {
    const all = forwards();
    const listening = all.forwards.listen(at, async () => () => {}, never());
    all.requests.receive(true, new WireReader(wireUint32(65_535)));
    expect((await listening).port).toBe(65_535);
  });

  test("a server that refuses grants nothing", async () => {
    const all = forwards();
    const listening = all.forwards.listen({ ...at, port: 4000 }, async () => () => {}, never());
    all.requests.receive(false, noBody());
    await expect(listening).rejects.toMatchObject({ reason: "refused-by-server" });
    expect(all.forwards.accept("forwarded-tcpip", opened("localhost", 4000))).toBe(1);
  });

  test("a requested port needs no number in the reply", async () => {
    const all = forwards();
    const listening = all.forwards.listen({ ...at, port: 4000 }, async () => () => {}, never());
    all.requests.receive(true, noBody());
    expect((await listening).port).toBe(4000);
    expect(all.forwards.accept("forwarded-tcpip", opened("localhost", 4000))).toBeInstanceOf(Promise);
  });

  test("a socket's path is granted to connections at this path, and its name to no port", async () => {
    const all = forwards();
    const openedAt = (path: string): WireReader =>
      new WireReader(Buffer.concat([wireString(path), wireString("")]));
    const type = "forwarded-streamlocal@openssh.com";
    const from: (string | undefined)[] = [];
    const handler = async (originator: string | undefined) => {
      from.push(originator);
      return () => {};
    };
    const listening = all.forwards.listen({ type: "unix", path: "/run/a" }, handler, never());
    all.requests.receive(true, noBody());
    const listener = await listening;
    expect(listener.port).toBeUndefined();
    expect(all.forwards.accept(type, openedAt("/run/a"))).toBeInstanceOf(Promise);
    expect(all.forwards.accept(type, openedAt("/run/b"))).toBe(1);
    expect(all.forwards.accept("forwarded-tcpip", opened("/run/a", 0))).toBe(1);
    for (const other of ["x11", "auth-agent@openssh.com", "direct-streamlocal@openssh.com", ""]) {
      expect(all.forwards.accept(other, openedAt("/run/a"))).toBe(1);
    }
    expect(from).toEqual([undefined]);
    listener.dispose();
    expect(all.forwards.accept(type, openedAt("/run/a"))).toBe(1);
    expect(all.sent).toEqual(["streamlocal-forward@openssh.com", "cancel-streamlocal-forward@openssh.com"]);
  });

  test("a connection at a port is not taken for one at a socket's path", async () => {
    const all = forwards();
    const listening = all.forwards.listen(
      { ...at, host: "/run/a", port: 4000 },
      async () => () => {},
      never(),
    );
    all.requests.receive(true, noBody());
    await listening;
    const body = new WireReader(Buffer.concat([wireString("/run/a"), wireString("")]));
    expect(all.forwards.accept("forwarded-streamlocal@openssh.com", body)).toBe(1);
  });

  test("a malformed channel open is refused, wherever it is truncated", async () => {
    const all = forwards();
    const tcp = all.forwards.listen({ ...at, port: 1 }, async () => () => {}, never());
    const unix = all.forwards.listen({ type: "unix", path: "/a" }, async () => () => {}, never());
    all.requests.receive(true, noBody());
    all.requests.receive(true, noBody());
    await Promise.all([tcp, unix]);
    for (const [type, whole] of [
      ["forwarded-tcpip", opened("localhost", 1).rest()],
      ["forwarded-streamlocal@openssh.com", Buffer.concat([wireString("/a"), wireString("")])],
    ] as const) {
      expect(all.forwards.accept(type, new WireReader(whole))).toBeInstanceOf(Promise);
      for (let length = 0; length < whole.length; length++) {
        expect(all.forwards.accept(type, new WireReader(whole.subarray(0, length)))).toBe(1);
      }
    }
  });

  test("an aborted request that is granted anyway is cancelled", async () => {
    const all = forwards();
    const abort = new AbortController();
    const listening = all.forwards.listen(at, async () => () => {}, abort.signal);
    abort.abort(new Error("given up"));
    await expect(listening).rejects.toThrow("given up");
    all.requests.receive(true, new WireReader(wireUint32(4000)));
    expect(all.sent).toEqual(["tcpip-forward", "cancel-tcpip-forward"]);
    expect(all.forwards.accept("forwarded-tcpip", opened("localhost", 4000))).toBe(1);
  });
});
