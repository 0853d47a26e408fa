import { expect, test } from "vitest";
import { sshConfigBlock, sshdConfigText } from "../../lab/sshdConfig.ts";

test("an override replaces the lab's own line in any case, and a list gives several lines", () => {
  const text = sshdConfigText(
    { UsePAM: "no", MaxSessions: 500, PerSourcePenalties: undefined },
    { usepam: "yes", AcceptEnv: ["LANG", "LC_*"] },
    "Match all",
  );
  expect(text).toBe("MaxSessions 500\nusepam yes\nAcceptEnv LANG\nAcceptEnv LC_*\nMatch all\n");
});

test("a test's own ssh_config lines come before the lab's, because the first value applies", () => {
  const entry = { host: "127.0.0.1", port: 2222, user: "me", keyFile: "/k", knownHostsFile: "/h" };
  const lines = sshConfigBlock("lab", entry, ["User other"]).split("\n");
  expect(lines[0]).toBe("Host lab");
  expect(lines.indexOf("  User other")).toBeLessThan(lines.indexOf("  User me"));
});
