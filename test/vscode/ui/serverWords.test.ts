import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { bool, msg, readString, str, u32 } from "../../attack/support/hostilePackets.ts";
import { type HostileListener, type HostilePeer, listenHostile } from "../../attack/support/hostileServer.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/**
 * The secrets in an SSH_MSG_USERAUTH_REQUEST with a password: one, or the old and the new one (RFC 4252 section 8).
 */
function passwordsIn(request: Buffer | undefined): readonly string[] {
  if (request === undefined) {
    return [];
  }
  const method = readString(request, readString(request, readString(request, 1).next).next);
  const first = readString(request, method.next + 1);
  return request[method.next] === 1
    ? [first.value.toString(), readString(request, first.next).value.toString()]
    : [first.value.toString()];
}

describe("server messages during a login", () => {
  const sent: (readonly string[])[] = [];
  const listeners: HostileListener[] = [];
  let folder: string;
  let workbench: Workbench;

  /** The password is right and has expired. */
  async function expired(peer: HostilePeer): Promise<void> {
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(msg(53, str("To enrol, visit https://example.org/enrol\r\n"), str("")));
    peer.send(msg(51, str("password"), bool(false)));
    sent.push(passwordsIn(await peer.nextOf(50)));
    peer.send(msg(60, str("Use 12 characters or more."), str("")));
    sent.push(passwordsIn(await peer.nextOf(50)));
    peer.send(msg(52));
  }

  /** A second factor that is never confirmed. */
  async function locked(peer: HostilePeer): Promise<void> {
    await peer.startLogin();
    await peer.nextOf(50);
    peer.send(msg(51, str("keyboard-interactive"), bool(false)));
    await peer.nextOf(50);
    peer.send(msg(60, str(""), str("Approve at https://example.org/push"), str(""), u32(0)));
    await peer.nextOf(61);
    peer.send(msg(1, u32(2), str("Account locked until 9:00"), str("")));
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    listeners.push(await listenHostile(expired), await listenHostile(locked));
    const configFile = join(folder, "ssh_config");
    await writeFile(
      configFile,
      listeners
        .flatMap(({ port }, index) => [
          `Host ${index === 0 ? "expired" : "locked"}`,
          ...["HostName 127.0.0.1", `Port ${port}`, "StrictHostKeyChecking no"],
          ...["UserKnownHostsFile /dev/null", "IdentityAgent none", "IdentityFile none", ""],
        ])
        .join("\n"),
    );
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").waitForRow("locked");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    for (const listener of listeners) {
      listener.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  it("appear as a message if no terminal waits, and an expired password is changed in three questions", async () => {
    const { notifications, quickInput } = workbench;
    await workbench.tree("Hosts").contextMenu("expired", "Connect");
    const answer = async (question: string, text: string): Promise<void> => {
      await quickInput.waitFor(question);
      await quickInput.fill(text);
      await quickInput.accept();
    };
    await answer("Password for ", "old secret");
    await answer("The server says “Use 12 characters or more”. Enter the old password.", "old secret");
    await answer("Enter the new password for", "new secret 1");
    await answer("again.", "mistyped");
    await answer("The two new passwords differ. Enter the new password.", "new secret 2");
    await answer("again.", "new secret 2");
    await waitUntil(
      async () => sent.length === 2,
      () => `not changed: ${sent.length} requests`,
    );
    assert.deepEqual(sent, [["old secret"], ["old secret", "new secret 2"]]);
    await workbench.tree("Live").waitForRow("expired");
    const told = await notifications.waitFor("https://example.org/enrol");
    assert.match(told, /expired says: To enrol, visit/);
    await notifications.clear();
  });

  it("appear in the waiting terminal, including the reason why the login ended", async () => {
    const { terminals, notifications } = workbench;
    await workbench.tree("Hosts").click("locked");
    const told = (await terminals.waitForText(/R to reopen/)).replaceAll("\n", " ");
    assert.match(told, /locked says:\s+Approve at https:\/\/example\.org\/push/);
    assert.match(told, /ended the connection:\s+Account locked until 9:00/);
    assert.deepEqual(await notifications.texts(), []);
  });
});
