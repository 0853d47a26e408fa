import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { useWorkbenchLab } from "./workbenchLab.ts";

describe("a host with options in ssh_config that are not honoured", () => {
  const lab = useWorkbenchLab({
    sshConfig: ({ host }) => host.sshConfigText("noticed", ["BindInterface lo", "IPQoS throughput"]),
  });

  it("shows a notice once, in the first terminal, and no message", async () => {
    const { terminals, notifications } = lab.workbench;
    await lab.workbench.tree("Hosts").click("noticed");
    const told = await terminals.waitForText(
      /Run Explain Host for the reasons and alternatives\.[\s\S]*lab>/,
    );
    assert.match(
      told.replaceAll("\n", ""),
      /Not honoured from your ssh_config: BindInterface, IPQoS\. Run Explain Host/,
    );
    await lab.host.waitForSessions(1);
    await lab.workbench.tree("Hosts").click("noticed");
    await lab.host.waitForSessions(2);
    // The second terminal has the prompt alone. Until it is in front, the text of the first one is read.
    await terminals.waitForText(/^lab>$/);
    assert.deepEqual(await notifications.texts(), []);
  });
});
