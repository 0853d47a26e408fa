import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ConnectionEngine, EngineConnection } from "../../../src/engine/connectionEngine.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { collect, execSpec, never, run, Screen, shellSpec } from "./channels.ts";
import { loginTo } from "./logins.ts";

/** What every engine must do, against a real OpenSSH server. */
export function describeEngineContract(makeEngine: () => ConnectionEngine): void {
  describe("sessions", () => {
    let host: SshdHost;
    const open: EngineConnection[] = [];

    beforeAll(async () => {
      host = await startSshd();
    });
    afterAll(() => host.stop());
    afterEach(() => {
      for (const connection of open.splice(0)) {
        connection.destroy();
      }
    });

    async function login(): Promise<EngineConnection> {
      const connection = await makeEngine().connect(loginTo(host), never());
      open.push(connection);
      return connection;
    }

    test("a command's output, its standard error and its exit code arrive, and the close comes last", async () => {
      const connection = await login();
      const ran = await run(connection, "echo out; echo err >&2; exit 7");
      expect(ran).toMatchObject({ stdout: "out\n", stderr: "err\n", exit: { code: 7 }, lost: false });
      expect(ran.order.slice(-2)).toEqual(["eof", "close"]);
    });

    test("a shell has a terminal of the asked size, which can be changed", async () => {
      const connection = await login();
      const channel = await connection.openSession(shellSpec(91, 33), never());
      const screen = new Screen(channel);
      const ended = collect(channel);
      screen.type("stty size; echo $TERM\r");
      await screen.shows(/33 91\r\nxterm-256color/);
      channel.resize({ columns: 120, rows: 40 });
      screen.type("stty size\r");
      await screen.shows(/40 120/);
      screen.type("exit 3\r");
      expect((await ended).exit).toEqual({ code: 3 });
    });

    test("a signal that ended the command is told", async () => {
      const connection = await login();
      const ran = await run(connection, "kill -TERM $$");
      expect(ran.exit).toMatchObject({ signal: "TERM", coreDumped: false });
    });

    test("a signal reaches the command", async () => {
      // OpenSSH delivers signals only to logins that are not root (session.c, session_signal_req).
      const ordinary = await startSshd({ user: "throwaway" });
      const connection = await makeEngine().connect(loginTo(ordinary), never());
      open.push(connection);
      const channel = await connection.openSession(execSpec("echo ready; exec sleep 100"), never());
      const screen = new Screen(channel);
      const ended = collect(channel);
      await screen.shows(/ready/);
      channel.signal("TERM");
      expect((await ended).exit).toMatchObject({ signal: "TERM" });
      await ordinary.stop();
    });
  });
}
